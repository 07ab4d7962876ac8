// Advice on a power cap; nothing is set. At clock f (1 = full) arithmetic takes 1/f as long and dynamic power falls with f³, since voltage
// falls with the clock; static power s runs as long as the pass [LeSueur2010]. With share b of the time bound by memory, which has a
// clock of its own, a pass takes t(f) = b + (1 − b)/f and needs E(f)/E(1) = (s + (1 − s)·f³)·t(f).

export interface PowerCapQuestion {
  /** Power of the device while the network runs at full clock, W. */
  readonly activeW: number;
  /** Power that does not depend on the clock: idle power, most of the time, W. */
  readonly staticW: number;
  /** Share of the time that memory binds, in [0, 1]; roofline tells. Default 0. */
  readonly memoryBoundRatio?: number;
  /** Longest time accepted, as a multiple of that at full clock; from 1. Default: any. */
  readonly maxSlowdown?: number;
}

export interface PowerCapAdvice {
  readonly capW: number;
  /** Clock at the cap, as a share of the full one. */
  readonly clockRatio: number;
  /** Time per inference as a multiple. */
  readonly slowdown: number;
  /** Energy saved, in [0, 1). */
  readonly savedRatio: number;
  readonly verdict: "perhaps" | "will not help";
  readonly why: string;
}

/** Clocks below are seldom offered. */
const LEAST_CLOCK = 0.3;
const STEPS = 700;
const WORTH_RATIO = 0.05;

/** Modelled, never measured: so the verdict is at most "perhaps". @throws RangeError for powers that cannot be */
export function powerCapLever(question: PowerCapQuestion): PowerCapAdvice {
  const { activeW, staticW, memoryBoundRatio: bound = 0, maxSlowdown = Number.POSITIVE_INFINITY } = question;
  if (!(activeW > 0 && staticW >= 0 && staticW <= activeW && bound >= 0 && bound <= 1))
    throw new RangeError(`power cap: active ${activeW} W, static ${staticW} W, memory-bound ${bound}`);
  const share = staticW / activeW;
  const timeAt = (clock: number): number => bound + (1 - bound) / clock;
  const powerAt = (clock: number): number => share + (1 - share) * clock ** 3;
  let best = 1;
  for (let step = 0; step <= STEPS; step++) {
    const clock = LEAST_CLOCK + ((1 - LEAST_CLOCK) * step) / STEPS;
    if (timeAt(clock) > maxSlowdown) continue;
    if (powerAt(clock) * timeAt(clock) < powerAt(best) * timeAt(best)) best = clock;
  }
  const savedRatio = 1 - powerAt(best) * timeAt(best);
  const advice = { capW: activeW * powerAt(best), clockRatio: best, slowdown: timeAt(best), savedRatio };
  if (savedRatio < WORTH_RATIO)
    return {
      ...advice,
      verdict: "will not help",
      why: `static power is ${(100 * share).toFixed(0)} % of the whole: running slower saves less than it costs in time`,
    };
  return {
    ...advice,
    verdict: "perhaps",
    why: `a cap at ${advice.capW.toFixed(0)} W: ${(100 * savedRatio).toFixed(0)} % less energy for ${advice.slowdown.toFixed(2)} times the time, by model; a sweep with a meter must confirm it`,
  };
}
