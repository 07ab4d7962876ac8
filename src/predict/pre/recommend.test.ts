import { describe, expect, it } from "vitest";
import { MACHINES, NETWORKS, pastRuns } from "../../../test/support/past-runs.ts";
import { interactionOf, recommend } from "./recommend.ts";
import type { PastRun } from "./run.ts";

const runs = pastRuns(8);
const found = recommend(runs, "f1", 0.02);

describe("recommend", () => {
  it("ranks all pairs, those within the loss first and by energy", () => {
    expect(found.ranked).toHaveLength(Object.keys(NETWORKS).length * Object.keys(MACHINES).length);
    const within = found.ranked.filter(({ isWithin }) => isWithin);
    expect(found.ranked.slice(0, within.length)).toEqual(within);
    for (const [i, each] of within.entries()) {
      expect(each.loss).toBeLessThanOrEqual(0.02);
      if (i > 0) expect(each.energyJ).toBeGreaterThanOrEqual(within[i - 1]!.energyJ);
    }
    expect(found.best).toBe(found.ranked[0]);
  });
  it("leaves out networks that lose too much, and takes them when more may be lost", () => {
    expect(found.best!.architecture).not.toBe("tiny");
    expect(recommend(runs, "f1", 0.2).best!.architecture).toBe("tiny");
  });
  it("has a Pareto front that nothing beats in both", () => {
    for (const each of found.ranked) {
      const beaten = found.ranked.some((other) => other.energyJ < each.energyJ && other.quality! > each.quality!);
      expect(each.isPareto).toBe(!beaten);
    }
  });
  it("compares with the pair of the best quality", () => {
    expect(found.reference!.loss).toBe(0);
    expect(found.best!.saving).toBeCloseTo(1 - found.best!.energyJ / found.reference!.energyJ, 12);
  });
  it("sees larger networks gain on the larger machine", () => {
    expect(found.scaling).toMatchObject({ larger: "server" });
    expect(found.scaling!.spearman).toBeLessThan(0);
  });
});

describe("interactionOf", () => {
  const additive = (extra: number): PastRun[] =>
    runs.map((run, i) => ({
      ...run,
      energyJ:
        NETWORKS[run.architecture]!.gflops *
        MACHINES[run.environment]!.gpuTdpW *
        Math.exp(0.05 * Math.sin(i * 7.3)) *
        (run.architecture === "huge" && run.environment === "office" ? extra : 1),
    }));
  it("finds none where energies are products, and one where a pair stands out", () => {
    expect(interactionOf(additive(1))!.p).toBeGreaterThan(0.01);
    const strong = interactionOf(additive(3))!;
    expect(strong.p).toBeLessThan(1e-6);
    expect(strong.partialEtaSquared).toBeGreaterThan(0.5);
    expect(strong.degrees).toEqual([8, 105]);
  });
  it("is not known without repeats or pairs", () => {
    expect(interactionOf(pastRuns(1))).toBeUndefined();
    expect(interactionOf(runs.filter(({ environment }) => environment === "desk"))).toBeUndefined();
  });
});
