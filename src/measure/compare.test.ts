import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import { InputError } from "../units/input-error.ts";
import { compareRuns } from "./compare.ts";
import type { Doubt, Measurement } from "./measurement.ts";
import { combineRepeats, estimateError, perInference } from "./repeats.ts";

const run = (netJ: number, doubts: readonly Doubt[] = [], coverage = 1): Measurement => ({
  window: "run",
  durationS: 2,
  kind: "measured",
  grossJ: netJ + 10,
  baselineJ: 10,
  netJ,
  netLowJ: netJ - 1,
  netHighJ: netJ + 1,
  meanPowerW: (netJ + 10) / 2,
  peakPowerW: netJ,
  coverage,
  sources: [],
  doubts,
  remarks: [],
});
const runs = (...joules: number[]): Measurement[] => joules.map((netJ) => run(netJ));

describe("estimateError", () => {
  it("is a share of joules that are surely there, and of no others", () => {
    expect(estimateError(3, { perInferenceJ: 2, lowJ: 1, highJ: 3 })).toBe(0.5);
    expect(estimateError(3, { perInferenceJ: 1e-15, lowJ: -1, highJ: 1 })).toBeUndefined();
    expect(estimateError(3, undefined)).toBeUndefined();
  });
});

describe("combineRepeats", () => {
  it("is the mean, with Student's t over the runs", () => {
    const mean = combineRepeats(runs(98, 100, 102));
    expect(mean).toMatchObject({ netJ: 100, grossJ: 110, baselineJ: 10, peakPowerW: 102 });
    // s = 2, n = 3: 2 / √3 × t(0.975, 2)
    expect(mean.netHighJ! - 100).toBeCloseTo((2 / Math.sqrt(3)) * 4.302653, 5);
  });

  it("leaves a run in which nothing was read out of the mean, not out of the coverage", () => {
    const { baselineJ: _, ...lost } = run(0, [], 0);
    const unread = { ...lost, kind: "missing", grossJ: undefined, baselineJ: undefined, netJ: undefined } as const;
    const mean = combineRepeats([...runs(98, 102), unread]);
    expect(mean).toMatchObject({ kind: "measured", netJ: 100, baselineJ: 10, coverage: 0 });
    expect(perInference(mean, 10)).toBeUndefined();
    expect(combineRepeats([unread, unread])).toMatchObject({ kind: "missing", netJ: undefined, netHighJ: undefined });
    expect(compareRuns(runs(98, 102), [run(100), unread])).toMatchObject({
      verdict: "refused",
      differenceJ: undefined,
    });
  });

  it("keeps what all runs share, however many there are", () => {
    const doubts = [{ cause: "tolerance", sigmaJ: 5 }];
    const many = Array.from({ length: 50 }, (_, i) => run(100 + (i % 2), doubts));
    const mean = combineRepeats(many);
    expect(mean.netHighJ! - mean.netJ!).toBeGreaterThan(1.95 * 5);
    expect(mean.netHighJ! - mean.netJ!).toBeLessThan(2.05 * 5);
  });

  it("does not believe runs that agree by luck more than their own doubts", () => {
    const mean = combineRepeats([100, 100].map((netJ) => run(netJ, [{ cause: "update period", sigmaJ: 4 }])));
    expect(mean.netHighJ! - 100).toBeCloseTo((1.95996 * 4) / Math.sqrt(2), 3);
  });

  it("takes the least coverage, and the weakest kind", () => {
    const mean = combineRepeats([run(1, [], 0.9), { ...run(1), kind: "modelled" }]);
    expect(mean).toMatchObject({ coverage: 0.9, kind: "mixed" });
  });

  it("gives joules per inference, and one run as it is", () => {
    const one = run(50);
    expect(combineRepeats([one])).toBe(one);
    expect(perInference(one, 10)).toEqual({ perInferenceJ: 5, lowJ: 4.9, highJ: 5.1 });
    expect(() => perInference(one, 0)).toThrow(InputError);
    expect(() => combineRepeats([])).toThrow(InputError);
  });
});

describe("compareRuns", () => {
  it("names the one that needs fewer joules; the difference is A less B", () => {
    const found = compareRuns(runs(100, 101, 99), runs(120, 121, 119.5));
    expect(found).toMatchObject({ verdict: "a", method: "paired", reason: "" });
    expect(found.differenceJ).toBeCloseTo(-20.1667, 3);
    expect(compareRuns(runs(120, 121, 119.5), runs(100, 101, 99)).verdict).toBe("b");
  });

  it("pairs by order: drift that both share falls out", () => {
    const drifting = [100, 110, 120, 130];
    const paired = compareRuns(runs(...drifting), runs(...drifting.map((value, i) => value + 2 + 0.1 * (i % 2))));
    expect(paired.verdict).toBe("a");
    const unpaired = compareRuns(runs(...drifting), runs(102, 112.1, 122));
    expect(unpaired).toMatchObject({ method: "welch", verdict: "no difference" });
  });

  it("sees no difference where there is none, about 95 times of 100", () => {
    const random = seededRandom(9);
    let none = 0;
    for (let i = 0; i < 1000; i++) {
      const draw = () => runs(...Array.from({ length: 6 }, () => 100 + 3 * random.normal()));
      if (compareRuns(draw(), draw()).verdict === "no difference") none++;
    }
    expect(none).toBeGreaterThan(930);
    expect(none).toBeLessThan(970);
  });

  it("finds what the meter cannot tell apart to be no difference", () => {
    const doubts = [{ cause: "update period", sigmaJ: 20 }];
    const found = compareRuns([run(100, doubts), run(100, doubts)], [run(105, doubts), run(105, doubts)]);
    expect(found.verdict).toBe("no difference");
  });

  it("lets a tolerance that both share fall out", () => {
    const of = (netJ: number) => run(netJ, [{ cause: "tolerance", sigmaJ: 0.05 * netJ }]);
    expect(compareRuns([100, 101, 99].map(of), [104, 105.1, 103].map(of)).verdict).toBe("a");
  });

  it("refuses too few runs and too little coverage, with the reason", () => {
    expect(compareRuns(runs(1), runs(2))).toMatchObject({ verdict: "refused", differenceJ: undefined });
    expect(compareRuns([], runs(2, 3)).reason).toContain("0 and 2 runs");
    const poor = compareRuns([run(1), run(2, [], 0.9)], runs(1, 2));
    expect(poor).toMatchObject({ verdict: "refused", reason: "coverage 90.0 % is below 95 %" });
  });
});
