// After over before from turns that were run next to each other: what slows the machine slows both, so the ratios of neighbours say more
// than the two means. Their mean with the 95 % interval of Student's t.
import { studentQuantile } from "../../math/distribution.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import type { Range } from "../../units/range.ts";

const UPPER = 0.975;

/** Undefined with fewer than two pairs, or where a number is not above 0. @throws RangeError for series of unlike length */
export function pairedRatio(before: readonly number[], after: readonly number[]): Range | undefined {
  if (before.length !== after.length)
    throw new RangeError(`series of ${before.length} and ${after.length} values cannot be paired`);
  if (before.length < 2 || [...before, ...after].some((value) => !(value > 0))) return undefined;
  // Ratios are averaged as logarithms: a half and a double are equally far from 1.
  const logs = after.map((value, i) => Math.log(value / before[i]!));
  const centre = mean(logs);
  const half = (studentQuantile(UPPER, logs.length - 1) * standardDeviation(logs)) / Math.sqrt(logs.length);
  return { value: Math.exp(centre), low: Math.exp(centre - half), high: Math.exp(centre + half) };
}
