// The pseudo-random bits of 5G: a Gold sequence of two shift registers of 31 bits [TS38.211, 5.2.1].

const REGISTER = 31;
/** Bits that are thrown away at the start. */
const WARM_UP = 1600;

/** c(0) … c(length − 1). @param start c_init, in [0, 2^31) */
export function goldBits(start: number, length: number): Uint8Array {
  const total = WARM_UP + length;
  const first = new Uint8Array(total + REGISTER);
  const second = new Uint8Array(total + REGISTER);
  first[0] = 1;
  for (let i = 0; i < REGISTER; i++) second[i] = Math.floor(start / 2 ** i) % 2;
  for (let n = 0; n < total; n++) {
    first[n + REGISTER] = first[n + 3]! ^ first[n]!;
    second[n + REGISTER] = second[n + 3]! ^ second[n + 2]! ^ second[n + 1]! ^ second[n]!;
  }
  return Uint8Array.from({ length }, (_, n) => first[n + WARM_UP]! ^ second[n + WARM_UP]!);
}
