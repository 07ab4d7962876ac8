// The range whose codes lose the least information: the clipped histogram P and its coarse form Q with as many levels as there are
// codes; of all thresholds the one with the least KL(P ‖ Q) = Σ P·log(P/Q) [Migacz2017].
import type { Range } from "../affine.ts";
import type { CalibrationRule, Seen } from "./rule.ts";

/** Codes for values of one sign: all of them where nothing is negative, else half. */
const LEVELS = { oneSign: 255, twoSigns: 127 } as const;
/** Stands for a probability of 0 in Q where P has some: the divergence would be infinite. */
const LITTLE = 1e-4;

/**
 * Counts of |x| in even bins from 0 to the greatest |x|. The first bin, full of the exact zeros that ReLU makes, is levelled: zero has a
 * code of its own whatever the range, and a peak there would call any range too wide.
 */
function magnitudes({ low, high, bins }: Seen, most: number): Float64Array {
  const counts = new Float64Array(bins!.length);
  const width = (high - low) / bins!.length;
  bins!.forEach((count, i) => {
    const size = Math.abs(low + (i + 0.5) * width);
    counts[Math.min(counts.length - 1, Math.floor((size / most) * counts.length))]! += count;
  });
  counts[0] = counts[1]!;
  return counts;
}

/** KL divergence when all bins from `kept` on are clipped into the one before. */
function divergence(counts: Float64Array, kept: number, levels: number, outside: number, total: number): number {
  let sum = 0;
  for (let level = 0; level < levels; level++) {
    const [from, to] = [Math.floor((level * kept) / levels), Math.floor(((level + 1) * kept) / levels)];
    let [mass, filled] = [0, 0];
    for (let i = from; i < to; i++) {
      mass += counts[i]!;
      filled += counts[i]! > 0 ? 1 : 0;
    }
    for (let i = from; i < to; i++) {
      const p = counts[i]! + (i === kept - 1 ? outside : 0);
      if (p === 0) continue;
      const q = counts[i]! > 0 ? mass / filled / (total - outside) : LITTLE / kept;
      sum += (p / total) * Math.log(p / total / q);
    }
  }
  return sum;
}

/** Values per bin, on average, below which a histogram is mostly chance. */
const LEAST_PER_BIN = 8;

/** Pairs of bins put together until they hold enough values; undefined when fewer than two bins per level would be left. */
function dense(counts: Float64Array, levels: number): Float64Array | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let bins = counts;
  while (total < LEAST_PER_BIN * bins.length) {
    if (bins.length / 2 < 2 * levels) return undefined;
    const wide = bins;
    bins = Float64Array.from({ length: wide.length / 2 }, (_, i) => wide[2 * i]! + wide[2 * i + 1]!);
  }
  return bins;
}

/** The share of the range that is kept; all of it where there are too few values to tell. */
function thresholdOf(fine: Float64Array, levels: number): number {
  const counts = dense(fine, levels);
  if (counts === undefined) return 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  let outside = 0;
  let best = { kept: counts.length, loss: Number.POSITIVE_INFINITY };
  for (let kept = counts.length; kept >= levels; kept--) {
    if (outside < total) {
      const loss = divergence(counts, kept, levels, outside, total);
      if (loss < best.loss) best = { kept, loss };
    }
    outside += counts[kept - 1]!;
  }
  return best.kept / counts.length;
}

export const entropy: CalibrationRule = {
  id: "entropy",
  source: "[Migacz2017]",
  needsBins: true,
  rangeOf: (seen): Range => {
    const { low, high } = seen;
    const most = Math.max(Math.abs(low), Math.abs(high));
    if (!(high > low)) return { low, high };
    const threshold =
      most * thresholdOf(magnitudes(seen, most), low >= 0 || high <= 0 ? LEVELS.oneSign : LEVELS.twoSigns);
    return { low: Math.max(low, -threshold), high: Math.min(high, threshold) };
  },
};
