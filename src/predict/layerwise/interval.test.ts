import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { mean } from "../../math/statistics.ts";
import { type HeldOut, intervalsOf, withInterval } from "./interval.ts";
import { foldsOf, groupedFolds, rangesOf } from "./splits.ts";

/** Ratios whose spread falls with size, or with the share of the largest term. */
function pairs(count: number, seed: number, spread: (pair: { energyJ: number; share: number }) => number): HeldOut[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const made = { energyJ: 10 ** (4 * random.uniform()), share: random.uniform() };
    return { ...made, truthJ: made.energyJ * Math.exp(spread(made) * random.normal()) };
  });
}

describe("intervals", () => {
  it("cover nine of ten new rows on average over calibrations, and leave out no size", () => {
    const spread = ({ energyJ }: { energyJ: number }) => 0.5 / (1 + Math.log10(energyJ));
    const seeds = Array.from({ length: 30 }, (_, i) => i);
    const covered = seeds.map((seed) => {
      const intervals = intervalsOf(pairs(400, 2 * seed, spread), []);
      const inside = pairs(1000, 2 * seed + 1001, spread).map((pair) => {
        const { lowJ, highJ } = withInterval(pair, true, intervals);
        return { large: pair.energyJ > 100, hit: pair.truthJ >= lowJ && pair.truthJ <= highJ ? 1 : 0 };
      });
      return [true, false].map((large) => mean(inside.filter((one) => one.large === large).map(({ hit }) => hit)));
    });
    for (const half of [0, 1]) {
      const share = mean(covered.map((pair) => pair[half]!));
      expect(share).toBeGreaterThan(0.87);
      expect(share).toBeLessThan(0.93);
    }
  });

  it("go by the share of the largest term where that tells more than size", () => {
    expect(
      intervalsOf(
        pairs(600, 3, ({ share }) => 0.6 * (1 - share) + 0.01),
        [],
      ).by,
    ).toBe("share");
  });

  it("hold the prediction, and are wider outside of what was measured", () => {
    const folds = pairs(200, 4, () => 0.1).map((pair) => ({ ...pair, truthJ: 1.5 * pair.truthJ }));
    const intervals = intervalsOf(
      folds,
      pairs(50, 5, () => 0.4),
    );
    const inside = withInterval({ energyJ: 10, share: 0.5 }, true, intervals);
    const outside = withInterval({ energyJ: 10, share: 0.5 }, false, intervals);
    expect(inside.lowJ).toBeLessThanOrEqual(10);
    expect(outside.highJ).toBeGreaterThan(inside.highJ);
    expect(outside.lowJ).toBeLessThanOrEqual(inside.lowJ);
  });
});

describe("splits", () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ size: i, stride: i % 3 }));

  it("hold out every row once in folds, whole groups in grouped ones", () => {
    const folds = foldsOf(23);
    expect(folds.flatMap(({ test }) => test).sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i));
    for (const { train, test } of folds) expect(train.length + test.length).toBe(23);
    const groups = rows.map(({ stride }) => `${stride}`);
    for (const { train, test } of groupedFolds(groups)) {
      const held = new Set(test.map((i) => groups[i]));
      expect(train.filter((i) => held.has(groups[i]))).toEqual([]);
    }
  });

  it("hold out both ends of size, and the top of what varies", () => {
    const ranges = rangesOf(rows, ["size", "stride"], "size");
    expect(ranges.map(({ name }) => name)).toEqual(["largest size", "smallest size"]);
    expect(Math.min(...ranges[0]!.test)).toBeGreaterThan(Math.max(...ranges[0]!.train));
    expect(Math.max(...ranges[1]!.test)).toBeLessThan(Math.min(...ranges[1]!.train));
  });
});
