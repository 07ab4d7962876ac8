// How good predictions are, in absolute and in relative terms. Totals in which errors cancel stand beside totals in which they cannot.
import { meanAbsoluteRelativeError, meanSquaredError, rSquared, sum } from "../math/statistics.ts";

export interface Scored {
  readonly truthJ: number;
  readonly energyJ: number;
  readonly lowJ?: number;
  readonly highJ?: number;
}

export interface Score {
  readonly count: number;
  /** Coefficient of determination; NaN when the truth is constant. */
  readonly r2: number;
  /** Mean |error| / truth, a ratio. */
  readonly mape: number;
  /** J². */
  readonly mse: number;
  /** Σ predicted / Σ truth − 1. */
  readonly bias: number;
  /** Σ |error| / Σ truth: errors do not cancel. */
  readonly absolute: number;
  /** Share of truths inside [lowJ, highJ]; NaN without intervals. */
  readonly coverage: number;
}

/** @param rows pairs of truth and prediction, J; every figure is NaN of none */
export function scoreOf(rows: readonly Scored[]): Score {
  const truth = rows.map(({ truthJ }) => truthJ);
  const predicted = rows.map(({ energyJ }) => energyJ);
  const total = sum(truth);
  const bounded = rows.filter(({ lowJ, highJ }) => lowJ !== undefined && highJ !== undefined);
  const inside = bounded.filter(({ truthJ, lowJ, highJ }) => truthJ >= lowJ! && truthJ <= highJ!);
  return {
    count: rows.length,
    r2: rSquared(truth, predicted),
    mape: meanAbsoluteRelativeError(truth, predicted),
    mse: meanSquaredError(truth, predicted),
    bias: sum(predicted) / total - 1,
    absolute: sum(rows.map(({ truthJ, energyJ }) => Math.abs(energyJ - truthJ))) / total,
    coverage: inside.length / bounded.length,
  };
}
