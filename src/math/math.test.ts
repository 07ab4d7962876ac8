import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fft, inverseFft } from "./fft.ts";
import { seededRandom, shuffled } from "./random.ts";
import { evaluateLinear, leastSquares } from "./regression.ts";
import { findRoot } from "./root.ts";
import * as statistics from "./statistics.ts";

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

describe("random", () => {
  it("repeats with the same seed and differs with a neighbouring one", () => {
    const first = draw(5, seededRandom(7).uniform);
    expect(draw(5, seededRandom(7).uniform)).toEqual(first);
    expect(draw(5, seededRandom(8).uniform)).not.toEqual(first);
  });
  it("forks do not depend on what was drawn before", () => {
    const fresh = seededRandom(3);
    const used = seededRandom(3);
    draw(10, used.uniform);
    expect(used.fork(1).uniform()).toBe(fresh.fork(1).uniform());
    expect(used.fork(2).uniform()).not.toBe(fresh.fork(1).uniform());
  });
  it("has the moments of its distributions", () => {
    const random = seededRandom(1);
    const uniform = draw(20_000, random.uniform);
    const normal = draw(20_000, random.normal);
    expect(statistics.mean(uniform)).toBeCloseTo(0.5, 1);
    expect(statistics.variance(uniform)).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(statistics.mean(normal))).toBeLessThan(0.03);
    expect(statistics.standardDeviation(normal)).toBeCloseTo(1, 1);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
  });
  it("shuffles into a permutation", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const mixed = shuffled(items, seededRandom(2));
    expect(mixed).not.toEqual(items);
    expect([...mixed].sort((a, b) => a - b)).toEqual(items);
  });
});

describe("statistics", () => {
  it("sums what plain addition loses", () => {
    expect(statistics.sum([1, 1e100, 1, -1e100])).toBe(2);
  });
  it("interpolates quantiles between order statistics", () => {
    expect(statistics.quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75);
    expect(statistics.median([5, 1, 3])).toBe(3);
    expect(statistics.median([])).toBeNaN();
  });
  it("knows sample variance and its robust cousin", () => {
    expect(statistics.variance([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(32 / 7);
    expect(statistics.robustDeviation([1, 1, 2, 2, 4, 6, 9])).toBeCloseTo(1.4826);
  });
  it("shares ranks between ties", () => {
    expect(statistics.ranks([10, 20, 20, 30])).toEqual([1, 2.5, 2.5, 4]);
  });
  it("tells monotonic from linear", () => {
    const x = [1, 2, 3, 4, 5];
    const cubes = x.map((value) => value ** 3);
    expect(statistics.spearman(x, cubes)).toBeCloseTo(1);
    expect(statistics.pearson(x, cubes)).toBeLessThan(0.96);
    expect(statistics.pearson(x, [1, 1, 1, 1, 1])).toBeNaN();
  });
  it("scores predictions", () => {
    expect(statistics.rSquared([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(statistics.rSquared([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(statistics.meanSquaredError([1, 2], [2, 4])).toBe(2.5);
    expect(statistics.meanAbsoluteRelativeError([0, 2, 4], [1, 1, 5])).toBeCloseTo(0.375);
  });
});

describe("regression", () => {
  const finite = fc.double({ min: -100, max: 100, noNaN: true });
  it("finds the plane that made the data", () => {
    fc.assert(
      fc.property(finite, finite, finite, (a, b, c) => {
        const random = seededRandom(5);
        const rows = Array.from({ length: 12 }, () => [random.normal(), 1e6 * random.normal()]);
        const fit = leastSquares(
          rows,
          rows.map(([x, y]) => a * x! + b * y! + c),
        );
        expect(fit.coefficients[0]).toBeCloseTo(a, 4);
        expect(fit.coefficients[1]).toBeCloseTo(b, 6);
        expect(fit.intercept).toBeCloseTo(c, 4);
        expect(evaluateLinear(fit, [1, 1])).toBeCloseTo(a + b + c, 3);
      }),
      { seed: 1, numRuns: 30 },
    );
  });
  it("goes through the origin when asked, and weighs rows", () => {
    expect(leastSquares([[1], [2]], [3, 6], { intercept: false })).toEqual({
      coefficients: [expect.closeTo(3, 10)],
      intercept: 0,
    });
    const weighted = leastSquares([[1], [1]], [0, 10], { intercept: false, weights: [1, 3] });
    expect(weighted.coefficients[0]).toBeCloseTo(7.5);
  });
  it("refuses what cannot be determined and lets ridge through", () => {
    const twins = [
      [1, 2],
      [2, 4],
      [3, 6],
      [4, 8],
    ];
    expect(() => leastSquares(twins, [1, 2, 3, 4])).toThrow(/combinations/);
    expect(() => leastSquares([[1, 2]], [1])).toThrow(/3 coefficients/);
    const ridge = leastSquares(twins, [1, 2, 3, 4], { ridge: 1e-6 });
    expect(evaluateLinear(ridge, [5, 10])).toBeCloseTo(5, 3);
  });
});

describe("root", () => {
  it("finds the crossing of a curved function", () => {
    expect(findRoot((x) => x ** 3 - 2, 0, 2)).toBeCloseTo(2 ** (1 / 3), 10);
    expect(findRoot((x) => Math.exp(x) - 1e6, 0, 100)).toBeCloseTo(Math.log(1e6), 8);
    expect(findRoot((x) => x, 0, 1)).toBe(0);
  });
  it("says when there is none between the ends", () => {
    expect(() => findRoot((x) => x * x + 1, -1, 1)).toThrow(RangeError);
  });
});

describe("fft", () => {
  it("puts a pure tone into one bin and comes back", () => {
    const size = 16;
    const tone = {
      re: Float64Array.from({ length: size }, (_, n) => Math.cos((2 * Math.PI * 3 * n) / size)),
      im: new Float64Array(size),
    };
    const spectrum = fft(tone);
    expect(spectrum.re[3]).toBeCloseTo(size / 2);
    expect(spectrum.re[13]).toBeCloseTo(size / 2);
    expect(Math.abs(spectrum.re[5]!)).toBeLessThan(1e-9);
    const back = inverseFft(spectrum);
    back.re.forEach((value, n) => {
      expect(value).toBeCloseTo(tone.re[n]!, 10);
    });
  });
});
