import { describe, expect, it } from "vitest";
import { estimateAll } from "../../../estimate/estimate.ts";
import { METRICS } from "../../../estimate/table.ts";
import { NetworkBuilder } from "../../../graph/build.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { exact, type Range } from "../../../units/range.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { WorkReport } from "../../../work/work.ts";
import type { AdviceContext, Tried } from "../action.ts";
import { advise } from "../advise.ts";
import { bottleneckOf } from "../bottleneck.ts";
import { inType, narrower } from "../what-if.ts";
import { ACTIONS } from "./table.ts";

const sourced = (value: number) => ({ value, source: "[made up]" });

/** A device whose balance is `balance` FLOPs per byte. */
function device(balance: number, more: Partial<Hardware> = {}): Hardware {
  return {
    id: "made",
    name: "Made Up",
    kind: "cpu",
    aliases: [],
    peakFlopsPerS: { float32: sourced(1e12) },
    flopsPerClockPerCore: {},
    memoryBytesPerS: sourced(1e12 / balance),
    tdpW: sourced(100),
    idleW: sourced(10),
    memoryLevels: [],
    arithmetic: {},
    ...more,
  };
}

function dense(): ReturnType<NetworkBuilder["graph"]> {
  const b = new NetworkBuilder("dense");
  let x: string = b.input("x", ["batch", 256], "float32");
  for (const i of [1, 2, 3]) {
    const w = b.weight(`w${i}`, [256, 256], { kind: "constant", value: 1 });
    x = b.layer("Relu", [b.layer("MatMul", [x, w], { name: `dense${i}` })]);
  }
  b.output(x);
  return b.graph();
}

const GRAPH = dense();
const WORK = countGraph(GRAPH, { batch: 1 });

function context(hardware: Hardware, more: Partial<AdviceContext> = {}): AdviceContext {
  const roofline = METRICS.filter(({ id }) => id === "roofline");
  const estimate = (work: WorkReport): Range | undefined => {
    const [answer] = estimateAll(work, [hardware], roofline).estimates;
    return answer && { value: answer.energyJ, low: answer.lowJ, high: answer.highJ };
  };
  return {
    use: { ratePerS: 50, horizonS: 3e7 },
    maxWaitS: 1,
    maxLoss: 0.005,
    before: estimate(WORK) ?? exact(1),
    beforeBasis: "estimated",
    work: WORK,
    workOf: (batch) => countGraph(GRAPH, { batch }),
    foldable: new Set(),
    estimate,
    skippingZeros: (work, ratio) => exact(work.total.macs * ratio * 1e-12),
    device: hardware,
    isHere: false,
    processor: { isFast: undefined, found: [], saturates: false },
    bottleneck: bottleneckOf(WORK, hardware),
    cores: 4,
    seconds: undefined,
    tried: new Map(),
    refused: new Map(),
    training: { perSampleJ: 1e-3, basis: "estimated", samples: 1000, epochs: 3 },
    move: undefined,
    power: undefined,
    ...more,
  };
}

const of = (all: AdviceContext, action: string) => advise(all).actions.find((one) => one.action === action);

const tried = (name: string, ratio: number, more: Partial<Tried> = {}): Tried => ({
  candidate: { name },
  ratio: { value: ratio, low: ratio * 0.98, high: ratio * 1.02 },
  basis: "measured",
  seconds: { before: 1e-3, after: 1e-3 * ratio },
  score: { before: { loss: 0.1, accuracy: 0.97 }, after: { loss: 0.1, accuracy: 0.969 } },
  madeJ: 2,
  ...more,
});

const here = (more: Partial<AdviceContext> = {}) =>
  context(device(1), { isHere: true, before: exact(0.01), beforeBasis: "measured", ...more });

describe("what binds", () => {
  it("is memory below the device's balance and arithmetic above it", () => {
    expect(bottleneckOf(WORK, device(50))?.binds).toBe("memory");
    expect(bottleneckOf(WORK, device(0.01))?.binds).toBe("compute");
    expect(bottleneckOf(WORK, device(50), 1)?.binds).toBe("overhead");
    expect(bottleneckOf(WORK, device(50, { peakFlopsPerS: {} }))).toBeUndefined();
  });

  it("decides what fewer bytes and fewer operations save", () => {
    const bound = context(device(50));
    const free = context(device(0.001));
    // Without an int8 rate only bytes are saved: nearly three quarters where memory binds, nothing where arithmetic does.
    expect(of(bound, "int8-static")!.saving!.saved.value / bound.before.value).toBeGreaterThan(0.6);
    expect(of(bound, "int8-static")!.why).toMatch(/memory binds here: fewer bytes help, fewer MACs alone do not/);
    expect(of(free, "int8-static")).toMatchObject({
      verdict: "will not help",
      why: expect.stringMatching(/no int8 rate/),
    });
    expect(of(bound, "batch-size")!.saving!.saved.value / bound.before.value).toBeGreaterThan(0.8);
    expect(of(free, "batch-size")!.verdict).toBe("will not help");
  });
});

describe("work that would be", () => {
  it("keeps operations and takes bytes in another type", () => {
    const int8 = inType(WORK, "int8");
    expect(int8.total.macs).toBe(WORK.total.macs);
    expect(int8.total.weightBytes).toBe(WORK.total.weightBytes / 4);
    expect(inType(WORK, "int8", true).total.writtenBytes).toBe(WORK.total.writtenBytes);
  });

  it("falls with the square of the width inside, and with the width at the ends", () => {
    const half = narrower(WORK, 0.5);
    const each = 256 * 256;
    expect(half.total.macs).toBe(each / 2 + each / 4 + each / 2);
    expect(half.total.flops).toBeLessThan(WORK.total.flops);
    expect(narrower(WORK, 1).total).toEqual(WORK.total);
  });
});

describe("actions", () => {
  it("are all told of, each once, with its reason", () => {
    const { actions, unsaid } = advise(context(device(1)));
    const ids = [...actions.map(({ action }) => action), ...unsaid.map(({ action }) => action)];
    expect(ids.toSorted()).toEqual(ACTIONS.map(({ id }) => id).toSorted());
    for (const { why } of [...actions, ...unsaid]) expect(why.length).toBeGreaterThan(10);
  });

  it("never say do for a device that is not here, nor call it measured", () => {
    for (const { verdict, saving } of advise(context(device(50))).actions) {
      expect(verdict).not.toBe("do");
      expect(saving?.basis ?? "estimated").toBe("estimated");
    }
  });

  it("unstructured zeros save nothing on a dense runtime; both numbers are told", () => {
    const all = here();
    const zeros = of(all, "prune-unstructured")!;
    expect(zeros).toMatchObject({ verdict: "will not help", savedJ: 0, payBack: undefined });
    expect(zeros.numbers!.skippingZerosAfterJ! / zeros.numbers!.skippingZerosBeforeJ!).toBeCloseTo(0.1);
    expect(zeros.why).toMatch(/multiplies zeros.*hardware that skips zeros would need/);
  });

  it("int8 without VNNI will not help, unless the clock says so", () => {
    const slow = { isFast: false, found: [], saturates: true };
    expect(of(here({ processor: slow }), "int8-static")).toMatchObject({
      verdict: "will not help",
      why: expect.stringMatching(/no 8-bit products \(VNNI/),
    });
    const trial = new Map([["int8-static", [tried("int8-static", 1.3)]]]);
    expect(of(here({ processor: slow, tried: trial }), "int8-static")!.why).toMatch(/no fewer joules.*VNNI/);
    const faster = new Map([["int8-static", [tried("int8-static", 0.6)]]]);
    expect(of(here({ processor: slow, tried: faster }), "int8-static")).toMatchObject({ verdict: "do", costJ: 2 });
  });

  it("take the best of what was tried, and keep measured apart from estimated", () => {
    const trials = [tried("batch 2", 0.8), tried("batch 8", 0.5), tried("batch 16", 0.6)].map((one, i) => ({
      ...one,
      candidate: { name: one.candidate.name, batch: [2, 8, 16][i]! },
      score: undefined,
    }));
    const { change, saving, verdict, why } = of(here({ tried: new Map([["batch-size", trials]]) }), "batch-size")!;
    expect({ change, verdict }).toEqual({ change: "batch 8", verdict: "do" });
    expect(saving).toMatchObject({ basis: "measured", isTried: true, after: { value: 0.005 } });
    expect(why).toMatch(/first sample waits 140 ms/);
    const modelled = tried("threads 1", 0.5, { basis: "estimated", score: undefined });
    expect(of(here({ tried: new Map([["threads", [modelled]]]) }), "threads")!.verdict).toBe("perhaps");
  });

  it("batches will not help where samples come too seldom", () => {
    const seldom = here({ use: { ratePerS: 0.5, horizonS: 1e6 } });
    expect(of(seldom, "batch-size")).toMatchObject({
      verdict: "will not help",
      why: expect.stringMatching(/second sample comes only after 2.00 s/),
    });
  });

  it("batch normalisation that is folded, or that the runtime folds, will not help", () => {
    expect(of(here(), "fold-batch-norm")!.why).toMatch(/no batch normalisation follows/);
    const foldable = new Set([WORK.layers[1]!.name]);
    expect(of(here({ foldable }), "fold-batch-norm")!.why).toMatch(/ONNX Runtime folds/);
    const elsewhere = of(context(device(50), { foldable }), "fold-batch-norm")!;
    expect(elsewhere.verdict).not.toBe("do");
    expect(elsewhere.saving!.saved.value).toBeGreaterThan(0);
  });

  it("distilling will not help where it has paid only beyond the horizon", () => {
    const rare = context(device(50), { use: { ratePerS: 0.001, horizonS: 86_400 } });
    expect(of(rare, "distil-smaller")).toMatchObject({
      verdict: "will not help",
      why: expect.stringMatching(/paid only after .* beyond the horizon of 24.0 h|1.00 days/),
    });
    const often = of(context(device(50)), "distil-smaller")!;
    expect(often.verdict).toBe("perhaps");
    expect(often.payBack!.inferences * often.saving!.saved.value).toBeCloseTo(often.costJ!, 6);
  });

  it("what the network does not allow is refused with that reason", () => {
    const refused = new Map([["prune-structured", "no channel can be removed"]]);
    expect(of(here({ refused }), "prune-structured")).toMatchObject({
      verdict: "will not help",
      why: "no channel can be removed",
    });
  });

  it("a power cap is advice by model, within a fifth more time", () => {
    const all = context(device(1), { power: { activeW: 100, idleW: 10, basis: "estimated" } });
    const cap = of(all, "power-cap")!;
    expect(cap).toMatchObject({ verdict: "perhaps", costJ: 0 });
    expect(cap.numbers!.slowdown).toBeLessThanOrEqual(1.2 + 1e-9);
    expect(cap.why).toMatch(/nothing is set here/);
    const idle = context(device(1), { power: { activeW: 100, idleW: 99, basis: "estimated" } });
    expect(of(idle, "power-cap")!.verdict).toBe("will not help");
  });

  it("another grid saves CO2e and no joule", () => {
    const move = { from: { name: "A", kgPerKwh: 0.4 }, to: { name: "B", kgPerKwh: 0.1 } };
    expect(of(context(device(1), { move }), "move-region")).toMatchObject({
      verdict: "perhaps",
      savedJ: 0,
      carbonRatio: 0.75,
      why: expect.stringMatching(/no joules are saved, but 75.0 % of the CO2e/),
    });
    const back = { from: move.to, to: move.from };
    expect(of(context(device(1), { move: back }), "move-region")!.verdict).toBe("will not help");
  });
});
