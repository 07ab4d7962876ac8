// How far off an answer may be, from how far off it was for the groups that were left out. Conformal where there are groups enough
// [Vovk2005]; with fewer, Student's t of the groups' errors, for the largest of five says nothing about one in ten.
import { studentQuantile } from "../../math/distribution.ts";
import { mean, quantile } from "../../math/statistics.ts";

/** Share of new groups that the interval is to hold. */
export const CONFIDENCE = 0.9;
/** Groups from which the (n + 1)·0.9-th largest error exists. */
const CONFORMAL_GROUPS = 9;

/**
 * Half of the interval on the logarithmic scale.
 * @param residuals ln(true ÷ predicted) of each run, by left-out group
 * @returns undefined with fewer than two groups
 */
export function halfWidth(residuals: readonly (readonly number[])[]): number | undefined {
  const groups = residuals.filter((group) => group.length > 0);
  const count = groups.length;
  if (count < 2) return undefined;
  if (count < CONFORMAL_GROUPS) {
    const squares = groups.map((group) => mean(group.map((value) => value ** 2)));
    return studentQuantile((1 + CONFIDENCE) / 2, count) * Math.sqrt(mean(squares) * (1 + 1 / count));
  }
  // Of each group the error that nine in ten of its runs stay below; of these the conformal rank.
  const sizes = groups.map((group) => quantile(group.map(Math.abs), CONFIDENCE)).sort((a, b) => a - b);
  return sizes[Math.min(count, Math.ceil((count + 1) * CONFIDENCE)) - 1]!;
}
