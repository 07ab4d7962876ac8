// Intervals without a law of errors: what ratios truth/prediction occurred on rows that the model had not seen (split conformal
// prediction on the logarithm [Vovk2005]), in bands. Bands are made by size, or by how much of a layer its largest term explains:
// a layer that is nearly all arithmetic is predicted far better than one made of many small costs. The narrower of the two is kept.
import { mean } from "../../math/statistics.ts";
import type { Prediction } from "../predictor.ts";

/** 90 %: 5 % on either side. */
const TAIL = 0.05;
const LEAST_PER_BAND = 40;
const MOST_BANDS = 6;
/** Outside of what was fitted a band counts as this many times as wide, in ln. */
const OUTSIDE_FACTOR = 2;

/** A prediction and what it is made of. */
export interface Estimate {
  readonly energyJ: number;
  /** Share of the largest term in the prediction, in [0, 1]; 1 for a product of powers. */
  readonly share: number;
}

/** A pair of truth and a prediction made without it, J. */
export interface HeldOut extends Estimate {
  readonly truthJ: number;
}

interface Ratios {
  /** Truth / prediction. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

export interface RatioBand extends Ratios {
  /** Holds up to this, J or share; the last one for all above. */
  readonly upTo: number;
}

export interface Intervals {
  readonly by: keyof Estimate;
  readonly bands: readonly RatioBand[];
  /** How much wider, as factors, held-out ranges were than gaps: at most 1 and at least 1. */
  readonly beyond: Ratios;
}

/** Order statistics with the correction for finite samples: at least 90 % of new ratios lie inside. */
function tails(pairs: readonly HeldOut[]): Ratios {
  const sorted = pairs.map(({ truthJ, energyJ }) => truthJ / energyJ).sort((a, b) => a - b);
  const skip = Math.max(0, Math.floor((sorted.length + 1) * TAIL) - 1);
  return { lowRatio: sorted[skip] ?? 0, highRatio: sorted[sorted.length - 1 - skip] ?? Number.MAX_VALUE };
}

function bandsBy(key: keyof Estimate, pairs: readonly HeldOut[]): RatioBand[] {
  const ordered = [...pairs].sort((a, b) => a[key] - b[key]);
  const count = Math.max(1, Math.min(MOST_BANDS, Math.floor(ordered.length / LEAST_PER_BAND)));
  const cut = (i: number) => Math.round((i * ordered.length) / count);
  return Array.from({ length: count }, (_, i): RatioBand => {
    const part = ordered.slice(cut(i), cut(i + 1));
    return { upTo: i === count - 1 ? Number.MAX_VALUE : part.at(-1)![key], ...tails(part) };
  });
}

const width = (bands: readonly RatioBand[]): number =>
  mean(bands.map(({ lowRatio, highRatio }) => Math.log(highRatio / lowRatio)));

/** @param folds pairs from cross-validation. @param ranges pairs from held-out ranges; predictions above 0 in both */
export function intervalsOf(folds: readonly HeldOut[], ranges: readonly HeldOut[]): Intervals {
  const bySize = bandsBy("energyJ", folds);
  const byShare = bandsBy("share", folds);
  const by = width(byShare) < width(bySize) ? "share" : "energyJ";
  const inside = tails(folds);
  const beyond = ranges.length === 0 ? inside : tails(ranges);
  return {
    by,
    bands: by === "share" ? byShare : bySize,
    beyond: {
      lowRatio: Math.min(1, beyond.lowRatio / inside.lowRatio),
      highRatio: Math.max(1, beyond.highRatio / inside.highRatio),
    },
  };
}

export function withInterval(estimate: Estimate, inRange: boolean, { by, bands, beyond }: Intervals): Prediction {
  const { energyJ } = estimate;
  const band = bands.find(({ upTo }) => estimate[by] <= upTo)!;
  // A systematic error can put all ratios on one side; the interval still holds the prediction itself.
  const low = Math.min(1, band.lowRatio);
  const high = Math.max(1, band.highRatio);
  return {
    energyJ,
    lowJ: energyJ * (inRange ? low : low ** OUTSIDE_FACTOR * beyond.lowRatio),
    highJ: energyJ * (inRange ? high : high ** OUTSIDE_FACTOR * beyond.highRatio),
    inRange,
  };
}
