// How far a STEP projection may be off: the 90 % interval. What remains is charged at the window's mean, so only that part is in doubt.
// An epoch differs from the next (the window shows by how much), and the mean of the rest differs from the window's although both are
// long, as the machine warms up and the data's order changes (no window shows that: a floor). Epochs of a window resemble each other
// (autocorrelation), so the spread is not divided as if they were independent draws. Shape by reasoning, two numbers by recorded runs.
import { studentQuantile } from "../../math/distribution.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";

/** Nominal coverage of the interval. */
export const NOMINAL_COVERAGE = 0.9;
/** Weight of the spread between epochs. Chosen on [delRey2023]; `joulecast reproduce step` says how often it holds. */
const SPREAD_WEIGHT = 0.7;
/** Drift of the rest against a long window, a ratio, in units of Student's quantile. Chosen likewise. */
const DRIFT_RATIO = 0.003;
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

/**
 * Margins of a projection, in the unit of the window's values:
 * h = R·m · t(0.95, w−1) · √( a²·cv²·(1/w + 1/R) + f² ), R remaining epochs, m and cv mean and coefficient of variation of w epochs.
 * Before the stabilising point t·f is a fixed 35 % below, and 3 times as much above.
 */
export function marginsOf({ window, remaining, isStable }: Doubted): Margins {
  if (remaining <= 0) return { below: 0, above: 0 };
  const centre = Math.abs(mean(window));
  const count = window.length;
  const spread = count > 1 && centre > 0 ? standardDeviation(window) / centre : LONE_SPREAD_RATIO;
  const quantile = studentQuantile((1 + NOMINAL_COVERAGE) / 2, Math.max(1, count - 1));
  const drift = isStable ? quantile * DRIFT_RATIO : EARLY_DRIFT_RATIO;
  const noise = quantile * SPREAD_WEIGHT * spread * Math.sqrt(1 / count + 1 / remaining);
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
