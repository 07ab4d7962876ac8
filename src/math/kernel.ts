// Kernel ridge regression with the Gaussian kernel, on plain rows. Solved by Cholesky of `ml-matrix`. Knows no features and no energy.
// Far from all rows the kernel is 0, so a fit goes to its centre there: the mean when the target is centred, and 0 when it is not.
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { mean } from "./statistics.ts";

export interface KernelRidgeOptions {
  /** γ in exp(−γ·‖a − b‖²), > 0. */
  readonly gamma: number;
  /** Penalty λ added to the kernel's diagonal, > 0. */
  readonly ridge: number;
  /** Subtract the target's mean before solving and add it again. Default true. */
  readonly centred?: boolean;
  /**
   * Column indices by part: the kernel is the mean of one Gaussian kernel per part, so that a row which is far in one part keeps what
   * the others tell. Default: all columns are one part.
   */
  readonly parts?: readonly (readonly number[])[];
}

function gaussian(a: readonly number[], b: readonly number[], gamma: number, columns: readonly number[]): number {
  let squared = 0;
  for (const j of columns) squared += (a[j]! - b[j]!) ** 2;
  return Math.exp(-gamma * squared);
}

/**
 * Fits α of f(x) = c + Σ αᵢ·k(x, xᵢ), k(a, b) = exp(−γ·‖a − b‖²), with (K + λI)·α = y − c.
 * @returns the fitted function
 * @throws RangeError without rows, or when γ or λ is not above 0
 */
export function kernelRidge(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  { gamma, ridge, centred = true, parts }: KernelRidgeOptions,
): (row: readonly number[]) => number {
  if (rows.length === 0 || rows.length !== target.length)
    throw new RangeError(`${rows.length} rows and ${target.length} targets cannot be fitted`);
  if (!(gamma > 0 && ridge > 0)) throw new RangeError(`gamma ${gamma} and ridge ${ridge} must be above 0`);
  const split = parts ?? [rows[0]!.map((_, j) => j)];
  const kernel = (a: readonly number[], b: readonly number[]): number =>
    split.reduce((total, columns) => total + gaussian(a, b, gamma, columns), 0) / split.length;
  const centre = centred ? mean(target) : 0;
  const matrix = new Matrix(rows.map((a, i) => rows.map((b, j) => kernel(a, b) + (i === j ? ridge : 0))));
  const weights = new CholeskyDecomposition(matrix)
    .solve(Matrix.columnVector(target.map((value) => value - centre)))
    .to1DArray();
  return (row) => rows.reduce((total, known, i) => total + weights[i]! * kernel(row, known), centre);
}
