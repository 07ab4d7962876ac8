import { describe, expect, it } from "vitest";
import { syntheticDigits } from "./digits.ts";

describe("syntheticDigits", () => {
  it("draws the same digits for the same seed, others for another", () => {
    const options = { train: 30, test: 10 };
    const first = syntheticDigits({ ...options, seed: 1 });
    expect(syntheticDigits({ ...options, seed: 1 })).toEqual(first);
    expect(syntheticDigits({ ...options, seed: 2 })).not.toEqual(first);
    expect([first.train.samples, first.test!.samples]).toEqual([30, 10]);
  });

  it("draws ten kinds that a nearest mean tells apart better than chance", () => {
    const { train, test } = syntheticDigits({ train: 600, test: 200 });
    const at = (set: typeof train, i: number) => set.columns[0]!.values.subarray(i * 784, (i + 1) * 784);
    const labels = train.columns[1]!.values;
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    const counts = new Float64Array(10);
    for (let i = 0; i < train.samples; i++) {
      counts[labels[i]!]!++;
      for (const [k, value] of at(train, i).entries()) means[labels[i]!]![k]! += value;
    }
    expect(Math.min(...counts)).toBeGreaterThan(30);
    for (const [digit, mean] of means.entries()) for (let k = 0; k < 784; k++) mean[k]! /= counts[digit]!;
    let right = 0;
    for (let i = 0; i < test!.samples; i++) {
      const image = at(test!, i);
      const far = means.map((mean) => mean.reduce((sum, value, k) => sum + (value - image[k]!) ** 2, 0));
      if (far.indexOf(Math.min(...far)) === test!.columns[1]!.values[i]) right++;
    }
    expect(right / test!.samples).toBeGreaterThan(0.5);
  });
});
