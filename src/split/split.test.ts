// Laws of cutting: halves hold together, costs add up, the minimum cut is the least of all cuts, nothing raw unless asked.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { opEnergy } from "../estimate/op-energy.ts";
import { bindDimensions } from "../graph/bind.ts";
import { NetworkBuilder } from "../graph/build.ts";
import { cutGraph } from "../graph/cut.ts";
import type { Graph } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import type { Hardware } from "../hardware/hardware.ts";
import { countWork } from "../work/count.ts";
import { costTable } from "./costs.ts";
import { chainCuts, crossingCounts, cutOf, findCut, INPUT, prefixCut } from "./cuts.ts";
import { answerOf, decide, NO_CUT, paretoFront, tradeOff } from "./decide.ts";
import { hullCuts, minimumCut } from "./minimum-cut.ts";
import { planSplit } from "./plan.ts";
import { uplink } from "./radio.ts";
import { type SentFormat, splitNetwork } from "./split-network.ts";

const sourced = (value: number) => ({ value, source: "test" });
const PROCESS: Hardware = {
  id: "process",
  name: "a process",
  kind: "process",
  aliases: [],
  peakFlopsPerS: {},
  flopsPerClockPerCore: {},
  memoryLevels: [],
  arithmetic: { float32: { addJ: sourced(0.9e-12), mulJ: sourced(3.7e-12) } },
};
const MACHINE: Hardware = {
  ...PROCESS,
  id: "machine",
  kind: "cpu",
  peakFlopsPerS: { float32: sourced(1e9) },
  memoryBytesPerS: sourced(1e9),
};

function prepared(graph: Graph, format: Partial<SentFormat> = {}) {
  const shaped = inferShapes(bindDimensions(graph).graph);
  const work = countWork(shaped);
  return { shaped, work, network: splitNetwork(shaped, work, format) };
}

/** [1, 8] → layers that read random earlier tensors. */
function randomDag(reads: readonly (readonly [number, number])[]): Graph {
  const b = new NetworkBuilder("dag");
  const made = [b.input("x", [1, 8])];
  const w = b.weight("w", [8, 8], { kind: "constant", value: 0.1 });
  for (const [left, right] of reads) {
    const from = (at: number) => made[at % made.length]!;
    made.push(b.layer("Add", [b.layer("MatMul", [from(left), w]), from(right)]));
  }
  b.output(made.at(-1)!);
  return b.graph();
}

const dags = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 5 }).map(randomDag);

/** A branching network: input → a → (b | c) → d. */
function diamond(): Graph {
  const b = new NetworkBuilder("diamond");
  const x = b.input("x", [1, 16]);
  const dense = (from: string, inputs: number, outputs: number, name: string) =>
    b.layer("MatMul", [from, b.weight(`${name}.w`, [inputs, outputs], { kind: "constant", value: 0.1 })], { name });
  const a = dense(x, 16, 64, "a");
  const left = dense(a, 64, 2, "left");
  const right = dense(a, 64, 2, "right");
  b.output(dense(b.layer("Concat", [left, right], { name: "join", attributes: { axis: 1 } }), 4, 32, "d"));
  return b.graph();
}

describe("cuts", () => {
  const { network } = prepared(diamond());
  it("are named by the layer before them, from the input to all on the device", () => {
    const cuts = chainCuts(network);
    expect(cuts.map(({ after }) => after)).toEqual([INPUT, "a", "left", "right", "join", "d"]);
    expect(cuts.map(({ sent }) => sent.length)).toEqual([1, 1, 2, 2, 1, 1]);
    expect(cuts.map(({ sentBits }) => sentBits)).toEqual([16 * 8, 64 * 32, 66 * 32, 4 * 32, 4 * 32, 32 * 32]);
    expect(cuts.map(({ isRaw }) => isRaw)).toEqual([true, false, false, false, false, false]);
    expect(chainCuts(network, 1).map(({ after }) => after)).toEqual([INPUT, "a", "join", "d"]);
    expect(() => findCut(cuts, "lfet")).toThrow(/nearest: left/);
  });
  it("count crossing tensors as they are", () => {
    fc.assert(
      fc.property(dags, (graph) => {
        const own = prepared(graph).network;
        const counts = crossingCounts(own);
        for (let at = 0; at < counts.length; at++) expect(prefixCut(own, at).sent.length).toBe(counts[at]);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
  it("send nothing when all is on the device and the answer is wanted there", () => {
    const own = prepared(diamond(), { answer: "device" }).network;
    expect(chainCuts(own).at(-1)).toMatchObject({ isLocal: true, sentBits: 0, sent: [] });
  });
  it("take fewer bits when floats are sent narrow", () => {
    const own = prepared(diamond(), { bits: 4 }).network;
    expect(findCut(chainCuts(own), "join").sentBits).toBe(4 * 4 + 64);
    expect(prefixCut(prepared(diamond(), { rawBits: 32 }).network, 0).sentBits).toBe(16 * 32);
  });
});

describe("cutGraph", () => {
  it("makes halves that take every layer once and whose seam fits", () => {
    fc.assert(
      fc.property(dags, fc.nat(12), (graph, at) => {
        const { shaped, network } = prepared(graph);
        const cut = prefixCut(network, at % (network.layers.length + 1));
        const onDevice = new Set(network.layers.filter((_, i) => cut.onDevice[i] === 1).map(({ name }) => name));
        const { device, server, crossing } = cutGraph(shaped, onDevice);
        expect(device.layers.length + server.layers.length).toBe(graph.layers.length);
        expect(server.inputs).toEqual(crossing);
        const seam = cut.sent.map((id) => network.tensors[id]!.name).filter((name) => !graph.outputs.includes(name));
        expect(new Set(crossing.filter((name) => !graph.outputs.includes(name)))).toEqual(new Set(seam));
        expect([...device.outputs, ...server.outputs]).toEqual(expect.arrayContaining([...graph.outputs]));
        // Both halves are networks that shapes can be inferred of.
        for (const half of [device, server])
          for (const name of half.outputs)
            expect(inferShapes(half).graph.tensors.get(name)?.shape).toEqual(shaped.graph.tensors.get(name)?.shape);
      }),
      { seed: 2, numRuns: 60 },
    );
  });
  it("refuses what cannot be", () => {
    const { shaped } = prepared(diamond());
    expect(() => cutGraph(shaped, new Set(["left"]))).toThrow(/reads "a:out" of the server/);
    expect(() => cutGraph(shaped, new Set(["nobody"]))).toThrow(/no layer/);
  });
  it("bakes shapes that were worked out from the input into the half that needs them", () => {
    const b = new NetworkBuilder("reshape");
    const x = b.input("x", ["batch", 4]);
    const doubled = b.layer("Mul", [x, b.constant("two", "float32", [2])], { name: "double" });
    b.output(b.layer("Reshape", [doubled, b.layer("Shape", [x], { name: "shape" })], { name: "reshape" }));
    const { shaped } = prepared(b.graph());
    const { server, crossing } = cutGraph(shaped, new Set(["double"]));
    expect(crossing).toEqual(["double:out"]);
    expect(server.layers.map(({ name }) => name)).toEqual(["reshape"]);
    expect(server.weights.get("shape:out")).toMatchObject({ kind: "inline" });
  });
});

describe("minimum cut", () => {
  it("is the least over all sets of layers that hold together", () => {
    fc.assert(
      fc.property(dags, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.boolean(), (graph, price, allowRaw) => {
        const { network } = prepared(graph);
        const { layers, tensors } = network;
        const device = Float64Array.from(layers, (_, i) => 1 + ((i * 7) % 5));
        const cost = (onDevice: Uint8Array) => {
          const cut = cutOf(network, onDevice);
          const isWhole = layers.every(
            ({ reads }, i) => onDevice[i] === 0 || reads.every((id) => (onDevice[tensors[id]!.producer] ?? 1) === 1),
          );
          if (!isWhole || (cut.isRaw && !allowRaw)) return Number.POSITIVE_INFINITY;
          return device.reduce((sum, one, i) => sum + one * onDevice[i]!, 0) + price * cut.sentBits;
        };
        let least = Number.POSITIVE_INFINITY;
        for (let set = 0; set < 2 ** layers.length; set++)
          least = Math.min(least, cost(Uint8Array.from(layers, (_, i) => (set >> i) & 1)));
        const found = minimumCut(network, device, price, { allowRaw })!;
        expect(cost(found.onDevice)).toBeCloseTo(least, 6);
        for (const corner of hullCuts(network, device, { allowRaw }))
          expect(cost(corner.onDevice)).toBeGreaterThanOrEqual(least * (1 - 1e-9));
        const best = Math.min(...hullCuts(network, device, { allowRaw }).map(({ onDevice }) => cost(onDevice)));
        expect(best / least).toBeCloseTo(1, 6);
      }),
      { seed: 3, numRuns: 40 },
    );
  });
  it("finds a cut that no order of the layers has", () => {
    // Two branches, each with its narrow place in the middle; in any order one branch is past its own or before it.
    const b = new NetworkBuilder("branches");
    const x = b.input("x", [1, 100]);
    const dense = (from: string, inputs: number, outputs: number, name: string) =>
      b.layer("MatMul", [from, b.weight(`${name}.w`, [inputs, outputs], { kind: "constant", value: 1 })], { name });
    const branch = (name: string) => {
      const narrow = dense(x, 100, 1, `${name}/narrow`);
      return dense(dense(narrow, 1, 100, `${name}/wide`), 100, 100, `${name}/heavy`);
    };
    b.output(b.layer("Add", [branch("p"), branch("q")], { name: "add" }));
    const { network } = prepared(b.graph());
    const found = minimumCut(
      network,
      Float64Array.from(network.layers, () => 1),
      1,
    )!;
    expect(found).toMatchObject({ after: "p/narrow + q/narrow", sentBits: 64, layers: 2 });
    expect(chainCuts(network).some(({ sentBits }) => sentBits === 64)).toBe(false);
  });
});

describe("decision", () => {
  const { shaped, work } = prepared(diamond());
  const device = { hardware: MACHINE, metric: opEnergy };
  const planned = planSplit(shaped, work, { device, server: device });
  const { table } = planned;
  const link = uplink({ bandwidthHz: 15e3 });
  it("is the least of all cuts at any rate, and its numbers add up", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e3, noNaN: true }), (gain) => {
        const rate = link.rateBps(gain);
        const answers = table.cuts.map((_, cut) => answerOf(table, cut, rate, link.sending));
        const best = decide(table, rate, link.sending);
        const least = Math.min(...answers.map(({ totalJ }) => totalJ));
        expect(answers[best]!.totalJ).toBe(least);
        for (const one of answers) {
          expect(one.deviceJ + one.radioJ).toBe(one.totalJ);
          expect(one.radioJ / (1e-3 * one.airtimeS)).toBeCloseTo(1, 9);
        }
        const front = paretoFront(answers, table.bits);
        expect(answers[front[0]!]!.totalJ).toBe(least);
        for (const one of answers)
          expect(
            front.some((cut) => answers[cut]!.totalJ <= one.totalJ && answers[cut]!.latencyS! <= one.latencyS!),
          ).toBe(true);
      }),
      { seed: 4, numRuns: 60 },
    );
  });
  it("stays local when nothing gets through", () => {
    expect(link.rateBps(0)).toBe(0);
    expect(decide(table, 0, link.sending)).toBe(table.local);
    expect(answerOf(table, table.local, 0, link.sending)).toMatchObject({ radioJ: 0 });
    expect(answerOf(table, 0, 0, link.sending)).toMatchObject({ radioJ: Number.POSITIVE_INFINITY });
  });
  it("keeps a deadline, and says when none can be kept", () => {
    const rate = link.rateBps(1);
    const free = decide(table, rate, link.sending);
    const times = table.cuts.map((_, cut) => answerOf(table, cut, rate, link.sending).latencyS!);
    const tight = Math.min(...times);
    const chosen = decide(table, rate, link.sending, { maxLatencyS: tight });
    expect(times[chosen]).toBe(tight);
    expect(decide(table, rate, link.sending, { maxLatencyS: times[free]! })).toBe(free);
    expect(decide(table, rate, link.sending, { maxLatencyS: tight / 2 })).toBe(NO_CUT);
    expect(decide(table, 0, link.sending, { maxLatencyS: tight / 1e6 })).toBe(NO_CUT);
  });
  it("does not offer the raw input unless asked", () => {
    expect(table.cuts.some(({ isRaw }) => isRaw)).toBe(false);
    expect(planned.all.cuts[planned.raw!]).toMatchObject({ after: INPUT, isRaw: true });
    const open = planSplit(shaped, work, { device, allowRaw: true });
    expect(open.table.cuts[0]!.after).toBe(INPUT);
    expect(open.table.deviceJ[0]).toBe(0);
  });
  it("has no times for a process, and refuses a metric without numbers", () => {
    const { table: timeless } = planSplit(shaped, work, { device: { hardware: PROCESS, metric: opEnergy } });
    expect(answerOf(timeless, 0, 1e3, link.sending).latencyS).toBeUndefined();
    const bare = { ...MACHINE, arithmetic: {} };
    expect(() => planSplit(shaped, work, { device: { hardware: bare, metric: opEnergy } })).toThrow(/needs arithmetic/);
    expect(() =>
      costTable([], { hardware: "", metric: "", energyJ: new Float64Array(), durationS: undefined, assumptions: [] }),
    ).toThrow(/all layers/);
  });
  it("weighs loss against joules", () => {
    const candidates = [
      { name: "dense", loss: 0.05, energyJ: 3e-4 },
      { name: "pruned", loss: 0.06, energyJ: 1e-4 },
    ];
    expect(tradeOff(candidates, 1)?.name).toBe("dense");
    expect(tradeOff(candidates, 0)?.name).toBe("pruned");
    expect(tradeOff(candidates, 0.001)?.name).toBe("pruned");
    expect(tradeOff([], 0.5)).toBeUndefined();
  });
});
