import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { medianRange, medianRank, pairedRatio } from "./paired-ratio.ts";

describe("interval of the median", () => {
  it("takes the ranks of the sign test's table", () => {
    // [Conover1999] table of the binomial with p = 1/2: largest rank whose tail stays within 2.5 %.
    const table = [
      [5, 1],
      [6, 1],
      [8, 1],
      [9, 2],
      [10, 2],
      [12, 3],
      [15, 4],
      [20, 6],
      [25, 8],
    ] as const;
    for (const [count, rank] of table) expect([count, medianRank(count)]).toEqual([count, rank]);
  });

  it("holds the true median about 95 times in 100, also where the noise is one-sided", () => {
    const random = seededRandom(7);
    let held = 0;
    const rounds = 2000;
    for (let round = 0; round < rounds; round++) {
      const values = Array.from({ length: 15 }, () => -Math.log(1 - random.uniform()));
      const { low, high } = medianRange(values);
      if (low <= Math.LN2 && Math.LN2 <= high) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.95);
    expect(held / rounds).toBeLessThan(0.98);
  });
});

describe("paired ratio", () => {
  const series = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 30 });

  it("is the factor itself where all turns agree, however the machine drifts", () => {
    fc.assert(
      fc.property(series, fc.double({ min: 0.01, max: 10, noNaN: true }), (before, factor) => {
        const ratio = pairedRatio(
          before,
          before.map((value) => value * factor),
        )!;
        for (const value of [ratio.low, ratio.value, ratio.high]) expect(value / factor).toBeCloseTo(1, 9);
      }),
    );
  });

  it("lies within its interval, and a single turn far off moves it little", () => {
    fc.assert(
      fc.property(series, series, (a, b) => {
        const length = Math.min(a.length, b.length);
        const { value, low, high } = pairedRatio(a.slice(0, length), b.slice(0, length))!;
        expect(low <= value && value <= high).toBe(true);
      }),
    );
    const before = Array.from({ length: 15 }, () => 1);
    const after = before.map((_, i) => (i === 3 ? 100 : 0.5));
    expect(pairedRatio(before, after)).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
  });

  it("is not known from one pair, or where nothing was read", () => {
    expect(pairedRatio([1], [1])).toBeUndefined();
    expect(pairedRatio([1, 0], [1, 1])).toBeUndefined();
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});
