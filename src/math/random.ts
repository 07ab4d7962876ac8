// Seeded random numbers: the dice that pure code is handed. The generator is xoroshiro128+ of `pure-rand`;
// here are the distributions. Same seed, same numbers, on every machine.
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers. It has state: two users of one stream disturb each other, so fork it. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number;
  /** Uniform whole number in [0, count). */
  below(count: number): number;
  /** A new stream that depends on this one's seed and `label` only, not on how much was drawn. */
  fork(label: number): Random;
}

const TWO_32 = 2 ** 32;

/** Mixes two 32-bit numbers into one (the finaliser of MurmurHash3), so that neighbouring seeds give unlike streams. */
function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b + 1, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** @param seed any whole number; only its low 32 bits count */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(mix(seed | 0, 0));
  let spare: number | undefined;
  const uniform = (): number => (generator.next() >>> 0) / TWO_32;
  return {
    uniform,
    normal: () => {
      if (spare !== undefined) {
        const kept = spare;
        spare = undefined;
        return kept;
      }
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const s = u * u + v * v;
        if (s > 0 && s < 1) {
          const scale = Math.sqrt((-2 * Math.log(s)) / s);
          spare = v * scale;
          return u * scale;
        }
      }
    },
    below: (count) => Math.floor(uniform() * count),
    fork: (label) => seededRandom(mix(seed | 0, (label | 0) + 1)),
  };
}

/** A new array with the items in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
