// Turns and their times with a clock and a runtime that are made up: nothing is measured here.
import { describe, expect, it } from "vitest";
import { plainNetwork } from "../../test/support/quantisable.ts";
import { drawnWeights } from "../node/model.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { batchesWithin, batchLever } from "./levers/batch-size.ts";
import { trialRunner } from "./levers/runner.ts";
import { timeNetworks } from "./timing.ts";

const network = { graph: plainNetwork(), weights: drawnWeights };

/** A pass takes `passS` of its batch and of the threads of the session. */
function machine(passS: (batch: number, threads: number) => number) {
  let nowS = 0;
  const runs: number[] = [];
  const state = { open: 0 };
  const runtime: Runtime = {
    name: "made up",
    open: async (_graph, { threads = 2 } = {}) => {
      state.open++;
      return {
        run: async (feeds) => {
          const [first] = Object.values(feeds);
          runs.push(first!.shape[0]!);
          nowS += passS(first!.shape[0]!, threads);
          return {};
        },
        carried: async () => ({}),
        carriedBefore: async () => ({}),
        setCarried: async () => undefined,
        close: async () => void state.open--,
      };
    },
  };
  return { runtime, clock: { nowS: () => nowS }, runs, state };
}

describe("timeNetworks", () => {
  it("gives each network its turns, one after the other, after a warm-up that is not timed", async () => {
    const { runtime, clock, runs, state } = machine(() => 0.125);
    const sections: string[] = [];
    const plan = {
      runtime,
      clock,
      turns: 2,
      turnS: 0.5,
      warmUp: 3,
      section: async (name: string, passes: () => Promise<void>) => {
        sections.push(name);
        await passes();
      },
    };
    const { before, after } = await timeNetworks({ before: network, after: network }, plan);
    expect(sections).toEqual(["before 1/2", "after 1/2", "before 2/2", "after 2/2"]);
    expect(before.time).toEqual({ medianS: 0.125, lowS: 0.125, highS: 0.125, passes: 8, batch: 1 });
    expect(after.turns).toEqual([
      { name: "after 1/2", passes: 4 },
      { name: "after 2/2", passes: 4 },
    ]);
    expect(runs).toHaveLength(3 + 3 + 16);
    expect(state.open).toBe(0);
  });

  it("closes what it opened when a pass fails", async () => {
    const { runtime, clock, state } = machine(() => {
      throw new Error("no");
    });
    await expect(timeNetworks({ one: network }, { runtime, clock })).rejects.toThrow("no");
    expect(state.open).toBe(0);
  });
});

describe("levers over a runtime", () => {
  it("find the batch with the least time per sample", async () => {
    const { runtime, clock } = machine((batch) => 0.01 + 0.002 * batch + 0.0005 * batch ** 2);
    const run = trialRunner(network, { runtime, clock, turns: 1, turnS: 0.1 });
    const { best, current, by, verdict, savedRatio, why } = await batchLever(run);
    expect([current.value, best.value, by, verdict]).toEqual([1, 4, "time", "do"]);
    expect(best.perSampleS).toBeCloseTo((0.01 + 0.008 + 0.008) / 4);
    expect(savedRatio).toBeCloseTo(1 - 0.0065 / 0.0125);
    expect(why).toMatch(/batch 4 instead of 1: 48 % less time per sample; no meter told joules/);
  });

  it("asks for the joules of its own turns", async () => {
    const { runtime, clock } = machine(() => 0.01);
    const names: string[] = [];
    const run = trialRunner(network, {
      runtime,
      clock,
      turns: 1,
      turnS: 0.1,
      section: async (name, passes) => {
        names.push(name);
        await passes();
      },
      measure: async ({ turns }) => {
        expect(turns.map(({ name }) => name)).toEqual(names.slice(-1));
        return { perInferenceJ: 2, lowJ: 1, highJ: 3, kind: "measured", isNet: false };
      },
    });
    expect(await run({ batch: 2 })).toMatchObject({ joules: { perSampleJ: 2, kind: "measured" } });
    expect(names).toEqual(["batch 2: trial 1/1"]);
  });

  it("does not wait longer for a batch than is allowed", () => {
    expect(batchesWithin([1, 2, 8, 64], 10, 1)).toEqual([1, 2, 8]);
    expect(batchesWithin([1, 2, 8, 64], undefined, 1)).toEqual([1, 2, 8, 64]);
  });
});
