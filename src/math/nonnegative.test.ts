import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nonNegativeLeastSquares, nonNegativeLogFit } from "./nonnegative.ts";
import { seededRandom } from "./random.ts";
import { leastSquares } from "./regression.ts";

const drawn = (seed: number, count: number, width: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length: width }, () => 0.1 + random.uniform()));
};

describe("nonNegativeLeastSquares", () => {
  it("finds coefficients that are positive, over many decades", () => {
    const rows = drawn(1, 40, 3).map(([a, b, c]) => [a! * 1e9, b!, c! * 1e-6]);
    const truth = [2e-9, 3, 5e6];
    const fit = nonNegativeLeastSquares(
      rows,
      rows.map((row) => row.reduce((total, x, j) => total + x * truth[j]!, 0)),
    );
    fit.forEach((value, j) => {
      expect(value / truth[j]!).toBeCloseTo(1, 6);
    });
  });

  it("is never negative and meets the conditions of Karush, Kuhn and Tucker", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, width) => {
        const rows = drawn(seed, 20, width);
        const random = seededRandom(seed + 1);
        const target = rows.map(() => random.normal());
        const fit = nonNegativeLeastSquares(rows, target);
        for (let j = 0; j < width; j++) {
          const slope = rows.reduce(
            (total, row, i) => total + row[j]! * (row.reduce((sum, x, k) => sum + x * fit[k]!, 0) - target[i]!),
            0,
          );
          expect(fit[j]!).toBeGreaterThanOrEqual(0);
          expect(slope).toBeGreaterThan(-1e-6);
          if (fit[j]! > 1e-9) expect(Math.abs(slope)).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("agrees with least squares where that is positive, and with weights", () => {
    const rows = drawn(3, 30, 2);
    const random = seededRandom(4);
    const target = rows.map(([a, b]) => 2 * a! + 3 * b! + 0.01 * random.normal());
    const weights = rows.map(() => random.uniform());
    const free = leastSquares(rows, target, { intercept: false, weights }).coefficients;
    nonNegativeLeastSquares(rows, target, weights).forEach((value, j) => {
      expect(value).toBeCloseTo(free[j]!, 6);
    });
  });

  it("refuses no rows", () => {
    expect(() => nonNegativeLeastSquares([], [])).toThrow(RangeError);
  });
});

describe("nonNegativeLogFit", () => {
  it("gives small and large rows the same say and is not moved by a tenth of wild rows", () => {
    const random = seededRandom(9);
    const rows = Array.from({ length: 200 }, () => [10 ** (6 * random.uniform()), 1]);
    const target = rows.map(([x], i) => (2 * x! + 5) * (i % 10 === 0 ? 6 : Math.exp(0.05 * random.normal())));
    const [slope, constant] = nonNegativeLogFit(rows, target);
    expect(slope).toBeGreaterThan(1.95);
    expect(slope).toBeLessThan(2.1);
    expect(constant).toBeGreaterThan(3);
    expect(constant).toBeLessThan(8);
  });

  it("refuses targets that have no logarithm", () => {
    expect(() => nonNegativeLogFit([[1]], [0])).toThrow("above 0");
  });
});
