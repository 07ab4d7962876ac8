// All but a small share of the values has a code; the outliers are clipped [Wu2020].
import type { CalibrationRule } from "./rule.ts";

/** Share of the values that is clipped, both ends together. */
const CLIPPED = 1e-4;

/** First bin at which more than `share` of all values has gone by. */
function binAt(bins: Iterable<number>, total: number, share: number): number {
  let [sum, index] = [0, 0];
  for (const count of bins) {
    sum += count;
    if (sum > share * total) break;
    index++;
  }
  return index;
}

export const percentile: CalibrationRule = {
  id: "percentile",
  source: "[Wu2020]",
  needsBins: true,
  rangeOf: ({ low, high, bins }) => {
    const counts = bins!;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const width = (high - low) / counts.length;
    const first = binAt(counts, total, CLIPPED / 2);
    const last = binAt(counts.toReversed(), total, CLIPPED / 2);
    return { low: low + first * width, high: high - last * width };
  },
};
