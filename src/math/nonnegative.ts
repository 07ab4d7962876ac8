// Least squares with coefficients that cannot be negative (Lawson and Hanson's active set [Lawson1974]), and a fit of the
// logarithm of a sum that is still a sum: positive terms, relative errors, outliers bounded [Huber1964]. Knows no features.
import { Matrix, solve } from "ml-matrix";

/** Columns scaled to unit length, as normal equations. */
interface Normal {
  readonly lengths: readonly number[];
  readonly matrix: Matrix;
  readonly right: readonly number[];
}

function normalEquations(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  weights: readonly number[],
): Normal {
  const width = rows[0]?.length ?? 0;
  const sums = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  const right = new Array<number>(width).fill(0);
  rows.forEach((row, k) => {
    for (let i = 0; i < width; i++) {
      const weighted = weights[k]! * row[i]!;
      right[i]! += weighted * target[k]!;
      for (let j = 0; j <= i; j++) sums[i]![j]! += weighted * row[j]!;
    }
  });
  const lengths = sums.map((line, i) => Math.sqrt(line[i]!) || 1);
  const matrix = new Matrix(
    sums.map((line, i) => line.map((_, j) => (j <= i ? line[j]! : sums[j]![i]!) / (lengths[i]! * lengths[j]!))),
  );
  return { lengths, matrix, right: right.map((value, i) => value / lengths[i]!) };
}

/** Unconstrained solution over the columns of `free`; a trace of ridge keeps columns that are combinations of others apart. */
function solveFree({ matrix, right }: Normal, free: readonly number[]): number[] {
  const part = matrix.selection([...free], [...free]);
  for (let i = 0; i < free.length; i++) part.set(i, i, part.get(i, i) + 1e-11);
  return solve(part, Matrix.columnVector(free.map((i) => right[i]!))).to1DArray();
}

/**
 * Minimises Σ wᵢ(yᵢ − Σ aⱼ xᵢⱼ)² with all aⱼ ≥ 0. An intercept is a column of ones.
 * @param weights of each row, ≥ 0. Default all 1
 * @throws RangeError without rows
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  weights: readonly number[] = rows.map(() => 1),
): number[] {
  if (rows.length === 0) throw new RangeError("no rows to fit");
  const normal = normalEquations(rows, target, weights);
  const width = normal.lengths.length;
  const solution = new Array<number>(width).fill(0);
  const free: number[] = [];
  const scale = Math.max(...normal.right.map(Math.abs), Number.MIN_VALUE);
  for (let round = 0; round < 3 * width + 10; round++) {
    const gradient = normal.right.map(
      (value, i) => value - solution.reduce((total, x, j) => total + normal.matrix.get(i, j) * x, 0),
    );
    const waiting = gradient.map((_, i) => i).filter((i) => !free.includes(i) && gradient[i]! > 1e-9 * scale);
    if (waiting.length === 0) break;
    free.push(waiting.reduce((best, i) => (gradient[i]! > gradient[best]! ? i : best)));
    settle(normal, free, solution);
  }
  return solution.map((value, i) => value / normal.lengths[i]!);
}

/** Moves `solution` to the best one over `free`, dropping columns whose coefficient would turn negative on the way. */
function settle(normal: Normal, free: number[], solution: number[]): void {
  while (free.length > 0) {
    const wanted = solveFree(normal, free);
    const step = free.reduce((least, column, i) => {
      const [from, to] = [solution[column]!, wanted[i]!];
      return to > 0 ? least : Math.min(least, from / (from - to || Number.MIN_VALUE));
    }, 1);
    free.forEach((column, i) => {
      solution[column] = solution[column]! + step * (wanted[i]! - solution[column]!);
    });
    if (step >= 1) return;
    for (const column of free.filter((column) => solution[column]! <= 1e-14)) {
      solution[column] = 0;
      free.splice(free.indexOf(column), 1);
    }
  }
}

/**
 * Minimises Σ ρ(ln(Σ aⱼ xᵢⱼ) − ln yᵢ) with all aⱼ ≥ 0, where ρ is Huber's loss: twice too much and half count the same, and rows
 * further off than `bound` pull no harder than those at it. By iterated reweighting of `nonNegativeLeastSquares`.
 * @param target > 0
 * @param bound in ln units. Default 0.1
 * @throws RangeError when a target is not above 0
 */
export function nonNegativeLogFit(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  bound = 0.1,
): number[] {
  if (target.some((value) => !(value > 0))) throw new RangeError("a logarithm needs targets above 0");
  let fit = nonNegativeLeastSquares(
    rows,
    target,
    target.map((value) => value ** -2),
  );
  for (let round = 0; round < 25; round++) {
    const weights = rows.map((row, i) => {
      const truth = target[i]!;
      const value = Math.max(
        fit.reduce((total, a, j) => total + a * row[j]!, 0),
        1e-6 * truth,
      );
      const off = Math.log(value / truth);
      const curve = Math.abs(off) < 1e-6 ? 1 / (value * truth) : off / ((value - truth) * value);
      return curve * Math.min(1, bound / Math.max(Math.abs(off), 1e-12));
    });
    const next = nonNegativeLeastSquares(rows, target, weights);
    const moved = next.some((value, j) => Math.abs(value - fit[j]!) > 1e-6 * Math.abs(value));
    fit = next;
    if (!moved) break;
  }
  return fit;
}
