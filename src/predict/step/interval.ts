// How far a STEP projection may be off: the 90 % interval. What remains is charged at the window's mean, so only that part is in doubt.
// An epoch differs from the next (the window shows by how much), and epochs resemble their neighbours where the power drifts: then a
// window holds fewer independent draws than epochs, and its mean says less of the rest. How much they do, the epochs before the window
// help to tell. Shape by reasoning; the numbers were chosen on recorded runs [delRey2023] and on simulated ones together.
import { studentQuantile } from "../../math/distribution.ts";
import { mean, standardDeviation, sum } from "../../math/statistics.ts";

/** Nominal coverage of the interval. */
export const NOMINAL_COVERAGE = 0.9;
/** Drift of the rest that no epoch so far shows, a ratio, in units of Student's quantile. */
const DRIFT_RATIO = 0.0005;
/** Added to the estimated autocorrelation: a series that drifts is too short to show all of it (its own mean is taken off). */
const SHORT_SERIES_BIAS = 0.1;
/** Most autocorrelation that so few epochs can be said to show. */
const MOST_AUTOCORRELATION = 0.9;
/** Power of (1 + ρ)/(1 − ρ): 1 for the mean of resembling draws, and a half more as their spread in a short window is too small as well. */
const RESEMBLANCE_POWER = 1.5;
/** Drift before the stabilising point, a ratio: where layers are frozen at first, epochs took 10 to 45 % less than later [delRey2023]. */
const EARLY_DRIFT_RATIO = 0.35;
/** A second stage takes more, not less: how much farther the truth may lie above than below, before the stabilising point. */
const EARLY_SKEW = 3;
/** Spread of epochs that is assumed where the window has only one, a ratio. */
const LONE_SPREAD_RATIO = 0.02;

/** What the interval depends on. */
export interface Doubted {
  /** Joules (or seconds) of the epochs in the window, at least one. */
  readonly window: readonly number[];
  /** The same of typical epochs before the window, on a level of their own: they help to see drift. Default: none. */
  readonly earlier?: readonly number[];
  /** Epochs that are charged at the window's mean. */
  readonly remaining: number;
  /** Whether the window lies behind the stabilising point. */
  readonly isStable: boolean;
}

/** How far the truth may lie below and above, 90 % together. */
export interface Margins {
  readonly below: number;
  readonly above: number;
}

/** Squared steps between neighbours, and squared distances from the mean, relative to it. */
function roughness(values: readonly number[]): { readonly steps: number; readonly distances: number } {
  if (values.length < 2) return { steps: 0, distances: 0 };
  const centre = mean(values);
  if (centre === 0) return { steps: 0, distances: 0 };
  return {
    steps: sum(values.slice(1).map((value, i) => ((value - values[i]!) / centre) ** 2)),
    distances: sum(values.map((value) => (value / centre - 1) ** 2)),
  };
}

/**
 * Lag-1 autocorrelation of stretches of epochs, by the ratio of squared steps to squared distances [vonNeumann1941], in [0, 0.9]:
 * about 0.1 for independent epochs, much for those that drift.
 */
export function autocorrelationOf(stretches: readonly (readonly number[])[]): number {
  const all = stretches.map(roughness);
  const distances = sum(all.map((one) => one.distances));
  if (distances === 0) return 0;
  const shown = 1 - sum(all.map((one) => one.steps)) / (2 * distances);
  return Math.min(MOST_AUTOCORRELATION, Math.max(0, shown + SHORT_SERIES_BIAS));
}

/**
 * Margins of a projection, in the unit of the window's values:
 * h = R·m · t(0.95, w−1) · √( cv²·(1/w + 1/R)·g + f² ), g = ((1 + ρ)/(1 − ρ))^1.5, R remaining epochs, m and cv mean and coefficient of
 * variation of w epochs, ρ their autocorrelation. Before the stabilising point t·f is a fixed 35 % below, and 3 times as much above.
 */
export function marginsOf({ window, earlier = [], remaining, isStable }: Doubted): Margins {
  if (remaining <= 0) return { below: 0, above: 0 };
  const centre = Math.abs(mean(window));
  const count = window.length;
  const spread = count > 1 && centre > 0 ? standardDeviation(window) / centre : LONE_SPREAD_RATIO;
  const quantile = studentQuantile((1 + NOMINAL_COVERAGE) / 2, Math.max(1, count - 1));
  const drift = isStable ? quantile * DRIFT_RATIO : EARLY_DRIFT_RATIO;
  const resemblance = autocorrelationOf([earlier, window]);
  const fewer = ((1 + resemblance) / (1 - resemblance)) ** RESEMBLANCE_POWER;
  const noise = quantile * spread * Math.sqrt((1 / count + 1 / remaining) * fewer);
  const below = remaining * centre * Math.hypot(noise, drift);
  return { below, above: isStable ? below : below * EARLY_SKEW };
}

/** A finished run: what it took, and what had been projected. */
export interface Outcome {
  readonly trueJ: number;
  readonly totalJ: number;
  readonly lowJ: number;
  readonly highJ: number;
}

/** Error over the margin on its side: 1 at the interval's end. undefined where nothing was left to forecast. */
function strayOf({ trueJ, totalJ, lowJ, highJ }: Outcome): number | undefined {
  const margin = trueJ >= totalJ ? highJ - totalJ : totalJ - lowJ;
  return margin > 0 ? Math.abs(trueJ - totalJ) / margin : undefined;
}

/** Fewest finished runs whose errors may widen or narrow another's interval. */
export const LEAST_CALIBRATION_RUNS = 20;

/**
 * Factor by which margins must be multiplied so that nine of ten of the given finished runs lie inside (split conformal prediction
 * [Vovk2005]). undefined with fewer than 20 runs: too few to say. Runs with nothing left to forecast do not count.
 */
export function calibrationFactor(finished: readonly Outcome[]): number | undefined {
  const ratios = finished
    .map(strayOf)
    .filter((ratio) => ratio !== undefined)
    .sort((a, b) => a - b);
  if (ratios.length < LEAST_CALIBRATION_RUNS - 1) return undefined;
  const rank = Math.min(ratios.length, Math.ceil(NOMINAL_COVERAGE * (ratios.length + 1)));
  return ratios[rank - 1];
}
