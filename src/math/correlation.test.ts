import { describe, expect, it } from "vitest";
import { pearsonCorrelation, spearmanCorrelation } from "./correlation.ts";
import { seededRandom } from "./random.ts";

/** Pairs of normal numbers whose true correlation is `rho`. */
function pairs(rho: number, n: number, random: { normal(): number }): readonly [number[], number[]] {
  const x = Array.from({ length: n }, () => random.normal());
  return [x, x.map((value) => rho * value + Math.sqrt(1 - rho * rho) * random.normal())];
}

describe("correlations with intervals", () => {
  it("gives the interval that Fisher's transformation gives by hand", () => {
    // r = 0.5, n = 28: atanh 0.5 = 0.549306, 1.959964 / √25 = 0.391993; tanh(0.157313) and tanh(0.941299)
    const random = seededRandom(1);
    const [x, y] = pairs(0.5, 28, random);
    const found = pearsonCorrelation(x, y)!;
    expect(Math.atanh(found.high) - Math.atanh(found.value)).toBeCloseTo(0.391993, 5);
    expect(Math.atanh(found.value) - Math.atanh(found.low)).toBeCloseTo(0.391993, 5);
    expect(spearmanCorrelation(x, y)!.high - spearmanCorrelation(x, y)!.low).toBeGreaterThan(0);
  });

  it("holds the truth about as often as it says", () => {
    const random = seededRandom(7);
    let held = 0;
    for (let i = 0; i < 1000; i++) {
      const [x, y] = pairs(0.8, 16, random);
      const { low, high } = pearsonCorrelation(x, y)!;
      if (low <= 0.8 && 0.8 <= high) held++;
    }
    expect(held / 1000).toBeGreaterThan(0.93);
    expect(held / 1000).toBeLessThan(0.97);
  });

  it("is sure of what is exactly so, and silent where nothing can be said", () => {
    expect(pearsonCorrelation([1, 2, 3, 4], [2, 4, 6, 8])).toMatchObject({ n: 4, high: 1 });
    expect(spearmanCorrelation([1, 2, 3, 4, 5], [1, 8, 27, 64, 125])!.value).toBe(1);
    expect(pearsonCorrelation([1, 2, 3], [3, 2, 1])).toBeUndefined();
    expect(pearsonCorrelation([1, 1, 1, 1], [1, 2, 3, 4])).toBeUndefined();
  });
});
