import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import type { EpochSeries } from "./epochs.ts";
import { autocorrelationOf, calibrationFactor, marginsOf } from "./interval.ts";
import { projectRunning, projectSeries } from "./project.ts";
import { replay } from "./replay.ts";

/** A run whose first ten epochs train few layers, then a level with noise, resemblance of neighbours, and a slow drift. */
function madeUp(seed: number, sigma = 0.01): EpochSeries {
  const random = seededRandom(seed);
  const count = 40 + random.below(60);
  const driftRatio = 0.004 * random.normal();
  let noise = 0;
  const energies = Array.from({ length: count }, (_, i) => {
    noise = 0.3 * noise + sigma * random.normal();
    return (i < 10 ? 600 : 1000) * (1 + noise + (driftRatio * i) / count);
  });
  return {
    run: `run ${seed}`,
    epochs: energies.map((energyJ) => ({ energyJ, durationS: 10 })),
    before: { energyJ: 5, durationS: 1 },
    after: { energyJ: 0, durationS: 0 },
    totalJ: 5 + energies.reduce((sum, value) => sum + value, 0),
    durationS: 1 + 10 * count,
  };
}

const runs = (from: number, count: number, sigma?: number) =>
  Array.from({ length: count }, (_, i) => ({ series: madeUp(from + i, sigma) }));

describe("replay", () => {
  const { score, runs: replayed } = replay(runs(0, 200).map((run) => ({ ...run, tdpW: 350, usageRatio: 0.3 })));
  it("beats the first epoch and the design power on runs that change after ten epochs", () => {
    expect(score.stepEpoch!.mape).toBeLessThan(0.01);
    expect(score.firstEpoch!.mape).toBeGreaterThan(0.2);
    expect(score.mlco2!.mape).toBeGreaterThan(0.5);
    expect(score.greenAlgorithms!.mape).toBeLessThan(score.mlco2!.mape);
  });
  it("covers nine runs of ten scaled by the other runs, and about as many as it is told", () => {
    expect(score.coverageScaled).toBeGreaterThanOrEqual(0.87);
    expect(score.coverageScaled).toBeLessThanOrEqual(0.93);
    expect(score.coverage).toBeGreaterThanOrEqual(0.87);
    expect(score.coverage).toBeLessThanOrEqual(0.98);
    const inside = replayed.filter(({ trueJ, projection: { lowJ, highJ } }) => lowJ <= trueJ && trueJ <= highJ);
    expect(score.coverage).toBe(inside.length / replayed.length);
  });
  it("tells the true time's power form apart from the forecast's", () => {
    const [first] = replayed;
    expect(first!.stepPowerOracleJ / first!.stepPowerJ).toBeCloseTo(first!.durationS / first!.projection.durationS, 9);
  });
  it("is wider for a noisier kind of run", () => {
    const calm = replay(runs(0, 100, 0.002));
    const wild = replay(runs(1000, 100, 0.05));
    for (const { score: one } of [calm, wild]) expect(Math.abs(one.coverageScaled - 0.9)).toBeLessThanOrEqual(0.03);
    expect(wild.runs[0]!.highJ - wild.runs[0]!.lowJ).toBeGreaterThan(calm.runs[0]!.highJ - calm.runs[0]!.lowJ);
  });
  it("says nothing of a calculator that lacks the design power", () => {
    const { score: bare } = replay(runs(0, 3));
    expect(bare.mlco2).toBeUndefined();
    expect(bare.stepEpoch!.runs).toBe(3);
  });
  it("takes the energy that the runs file gives for the truth", () => {
    const [run] = replay([{ series: madeUp(1), energyJ: 1e6 }]).runs;
    expect(run!.trueJ).toBe(1e6);
  });
});

/** Runs of `count` epochs: independent joules, or one watt sample per second that drifts (AR(1), φ = 0.99) in epochs of 30 s. */
const independent = (seed: number, count: number, cv: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => 6000 * (1 + cv * random.normal()));
};
const drifting = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  let state = random.normal();
  return Array.from({ length: count }, () => {
    let energyJ = 0;
    for (let second = 0; second < 30; second++) {
      state = 0.99 * state + Math.sqrt(1 - 0.99 ** 2) * random.normal();
      energyJ += 200 * (1 + 0.05 * state);
    }
    return energyJ;
  });
};
const seriesFrom = (energies: readonly number[]): EpochSeries => ({
  run: "simulated",
  epochs: energies.map((energyJ) => ({ energyJ, durationS: 30 })),
  before: { energyJ: 0, durationS: 0 },
  after: { energyJ: 0, durationS: 0 },
  totalJ: energies.reduce((sum, value) => sum + value, 0),
  durationS: 30 * energies.length,
});

describe("the interval that is told, on simulated runs", () => {
  const RUNS = 600;
  const coverage = (make: (seed: number) => readonly number[]): number => {
    const inside = Array.from({ length: RUNS }, (_, seed) => {
      const series = seriesFrom(make(seed));
      const { lowJ, highJ } = projectSeries(series, 10, 5);
      return lowJ <= series.totalJ && series.totalJ <= highJ ? 1 : 0;
    });
    return inside.reduce((sum: number, one) => sum + one, 0) / RUNS;
  };
  it.each([30, 60])("holds nine of ten runs of %i independent epochs, and not all", (count) => {
    for (const cv of [0.01, 0.03, 0.1]) {
      const share = coverage((seed) => independent(seed, count, cv));
      expect(share).toBeGreaterThanOrEqual(0.88);
      expect(share).toBeLessThanOrEqual(0.97);
    }
  });
  it.each([30, 60])("holds four of five runs of %i epochs whose power drifts", (count) => {
    const share = coverage((seed) => drifting(seed, count));
    expect(share).toBeGreaterThanOrEqual(0.82);
    expect(share).toBeLessThanOrEqual(0.95);
  });
  it.each([
    ["independent", (seed: number) => independent(seed, 60, 0.03)],
    ["drifting", (seed: number) => drifting(seed, 60)],
  ])("narrows as a run of %s epochs goes on", (_, make) => {
    const widthAt = (done: number): number => {
      const widths = Array.from({ length: 100 }, (_, seed) => {
        const { epochs, before } = seriesFrom(make(seed));
        const { lowJ, highJ } = projectRunning(epochs.slice(0, done), before, 60)!;
        return highJ - lowJ;
      });
      return widths.reduce((sum, width) => sum + width, 0);
    };
    const widths = [15, 25, 40, 55].map(widthAt);
    for (const [i, width] of widths.slice(1).entries()) expect(width).toBeLessThan(0.9 * widths[i]!);
  });
});

describe("autocorrelationOf", () => {
  it("is 0 for epochs that go to and fro or are the same, and much for those that rise", () => {
    expect(autocorrelationOf([[1, 2, 1, 2, 1, 2]])).toBe(0);
    expect(autocorrelationOf([[3, 3, 3], [4]])).toBe(0);
    expect(autocorrelationOf([[10, 11, 12, 13, 14, 15, 16, 17]])).toBeGreaterThan(0.8);
  });
});

describe("calibrationFactor", () => {
  const outcome = (errorJ: number) => ({ trueJ: 100 + errorJ, totalJ: 100, lowJ: 90, highJ: 120 });
  it("needs 19 other runs", () => {
    expect(calibrationFactor(Array.from({ length: 18 }, () => outcome(5)))).toBeUndefined();
    expect(calibrationFactor(Array.from({ length: 19 }, () => outcome(5)))).toBeCloseTo(0.25, 9);
  });
  it("looks at the margin of the side on which the truth lay", () => {
    expect(calibrationFactor(Array.from({ length: 30 }, () => outcome(-5)))).toBeCloseTo(0.5, 9);
  });
  it("is the rank that holds nine of ten", () => {
    expect(calibrationFactor(Array.from({ length: 99 }, (_, i) => outcome((i + 1) / 5)))).toBeCloseTo(0.9, 9);
  });
});

describe("marginsOf", () => {
  const window = [100, 101, 99, 100, 102];
  it("grows with what remains and with the spread, and shrinks with the window", () => {
    const of = (values: readonly number[], remaining: number) =>
      marginsOf({ window: values, remaining, isStable: true }).below;
    expect(of(window, 80)).toBeGreaterThan(of(window, 10));
    expect(of([90, 110, 95, 105, 100], 80)).toBeGreaterThan(of(window, 80));
    expect(of([...window, ...window], 80)).toBeLessThan(of(window, 80));
    expect(of(window, 0)).toBe(0);
  });
  it("is even behind the stabilising point, and farther above before it", () => {
    const stable = marginsOf({ window, remaining: 10, isStable: true });
    const early = marginsOf({ window, remaining: 10, isStable: false });
    expect(stable.below).toBe(stable.above);
    expect(early.above).toBeGreaterThan(early.below);
    expect(early.below).toBeGreaterThan(stable.below);
  });
});
