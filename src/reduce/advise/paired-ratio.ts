// After over before from turns that were run next to each other: what slows the machine slows both, so the ratios of neighbours say more
// than two means. Their median, with the interval between two of them that holds the true median 95 times in 100 whatever the
// distribution (the sign test turned round [Conover1999]): on a busy machine a few turns are far off, and always to the slow side.
import { median } from "../../math/statistics.ts";
import type { Range } from "../../units/range.ts";

const CONFIDENCE = 0.95;

/**
 * Ranks, from each end, of the two ordered values that enclose the median with at least the confidence; 1 is the outermost. With fewer
 * than six values not even the outermost do, and are taken all the same.
 */
export function medianRank(count: number): number {
  let [rank, below, term] = [0, 0, 0.5 ** count];
  while (below + term <= (1 - CONFIDENCE) / 2) {
    below += term;
    term *= (count - rank) / (rank + 1);
    rank++;
  }
  return Math.max(1, rank);
}

/** Median and its 95 % interval. @throws RangeError without values */
export function medianRange(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = medianRank(sorted.length);
  return { value: median(sorted), low: sorted[rank - 1]!, high: sorted[sorted.length - rank]! };
}

/** Undefined with fewer than two pairs, or where a number is not above 0. @throws RangeError for series of unlike length */
export function pairedRatio(before: readonly number[], after: readonly number[]): Range | undefined {
  if (before.length !== after.length)
    throw new RangeError(`series of ${before.length} and ${after.length} values cannot be paired`);
  if (before.length < 2 || [...before, ...after].some((value) => !(value > 0))) return undefined;
  return medianRange(after.map((value, i) => value / before[i]!));
}
