import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lawEpochS, lawPowerW, MACHINES, NETWORKS, pastRuns } from "../../../test/support/past-runs.ts";
import { halfWidth } from "./interval.ts";
import { outsideOf, planTraining } from "./plan.ts";
import { readHistory } from "./read-history.ts";
import type { PastRun, SetUp } from "./run.ts";
import { BY_ARCHITECTURE, BY_ENVIRONMENT, type Scored, scoreBy } from "./score.ts";
import { summarise } from "./summary.ts";

const runs = pastRuns();
const scored: readonly Scored[] = [scoreBy(runs, BY_ARCHITECTURE), scoreBy(runs, BY_ENVIRONMENT)];
const rows = scored.flatMap((each) => each.rows);
const newNetwork = (gflops: number, environment = "desk"): SetUp => ({
  architecture: "new",
  environment,
  features: { gflops, gpuTdpW: MACHINES[environment]?.gpuTdpW ?? 180, batch: 32, trainSize: 10_000 },
});

describe("scores by leaving groups out", () => {
  it("find the power of networks and machines that the fit has not seen", () => {
    for (const by of ["architecture", "environment"]) {
      const own = rows.filter((row) => row.by === by && row.part === "a");
      expect(new Set(own.map(({ leftOut }) => leftOut))).toEqual(
        new Set(Object.keys(by === "architecture" ? NETWORKS : MACHINES)),
      );
      for (const { mape, leftOut } of own) expect(mape, leftOut).toBeLessThan(0.3);
    }
  });
  it("have every form, the one without anything given too", () => {
    expect(new Set(rows.map(({ part }) => part))).toEqual(new Set(["a", "b", "c"]));
    expect(summarise(rows)).toHaveLength(8);
  });
  it("show the published kernel ridge at 0 for the network unlike all others, and ours not", () => {
    const raw = scored[0]!.published.find(({ leftOut }) => leftOut === "huge")!;
    const ours = rows.find(({ leftOut, part }) => leftOut === "huge" && part === "a")!;
    expect(raw.mape).toBeGreaterThan(0.9);
    expect(ours.mape).toBeLessThan(0.2);
  });
  it("are empty, not invented, with one architecture", () => {
    const one = runs.filter(({ architecture }) => architecture === "tiny");
    const none = scoreBy(one, BY_ARCHITECTURE);
    expect(none.rows).toEqual([]);
    expect(none.groups).toEqual(["tiny"]);
  });
  it("have intervals that hold most of what was left out", () => {
    const covered = summarise(rows).map(({ coverage }) => coverage!);
    expect(covered.reduce((a, b) => a + b, 0) / covered.length).toBeGreaterThan(0.75);
  });
});

describe("planTraining", () => {
  it("predicts a new network within its interval, by each form", () => {
    const powerW = lawPowerW(3, MACHINES.desk!.gpuTdpW);
    const epochS = lawEpochS(3, MACHINES.desk!.rate);
    const given = planTraining(newNetwork(3), { durationS: 1000 }, runs, scored)!;
    expect(given.form.part).toBe("a");
    expect(Math.abs(given.energyJ / (powerW * 1000) - 1)).toBeLessThan(0.15);
    const epochs = planTraining(newNetwork(3), { epochs: 30 }, runs, scored)!;
    expect(epochs.form.part).toBe("b");
    expect(powerW * epochS * 30).toBeGreaterThan(epochs.lowJ!);
    expect(powerW * epochS * 30).toBeLessThan(epochs.highJ!);
    expect(planTraining(newNetwork(3), {}, runs, scored)!.form.part).toBe("c");
  });
  it("keeps the laws: energy = power × duration, bounds around it, epochs scale it", () => {
    const one = planTraining(newNetwork(1), { epochs: 10 }, runs, scored)!;
    const two = planTraining(newNetwork(1), { epochs: 20 }, runs, scored)!;
    expect(two.energyJ / one.energyJ).toBeCloseTo(2, 9);
    expect(one.meanPowerW! * one.durationS!).toBeCloseTo(one.energyJ, 6);
    expect(one.lowJ).toBeLessThan(one.energyJ);
    expect(one.highJ).toBeGreaterThan(one.energyJ);
  });
  it("never answers 0, below 0 or above the board's limit, however far away", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.constantFrom("desk", "elsewhere"),
        (decade, machine) => {
          const answer = planTraining(newNetwork(10 ** decade, machine), { epochs: 5 }, runs, scored)!;
          expect(answer.energyJ).toBeGreaterThan(0);
          expect(Number.isFinite(answer.energyJ)).toBe(true);
          expect(answer.meanPowerW).toBeGreaterThan(0);
          expect(answer.meanPowerW).toBeLessThanOrEqual(MACHINES[machine]?.gpuTdpW ?? 180);
        },
      ),
      { numRuns: 10 },
    );
  });
  it("answers a set-up that was run with the mean of its runs", () => {
    const past = pastRuns(8);
    const seen = past.filter(({ architecture, environment }) => architecture === "large" && environment === "server");
    const answer = planTraining(seen[0]!, { epochs: 30 }, past)!;
    expect(answer).toMatchObject({ basis: "repeat", repeats: 8, inRange: true });
    const truth = lawPowerW(6, 350) * lawEpochS(6, 14e3) * 30;
    expect(Math.abs(answer.energyJ / truth - 1)).toBeLessThan(0.05);
    expect(answer.highJ! / answer.lowJ!).toBeLessThan(1.3);
  });
  it("says what is outside of what was seen", () => {
    expect(outsideOf(newNetwork(100), runs)).toEqual(["GFLOPs per sample 100 (seen 0.100–15.0)"]);
    expect(outsideOf(newNetwork(3), runs)).toEqual([]);
    expect(planTraining(newNetwork(100), { epochs: 1 }, runs, scored)!.inRange).toBe(false);
  });
  it("has no interval where nothing could be left out, and no answer where nothing goes with what is given", () => {
    const one = runs.filter(({ architecture, environment }) => architecture === "tiny" && environment === "desk");
    expect(planTraining(newNetwork(3), { epochs: 5 }, one)).toMatchObject({ lowJ: undefined, highJ: undefined });
    const bare = runs.map(({ powerW: _, durationS: __, epochs: ___, ...run }): PastRun => run);
    expect(planTraining(newNetwork(3), { epochs: 5 }, bare)).toBeUndefined();
  });
});

describe("halfWidth", () => {
  it("is not known with one group and grows with the errors", () => {
    expect(halfWidth([[0.1, 0.2]])).toBeUndefined();
    expect(halfWidth([[0.2], [0.4]])).toBeCloseTo(2 * halfWidth([[0.1], [0.2]])!, 12);
  });
  it("is the conformal order statistic with groups enough", () => {
    const groups = Array.from({ length: 19 }, (_, i) => [(i + 1) / 100]);
    expect(halfWidth(groups)).toBeCloseTo(0.18, 12);
  });
});

// Beside the checkout, never in it.
const SHARED = resolve(import.meta.dirname, "../../../../shared/data/gaissa-seaa2023/runs.csv");
describe.skipIf(!existsSync(SHARED))("published training runs, where the folder is", () => {
  it("power × given duration is within 30 % for each left-out network and 15 % in the median", () => {
    const past = readHistory(readFileSync(SHARED, "utf8")).runs;
    const power = summarise(scoreBy(past, BY_ARCHITECTURE).rows).find(({ part }) => part === "a")!;
    expect(power.worstMape).toBeLessThanOrEqual(0.3);
    expect(power.medianMape).toBeLessThanOrEqual(0.15);
  });
});
