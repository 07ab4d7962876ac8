// Quantised networks against their float originals in ONNX Runtime itself, and against the rules of the format. Weights are drawn.
import { describe, expect, it } from "vitest";
import { normalisedNetwork, plainNetwork } from "../../../test/support/quantisable.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { type DataSet, dataSet } from "../../learn/data/data-set.ts";
import { seededRandom } from "../../math/random.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { countGraph } from "../../work/count-graph.ts";
import { outputDifference } from "../difference.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { type QuantiseSpec, quantise } from "./quantise.ts";

const runtime = onnxRuntime();

function samplesFor(graph: Graph, count = 16): DataSet {
  const random = seededRandom(5);
  const shape = graph.tensors.get(graph.inputs[0]!)!.shape!.slice(1) as number[];
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size * count }, () => random.uniform());
  return dataSet("random", [{ role: "data", name: "x", shape, values, scale: 1 }]);
}

const networkOf = (graph: Graph): WeightedNetwork => ({ graph, weights: drawnWeights });
const ops = ({ graph }: WeightedNetwork) => graph.layers.map(({ op }) => op);
const staticSpec = (set: DataSet, more: object = {}): QuantiseSpec => ({
  to: "int8-static",
  calibration: { runtime, set, samples: 8 },
  ...more,
});

/** Largest difference of the outputs that is accepted, as a share of their size (root mean square). */
const TOLERANCE = { static: 0.03, channel: 0.02, dynamic: 0.03, half: 0.001 } as const;

describe.each([
  ["convolutions and dense layers", plainNetwork],
  ["batch normalisation, residual, depthwise and pooling", normalisedNetwork],
])("quantise: %s", (_name, build) => {
  const network = networkOf(build());
  const set = samplesFor(network.graph);
  const before = countGraph(network.graph, { batch: 1 }).total;
  const specs: readonly (readonly [string, QuantiseSpec, number, number])[] = [
    ["int8-static", staticSpec(set), TOLERANCE.static, 0.27],
    ["int8-static, int8 activations", staticSpec(set, { activation: "int8" }), TOLERANCE.static, 0.27],
    ["int8-static per channel", staticSpec(set, { perChannel: true }), TOLERANCE.channel, 0.27],
    ["int8-dynamic", { to: "int8-dynamic" }, TOLERANCE.dynamic, 0.27],
    // A scale per channel is a number to be stored too, and these networks are small.
    ["int8-dynamic per channel", { to: "int8-dynamic", perChannel: true }, TOLERANCE.dynamic, 0.35],
    ["float16", { to: "float16" }, TOLERANCE.half, 0.51],
  ];
  it.each(specs)(
    "%s: same answers within tolerance, the bytes fall, the work stays",
    async (_to, spec, tolerance, share) => {
      const { network: made, layers } = await quantise(network, spec);
      const { relativeRms, samples } = await outputDifference(network, made, { runtime, set });
      expect(samples).toBe(16);
      expect(relativeRms).toBeGreaterThan(0);
      expect(relativeRms).toBeLessThan(tolerance);
      const after = countGraph(made.graph, { batch: 1 });
      expect(after.unknown).toEqual([]);
      expect(after.total.macs).toBe(before.macs);
      expect(after.total.weightBytes / before.weightBytes).toBeLessThan(share);
      expect(layers).toBe(network.graph.layers.filter(({ op }) => op === "Conv" || op === "Gemm").length);
      expect(made.graph.inputs).toEqual(network.graph.inputs);
      expect(made.graph.outputs).toEqual(network.graph.outputs);
      expect(made.graph.tensors.get(made.graph.inputs[0]!)).toMatchObject({ dtype: "float32" });
      expect(made.graph.layers.every(({ domain }) => domain === "")).toBe(true);
    },
  );

  it("goes on in codes from the first layer to the last", async () => {
    const { network: made } = await quantise(network, staticSpec(set));
    const { layers } = countGraph(made.graph, { batch: 1 });
    expect(layers.filter(({ macs, dtype }) => macs > 0 && dtype !== "uint8")).toEqual([]);
    const real = layers.filter(({ op, flops }) => op === "DequantizeLinear" && flops > 0);
    expect(real).toEqual([]);
  });

  it("gives the same for the same samples, and every calibration works", async () => {
    const { ranges } = await quantise(network, staticSpec(set));
    expect((await quantise(network, staticSpec(set))).ranges).toEqual(ranges);
    for (const kind of ["percentile", "entropy"] as const) {
      const told: (readonly [number, number])[] = [];
      const onProgress = (done: number, total: number) => told.push([done, total]);
      const spec = staticSpec(set, { calibration: { runtime, set, samples: 8, kind, onProgress } });
      const { network: made, ranges: clipped } = await quantise(network, spec);
      expect(told.at(-1)).toEqual([16, 16]); // twice 8: the range, then its histogram
      expect((await outputDifference(network, made, { runtime, set })).relativeRms).toBeLessThan(0.5);
      for (const [tensor, { low, high }] of clipped) {
        expect(low).toBeGreaterThanOrEqual(ranges.get(tensor)!.low);
        expect(high).toBeLessThanOrEqual(ranges.get(tensor)!.high);
      }
    }
  });
});

describe("quantise", () => {
  const network = networkOf(plainNetwork());
  const set = samplesFor(network.graph);

  it("leaves layers in float that are to be kept", async () => {
    const { network: made, layers } = await quantise(network, staticSpec(set, { keep: ["fc2"] }));
    expect(layers).toBe(3);
    const kept = made.graph.layers.find(({ name }) => name === "fc2")!;
    expect(made.graph.weights.has(kept.inputs[1]!)).toBe(true);
    expect(made.graph.tensors.get(kept.inputs[1]!)?.dtype).toBe("float32");
    expect((await quantise(network, staticSpec(set, { keepEnds: true }))).layers).toBe(2);
    const half = await quantise(network, { to: "float16", keep: ["conv1"] });
    expect(half.layers).toBe(3);
    expect((await outputDifference(network, half.network, { runtime, set })).relativeRms).toBeLessThan(TOLERANCE.half);
  });

  it("shares one range where numbers are only moved, and starts it at zero after a ReLU", async () => {
    const { network: made } = await quantise(network, staticSpec(set));
    const pool = made.graph.layers.find(({ name }) => name === "pool1")!;
    const makers = new Map(made.graph.layers.map((layer) => [layer.outputs[0]!, layer]));
    const before = makers.get(pool.inputs[0]!)!;
    const after = made.graph.layers.find(({ inputs }) => inputs[0] === pool.outputs[0])!;
    expect([before.op, after.op]).toEqual(["DequantizeLinear", "QuantizeLinear"]);
    expect(after.inputs.slice(1)).toEqual(before.inputs.slice(1));
    expect((await readWeight(made, before.inputs[2]!)).data[0]).toBe(0);
  });

  it("writes codes of weights in 7 bits on demand", async () => {
    const { network: made } = await quantise(network, staticSpec(set, { reduceRange: true }));
    const codes = [...made.graph.tensors].filter(([name, { dtype }]) => dtype === "int8" && /weight\/codes/.test(name));
    expect(codes).toHaveLength(4);
    for (const [name] of codes) {
      const { data } = await readWeight(made, name);
      expect((data as Int8Array).reduce((most, code) => Math.max(most, Math.abs(code)), 0)).toBe(63);
    }
  });

  it("uses integer products only where it is dynamic", async () => {
    const { network: made } = await quantise(network, { to: "int8-dynamic" });
    expect(ops(made)).toContain("ConvInteger");
    expect(ops(made)).toContain("MatMulInteger");
    expect(ops(made)).not.toContain("Conv");
    expect(ops(made).filter((op) => op === "DynamicQuantizeLinear")).toHaveLength(4);
  });

  it("keeps a symbolic batch, and the last Softmax in full precision", async () => {
    const { network: made } = await quantise(network, { to: "float16" });
    expect(made.graph.tensors.get(made.graph.inputs[0]!)?.shape?.[0]).toBe("batch");
    expect(made.graph.layers.at(-1)).toMatchObject({ op: "Softmax" });
    expect(made.graph.layers.at(-2)).toMatchObject({ op: "Cast" });
  });

  it("brings an old operator set to one that has scales per axis", async () => {
    const graph: Graph = { ...network.graph, opsets: new Map([["", 12]]) };
    const plain = { ...graph, layers: graph.layers.slice(0, -1), outputs: [graph.layers.at(-2)!.outputs[0]!] };
    const made = await quantise(networkOf(plain), staticSpec(set, { perChannel: true }));
    expect(made.network.graph.opsets.get("")).toBeGreaterThanOrEqual(13);
    expect((await outputDifference(networkOf(plain), made.network, { runtime, set })).relativeRms).toBeLessThan(0.02);
  });

  it("says what cannot be quantised", async () => {
    const b = new NetworkBuilder("bare");
    b.output(b.layer("Relu", [b.input("x", ["batch", 4])]));
    const bare = networkOf(b.graph());
    for (const to of ["int8-dynamic", "float16"] as const)
      await expect(quantise(bare, { to })).rejects.toMatchObject({ code: "nothing-to-quantise" });
    const half = await quantise(network, { to: "float16" });
    await expect(quantise(half.network, { to: "int8-dynamic" })).rejects.toMatchObject({ code: "not-float32" });
    const int8 = await quantise(network, { to: "int8-dynamic" });
    await expect(quantise(int8.network, { to: "int8-dynamic" })).rejects.toMatchObject({ code: "nothing-to-quantise" });
    await expect(quantise(network, { to: "int8-dynamic", keep: ["conv9"] })).rejects.toMatchObject({
      code: "unknown-layer",
    });
    const all = { to: "int8-dynamic", keep: ["conv1", "conv2", "fc1", "fc2"] } as const;
    await expect(quantise(network, all)).rejects.toMatchObject({ code: "nothing-to-quantise" });
    const none = staticSpec(set, { calibration: { runtime, set, samples: 0 } });
    await expect(quantise(network, none)).rejects.toMatchObject({ code: "no-samples" });
  });

  it("keeps a layer in float32 whose numbers half precision cannot hold", async () => {
    const b = new NetworkBuilder("large");
    const x = b.input("x", ["batch", 3]);
    const large = b.weight("large", [3, 2], { kind: "constant", value: 1e6 });
    const y = b.layer("MatMul", [x, large], { name: "first" });
    const small = b.weight("small", [2, 2], { kind: "constant", value: 1e-6 });
    b.output(b.layer("MatMul", [y, small], { name: "second" }));
    const own = networkOf(b.graph());
    const { network: made, layers } = await quantise(own, { to: "float16" });
    expect(layers).toBe(1);
    expect(made.graph.layers.find(({ name }) => name === "first")?.inputs).toEqual(["x", "large"]);
  });

  it("refuses activations that are not finite", async () => {
    const b = new NetworkBuilder("wild");
    const x = b.layer("Log", [b.input("x", ["batch", 3])]);
    b.output(b.layer("MatMul", [x, b.weight("w", [3, 2], { kind: "uniform", bound: 1, seed: 1 })]));
    const values = Float32Array.of(1, 0, 2);
    const zero = dataSet("zero", [{ role: "data", name: "x", shape: [3], values, scale: 1 }]);
    const spec = staticSpec(zero, { calibration: { runtime, set: zero } });
    await expect(quantise(networkOf(b.graph()), spec)).rejects.toMatchObject({ code: "not-finite" });
  });
});

describe("weights", () => {
  const network = networkOf(plainNetwork());
  const withBias = async (bias: number) => {
    const type = await readWeight(network, "conv1/bias");
    const data = Float32Array.from({ length: 8 }, (_, i) => (i === 3 ? bias : 0.1));
    return withWeights(network, new Map([["conv1/bias", { ...type, data }]]));
  };

  it.each([false, true])(
    "get scales by which a large bias still fits into 32 bits (per channel %s)",
    async (perChannel) => {
      const large = await withBias(-3e5);
      const set = samplesFor(network.graph);
      const calibration = { runtime, set, samples: 8 };
      const { network: made } = await quantise(large, { to: "int8-static", perChannel, calibration });
      const codes = await readWeight(made, "conv1/bias/codes");
      const scales = await readWeight(made, "conv1/bias/scale");
      const back = Number(codes.data[3]) * Number(scales.data[perChannel ? 3 : 0]);
      expect(back / -3e5).toBeCloseTo(1, 3);
      expect(Math.abs(Number(codes.data[3]))).toBeLessThanOrEqual(2 ** 30 * 1.001);
    },
  );

  it("that are not finite are refused", async () => {
    await expect(quantise(await withBias(Number.NaN), { to: "int8-dynamic" })).rejects.toMatchObject({
      code: "not-finite",
      message: expect.stringContaining('"conv1"'),
    });
  });
});
