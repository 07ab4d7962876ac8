import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import { countGraph } from "../../work/count-graph.ts";
import type { Action, Subject } from "./action.ts";
import { modelledStepJ } from "./training-step.ts";
import { type ActionRun, type Bench, type BenchPlan, resolved, tryActions } from "./try.ts";

const graph = (() => {
  const b = new NetworkBuilder("n");
  b.output(b.layer("Relu", [b.input("x", ["batch", 4])]));
  return b.graph();
})();
const network = { graph, weights: async () => new Uint8Array() };

const turns = (prefix: string, seconds: number) =>
  [1, 2, 3, 4, 5].map((i) => ({ window: `${prefix} ${i}`, inferences: 10, seconds: seconds * 10 }));

function bench(more: Partial<ActionRun> = {}, threads?: number): Bench {
  const candidate = { name: "half", network, isJudged: false, ...(threads !== undefined && { threads }) };
  const run = { candidate, before: turns("before", 0.002), after: turns("after", 0.001), score: undefined };
  const make = { window: "making a", seconds: 0.5 };
  return { actions: [{ action: "a", make, runs: [run], refused: undefined, ...more }], score: undefined };
}

const clock = { windowJ: () => undefined, powerW: (threads = 4) => 10 * threads };

describe("what was tried, in joules", () => {
  it("is measured where a meter read the turns", () => {
    const windowJ = (window: string) => (window.startsWith("before") ? 8 : window.startsWith("after") ? 2 : 7);
    const { tried, base } = resolved(bench(), { ...clock, windowJ });
    const [one] = tried.get("a")!;
    expect(one).toMatchObject({ basis: "measured", madeJ: 7, ratio: { value: 0.25, low: 0.25, high: 0.25 } });
    expect(base).toMatchObject({ basis: "measured", seconds: 0.002 });
    expect(base!.perInferenceJ).toEqual([0.8, 0.8, 0.8, 0.8, 0.8]);
  });

  it("leaves out pairs that the meter missed, and is by the clock where it missed most", () => {
    const some = (missed: number) => (window: string) =>
      Number(window.at(-1)) <= missed ? undefined : window.startsWith("before") ? 8 : 4;
    expect(resolved(bench(), { ...clock, windowJ: some(2) }).tried.get("a")![0]).toMatchObject({ basis: "measured" });
    expect(resolved(bench(), { ...clock, windowJ: some(3) }).tried.get("a")![0]).toMatchObject({ basis: "estimated" });
  });

  it("is estimated by time × power without a meter: never measured", () => {
    const { tried, base } = resolved(bench(), clock);
    expect(tried.get("a")![0]).toMatchObject({ basis: "estimated", ratio: { value: 0.5 }, madeJ: 20 });
    expect(base!.perInferenceJ[0]).toBeCloseTo(0.08);
    expect(base!.basis).toBe("estimated");
  });

  it("takes less power for fewer threads", () => {
    expect(resolved(bench({}, 1), clock).tried.get("a")![0]!.ratio!.value).toBeCloseTo(0.125);
  });

  it("tells time and no joules where no power is known, and keeps refusals", () => {
    const { tried, base } = resolved(bench(), { ...clock, powerW: () => undefined });
    expect(tried.get("a")![0]).toMatchObject({ ratio: undefined, madeJ: undefined });
    expect(tried.get("a")![0]!.seconds).toEqual({ before: 0.002, after: 0.001 });
    expect(base).toBeUndefined();
    const refused = resolved(bench({ runs: [], refused: "no channels" }), clock);
    expect([...refused.refused]).toEqual([["a", "no channels"]]);
    expect(refused.tried.size).toBe(0);
  });
});

describe("a training step by model", () => {
  const b = new NetworkBuilder("dense");
  b.output(b.layer("MatMul", [b.input("x", ["batch", 8]), b.weight("w", [8, 8], { kind: "constant", value: 1 })]));
  const dense = b.graph();
  const work = countGraph(dense, { batch: 1 });
  const step = countGraph(dense, { batch: 4, phase: "training" });
  const before = { value: 2, low: 2, high: 2 };

  it("is the metric's ratio where it has one, else that of the FLOPs, per sample", () => {
    const byMacs = (one: typeof work) => ({ value: one.total.macs, low: 0, high: 0 });
    expect(modelledStepJ({ estimate: byMacs, before, work }, step)).toBeCloseTo(
      (2 * step.total.macs) / 4 / work.total.macs,
    );
    const byFlops = modelledStepJ({ estimate: () => undefined, before, work }, step);
    expect(byFlops).toBeCloseTo((2 * step.total.flops) / 4 / work.total.flops);
    expect(byFlops).toBeGreaterThan(before.value);
  });
});

describe("trying", () => {
  it("tells how many of the actions that can be tried are done", async () => {
    const told: unknown[] = [];
    const candidates = async () => [{ name: "half", network, isJudged: false }];
    const actions = [{ id: "a", candidates }, { id: "told only" }, { id: "half", candidates }] as unknown as Action[];
    const plan = {
      subject: { network, dims: {}, isHere: false } as unknown as Subject,
      clock: { nowS: () => 0 },
      judge: undefined,
      onProgress: (...state: unknown[]) => told.push(state),
    } as unknown as BenchPlan;
    const tried = await tryActions(actions, plan);
    expect(tried.actions.map(({ action }) => action)).toEqual(["a", "half"]);
    expect(told).toEqual([
      ["judging the network as it is", 0, 2],
      ["trying a, half", 0, 2],
      ["trying half", 1, 2],
    ]);
  });

  it("ends in the middle of a turn when it is asked to, with what was tried before", async () => {
    const signal = { aborted: false };
    let asked: string | undefined;
    let [nowS, passes] = [0, 0];
    // A pass takes 1 s. The user has had enough of the first pass of b.
    const run = async () => {
      nowS++;
      if (asked !== "trying b, half") return {};
      passes++;
      signal.aborted = true;
      return {};
    };
    const runtime = { open: async () => ({ run, close: async () => undefined }) };
    const candidates = async () => [{ name: "half", network, isJudged: false }];
    const actions = ["a", "b", "c"].map((id) => ({ id, candidates })) as unknown as Action[];
    const bench = await tryActions(actions, {
      subject: { network, dims: {}, isHere: true, runtime } as unknown as Subject,
      clock: { nowS: () => nowS },
      turns: 2,
      turnS: 100,
      longestPassS: 1000,
      judge: undefined,
      onProgress: (what) => {
        asked = what;
      },
      signal,
    });
    expect(passes).toBe(1);
    expect(bench.actions.map(({ action, runs, refused }) => [action, runs.length, refused])).toEqual([
      ["a", 1, undefined],
      ["b", 0, undefined],
    ]);
  });
});
