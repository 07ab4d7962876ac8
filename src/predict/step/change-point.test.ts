import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { currentLevelStart, levelStarts, stabilisingPoint } from "./change-point.ts";

const noisy = (levels: readonly (readonly [count: number, value: number])[], sigma: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return levels.flatMap(([count, value]) => Array.from({ length: count }, () => value + sigma * random.normal()));
};

describe("levelStarts", () => {
  it("finds where a level begins, to the epoch", () => {
    for (let seed = 0; seed < 20; seed++)
      expect(
        levelStarts(
          noisy(
            [
              [10, 120],
              [60, 200],
            ],
            2,
            seed,
          ),
        ),
      ).toEqual([0, 10]);
  });
  it("finds none in noise alone", () => {
    const cuts = Array.from({ length: 50 }, (_, seed) => levelStarts(noisy([[60, 200]], 10, seed)).length - 1);
    expect(cuts.filter((count) => count > 0).length).toBeLessThanOrEqual(5);
  });
  it("takes a jump below 2 % for none, and empty or constant series as they are", () => {
    expect(levelStarts([...Array.from({ length: 9 }, () => 100), ...Array.from({ length: 9 }, () => 100.5)])).toEqual([
      0,
    ]);
    expect(levelStarts([])).toEqual([0]);
    expect(levelStarts([5])).toEqual([0]);
    expect(levelStarts([0, 0, 0])).toEqual([0]);
  });
});

describe("stabilisingPoint", () => {
  it("is the start of the longest level, never epoch 0", () => {
    expect(
      stabilisingPoint(
        noisy(
          [
            [4, 90],
            [6, 120],
            [50, 200],
          ],
          1,
          1,
        ),
      ),
    ).toBe(10);
    expect(stabilisingPoint(noisy([[60, 200]], 1, 1))).toBe(1);
    expect(
      currentLevelStart(
        noisy(
          [
            [40, 100],
            [8, 200],
          ],
          1,
          1,
        ),
      ),
    ).toBe(40);
  });
});
