// Every regression that is tried, in the order in which they are listed. Those with "relative" count an error of 10 % the same for a
// small layer and a large one; those that cannot go below zero extrapolate as physics does.
import { nonNegativeLeastSquares, nonNegativeLogFit } from "../../../math/nonnegative.ts";
import { leastSquares } from "../../../math/regression.ts";
import { logTerm, products, quadratic } from "../terms.ts";
import type { Regression } from "./regression.ts";

const inverseSquares = (target: readonly number[]): number[] => target.map((value) => value ** -2);
const withOnes = (rows: readonly (readonly number[])[]): number[][] => rows.map((row) => [...row, 1]);
/** A solution whose last coefficient is that of the ones. */
const splitOnes = (solution: readonly number[]) => ({
  coefficients: solution.slice(0, -1),
  intercept: solution.at(-1)!,
});

export const REGRESSIONS: readonly Regression[] = [
  {
    id: "least-squares",
    summary: "least squares with intercept",
    suits: ["parameters", "logs", "counts", "given"],
    fit: (rows, target) => leastSquares(rows, target),
  },
  {
    id: "through-origin",
    summary: "least squares without intercept",
    suits: ["parameters", "counts", "given"],
    fit: (rows, target) => leastSquares(rows, target, { intercept: false }),
  },
  {
    id: "ridge",
    summary: "ridge regression, penalty 0.001 on columns of unit length",
    suits: ["parameters", "logs", "counts", "given"],
    fit: (rows, target) => leastSquares(rows, target, { ridge: 1e-3 }),
  },
  {
    id: "polynomial",
    summary: "least squares on squares and products of two features",
    suits: ["parameters", "counts", "given"],
    most: 8,
    terms: quadratic,
    fit: (rows, target) => leastSquares(rows, target),
  },
  {
    id: "interactions",
    summary: "least squares on products of two features, without squares",
    suits: ["parameters", "given"],
    most: 8,
    terms: products,
    fit: (rows, target) => leastSquares(rows, target),
  },
  {
    id: "non-negative",
    summary: "least squares with coefficients and intercept ≥ 0",
    suits: ["counts", "given"],
    monotone: true,
    fit: (rows, target) => splitOnes(nonNegativeLeastSquares(withOnes(rows), target)),
  },
  {
    id: "relative",
    summary: "least squares of relative errors (weights 1/y²)",
    suits: ["counts", "given"],
    fit: (rows, target) => leastSquares(rows, target, { weights: inverseSquares(target) }),
  },
  {
    id: "relative-non-negative",
    summary: "least squares of relative errors with coefficients and intercept ≥ 0",
    suits: ["counts", "given"],
    monotone: true,
    fit: (rows, target) => splitOnes(nonNegativeLeastSquares(withOnes(rows), target, inverseSquares(target))),
  },
  {
    id: "ratio-non-negative",
    summary: "errors as ratios, outliers bounded (Huber on ln), coefficients and intercept ≥ 0",
    suits: ["counts", "given"],
    monotone: true,
    fit: (rows, target) => splitOnes(nonNegativeLogFit(withOnes(rows), target)),
  },
  {
    id: "ratio-through-origin",
    summary: "as ratio-non-negative, without intercept: nothing costs nothing",
    suits: ["counts", "given"],
    monotone: true,
    fit: (rows, target) => ({ coefficients: nonNegativeLogFit(rows, target), intercept: 0 }),
  },
  {
    id: "log-log",
    summary: "least squares of ln energy on ln features: a product of powers",
    suits: ["parameters", "counts", "given"],
    terms: (names) => names.map(logTerm),
    logarithmic: true,
    fit: (rows, target) => leastSquares(rows, target),
  },
];

/** Other names that people know a regression by. */
const ALSO: Readonly<Record<string, string>> = { linear: "least-squares", ols: "least-squares", nnls: "non-negative" };

export function findRegression(name: string): Regression | undefined {
  return REGRESSIONS.find(({ id }) => id === (ALSO[name] ?? name));
}
