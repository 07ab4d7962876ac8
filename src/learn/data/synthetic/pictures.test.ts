import { describe, expect, it } from "vitest";
import { syntheticPictures } from "./pictures.ts";

describe("syntheticPictures", () => {
  it("draws the same pictures for the same seed, others for another", () => {
    const options = { train: 20, test: 10 };
    const first = syntheticPictures({ ...options, seed: 1 });
    expect(syntheticPictures({ ...options, seed: 1 })).toEqual(first);
    expect(syntheticPictures({ ...options, seed: 2 })).not.toEqual(first);
    expect(first.train.columns[0]!.shape).toEqual([3, 32, 32]);
  });

  it("draws ten kinds, each different from the others where it has ink", () => {
    const { train } = syntheticPictures({ train: 400, test: 1 });
    const labels = train.columns[1]!.values;
    expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    // Neighbours along a row differ where stripes stand upright, along a column where they lie.
    const change = (kind: number, step: number) => {
      let [sum, count] = [0, 0];
      for (let i = 0; i < train.samples; i++) {
        if (labels[i] !== kind) continue;
        const image = train.columns[0]!.values.subarray(i * 3072, i * 3072 + 1024);
        for (let k = 0; k + step < 1024; k++) sum += Math.abs(image[k]! - image[k + step]!);
        count++;
      }
      return sum / count;
    };
    expect(change(0, 1)).toBeGreaterThan(1.2 * change(0, 32));
    expect(change(1, 32)).toBeGreaterThan(1.2 * change(1, 1));
  });
});
