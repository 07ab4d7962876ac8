// How surely two series go together: Pearson's r and Spearman's ρ with confidence intervals by Fisher's transformation [Fisher1915],
// ρ's with the wider variance of [Bonett2000]. Not a test of cause, and nothing here knows what the series are.
import { normalQuantile } from "./distribution.ts";
import { pearson, spearman } from "./statistics.ts";

/** A correlation and the interval that holds the true one with the confidence asked for. */
export interface Correlation {
  /** In [−1, 1]. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Pairs. */
  readonly n: number;
}

/** Fewest pairs for an interval: the transformation's variance is 1/(n − 3). */
const FEWEST = 4;

function interval(value: number, n: number, factor: number, confidence: number): Correlation | undefined {
  if (n < FEWEST || !Number.isFinite(value)) return undefined;
  const reach = normalQuantile((1 + confidence) / 2) * Math.sqrt(factor / (n - 3));
  const at = Math.atanh(Math.min(1, Math.max(-1, value)));
  return { value, low: Math.tanh(at - reach), high: Math.tanh(at + reach), n };
}

/**
 * Pearson's r. Its interval supposes that both series are about normal.
 * @param confidence in (0, 1), default 0.95
 * @returns undefined with fewer than 4 pairs, or when either series is constant
 */
export function pearsonCorrelation(
  x: readonly number[],
  y: readonly number[],
  confidence = 0.95,
): Correlation | undefined {
  return interval(pearson(x, y), x.length, 1, confidence);
}

/** Spearman's ρ, the correlation of ranks. @param confidence in (0, 1), default 0.95 @returns undefined as pearsonCorrelation */
export function spearmanCorrelation(
  x: readonly number[],
  y: readonly number[],
  confidence = 0.95,
): Correlation | undefined {
  const value = spearman(x, y);
  return interval(value, x.length, 1 + value ** 2 / 2, confidence);
}
