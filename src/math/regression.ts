// Linear least squares in its few forms, on plain rows. Solved by QR or SVD of `ml-matrix`. Knows no features and no energy.
import { Matrix, QrDecomposition, solve } from "ml-matrix";

export interface LinearFit {
  readonly intercept: number;
  readonly coefficients: readonly number[];
}

export interface LeastSquaresOptions {
  /** Fit an intercept. Default true. */
  readonly intercept?: boolean;
  /** Weight of each row, ≥ 0. Default all 1. */
  readonly weights?: readonly number[];
  /** Ridge penalty on the coefficients (not the intercept), ≥ 0. Default 0. */
  readonly ridge?: number;
}

/** The value a fit gives for one row. */
export function evaluateLinear(fit: LinearFit, row: readonly number[]): number {
  return fit.coefficients.reduce((total, coefficient, i) => total + coefficient * row[i]!, fit.intercept);
}

/**
 * Minimises Σ wᵢ(yᵢ − b − Σ aⱼ xᵢⱼ)² + ridge·Σ aⱼ². Columns are scaled to unit length before solving, so that
 * features of many decades keep their digits; the ridge penalty acts on the scaled columns.
 * @throws RangeError with fewer rows than unknowns, or when columns are not independent and ridge is 0
 */
export function leastSquares(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  options: LeastSquaresOptions = {},
): LinearFit {
  const { intercept = true, weights, ridge = 0 } = options;
  const features = rows[0]?.length ?? 0;
  const unknowns = features + (intercept ? 1 : 0);
  if (rows.length < unknowns && ridge === 0) {
    throw new RangeError(`${rows.length} rows cannot determine ${unknowns} coefficients`);
  }
  const root = rows.map((_, i) => Math.sqrt(weights?.[i] ?? 1));
  const columns = Array.from({ length: features }, (_, j) => rows.map((row, i) => row[j]! * root[i]!));
  if (intercept) columns.push(root);
  const lengths = columns.map((column) => Math.hypot(...column) || 1);
  const design = new Matrix(rows.map((_, i) => columns.map((column, j) => column[i]! / lengths[j]!)));
  const right = Matrix.columnVector(target.map((value, i) => value * root[i]!));
  const solution = ridge > 0 ? solveRidge(design, right, ridge, features) : solveFull(design, right);
  const scaled = columns.map((_, j) => solution.get(j, 0) / lengths[j]!);
  return { coefficients: scaled.slice(0, features), intercept: intercept ? scaled[features]! : 0 };
}

function solveFull(design: Matrix, right: Matrix): Matrix {
  const qr = new QrDecomposition(design);
  const diagonal = Array.from({ length: design.columns }, (_, i) => Math.abs(qr.upperTriangularMatrix.get(i, i)));
  if (Math.min(...diagonal) < 1e-12 * Math.max(...diagonal)) {
    throw new RangeError("some features are combinations of others");
  }
  return qr.solve(right);
}

function solveRidge(design: Matrix, right: Matrix, ridge: number, penalised: number): Matrix {
  const normal = design.transpose().mmul(design);
  for (let j = 0; j < penalised; j++) normal.set(j, j, normal.get(j, j) + ridge);
  return solve(normal, design.transpose().mmul(right));
}
