// Joules as a function of time, from readings: the one shape that counters and gauges are brought into before windows are cut.
// One file per kind of reading makes it: counter-curve.ts, gauge-curve.ts.
import type { Doubt } from "./measurement.ts";

/** Energy since an arbitrary start over one stretch of readings. Windows are differences of it, so adjacent ones add up exactly. */
export interface EnergyCurve {
  readonly fromS: number;
  readonly toS: number;
  /** Curves with the same number share their origin: a counter that went on while it was not read. */
  readonly origin: number | undefined;
  /** J at a time inside [fromS, toS]. */
  energyJ(timeS: number): number;
  /** Why energyJ(toS) − energyJ(fromS) may be wrong. */
  doubts(fromS: number, toS: number): readonly Doubt[];
  /** Highest power seen between two times, W; undefined where no reading lies there. */
  peakW(fromS: number, toS: number): number | undefined;
}

/** Index of the interval [at[i], at[i + 1]] that holds x, the first or last one outside. `at` rises and has at least two items. */
export function intervalAt(at: readonly number[], x: number): number {
  let low = 0;
  let high = at.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Square root of the sum of squares. */
export function rootSumSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0));
}
