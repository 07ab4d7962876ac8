// Removing what is dead changes nothing but the size: on ONNX Runtime, over networks with every kind of join.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { seededRandom } from "../../math/random.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { lengthOf, type Tensor } from "../../runtime/tensor.ts";
import { countGraph } from "../../work/count-graph.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import {
  add,
  averagePool,
  batchNorm,
  concat,
  conv,
  flatten,
  globalAveragePool,
  linear,
  maxPool,
  relu,
} from "../../zoo/pieces.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { removeDead } from "./dead.ts";
import { countNonzero } from "./sparsity.ts";

const weighted = (graph: Graph): WeightedNetwork => ({ graph, weights: drawnWeights });

async function answers({ graph, weights }: WeightedNetwork, batch = 2): Promise<Float32Array> {
  const random = seededRandom(7);
  const session = await onnxRuntime().open(graph, { weights, threads: 1 });
  const feeds = Object.fromEntries(
    graph.inputs.map((name) => {
      const shape = graph.tensors.get(name)!.shape!.map((dim) => (typeof dim === "number" ? dim : batch));
      const data = Float32Array.from({ length: lengthOf(shape) }, () => random.normal());
      return [name, { dtype: "float32", shape, data } satisfies Tensor];
    }),
  );
  const given = (await session.run(feeds))[graph.outputs[0]!]!;
  await session.close();
  return Float32Array.from(given.data as Float32Array);
}

/** Sets slices of a weight along an axis to zero. */
async function zeroed(network: WeightedNetwork, name: string, axis: number, indices: readonly number[]) {
  const tensor = await readWeight(network, name);
  const inner = lengthOf(tensor.shape.slice(axis + 1));
  const data = (tensor.data as Float32Array).map((value, at) =>
    indices.includes(Math.floor(at / inner) % tensor.shape[axis]!) ? 0 : value,
  );
  return withWeights(network, new Map([[name, { ...tensor, data }]]));
}

async function allZeroed(network: WeightedNetwork, slices: readonly (readonly [string, number, readonly number[]])[]) {
  let now = network;
  for (const [name, axis, indices] of slices) now = await zeroed(now, name, axis, indices);
  return now;
}

async function expectSame(before: WeightedNetwork, after: WeightedNetwork): Promise<void> {
  const [a, b] = [await answers(before), await answers(after)];
  expect(b.length).toBe(a.length);
  const scale = Math.max(...a.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  for (const [i, value] of a.entries()) expect(Math.abs(b[i]! - value)).toBeLessThan(2e-6 * Math.max(1, scale));
}

const params = ({ graph }: WeightedNetwork): number => countGraph(graph, { batch: 1 }).total.params;

/** conv → pool → conv → flatten → dense → dense. */
function plain(pad: number): Graph {
  const b = new NetworkBuilder("plain", 3);
  let x = b.input("input", ["batch", 2, 9, 9]);
  x = maxPool(b, relu(b, conv(b, x, 6, { name: "conv1", kernel: 3, pad: 1 }), "relu1"), { kernel: 2, ceil: true });
  x = relu(b, conv(b, x, 5, { name: "conv2", kernel: 3, pad }), "relu2");
  x = relu(b, linear(b, flatten(b, x), 8, "fc1"), "relu3");
  b.output(linear(b, x, 4, "fc2"));
  return b.graph();
}

describe("removeDead", () => {
  it("removes neurons that nobody reads", async () => {
    const before = await allZeroed(weighted(plain(0)), [["fc2/weight", 1, [0, 3, 5]]]);
    const { network, removed } = await removeDead(before);
    expect([...removed]).toEqual([["fc1", 3]]);
    expect(params(before) - params(network)).toBe(3 * (5 * 9 + 1 + 4));
    await expectSame(before, network);
  });

  it("takes neurons that are constant into the next bias", async () => {
    const before = await allZeroed(weighted(plain(0)), [
      ["fc1/weight", 0, [1, 2]],
      ["conv2/weight", 0, [4]],
      ["conv1/weight", 0, [0, 1, 2, 3]],
    ]);
    const { network, removed } = await removeDead(before);
    expect([...removed]).toEqual([
      ["conv1", 4],
      ["conv2", 1],
      ["fc1", 2],
    ]);
    await expectSame(before, network);
  });

  it("takes constants through a Gemm that scales its product and its bias", async () => {
    const b = new NetworkBuilder("scaled", 3);
    const hidden = relu(b, linear(b, b.input("input", ["batch", 4]), 5, "fc1"));
    const weight = b.weight("fc2/weight", [5, 3], { kind: "uniform", bound: 1, seed: 5 });
    const bias = b.weight("fc2/bias", [3], { kind: "uniform", bound: 1, seed: 6 });
    b.output(b.layer("Gemm", [hidden, weight, bias], { name: "fc2", attributes: { alpha: 0.3, beta: 1.7 } }));
    const before = withWeights(
      await zeroed(weighted(b.graph()), "fc1/weight", 0, [1, 2]),
      new Map([["fc1/bias", { dtype: "float32", shape: [5], data: new Float32Array([0.1, 0.8, 0.9, -0.1, 0.2]) }]]),
    );
    const { network, removed } = await removeDead(before);
    expect([...removed]).toEqual([["fc1", 2]]);
    await expectSame(before, network);
  });

  it("keeps a constant channel before a padded convolution, unless it is zero", async () => {
    const bias = new Float32Array([-1, 0.5, 0.5, 0.5, 0.5, 0.5]);
    const dead = await zeroed(weighted(plain(1)), "conv1/weight", 0, [0, 1]);
    const before = withWeights(dead, new Map([["conv1/bias", { dtype: "float32", shape: [6], data: bias }]]));
    const { network, removed } = await removeDead(before);
    // ReLU makes −1 zero, which padding is too; 0.5 is not what the padding is.
    expect([...removed]).toEqual([["conv1", 1]]);
    await expectSame(before, network);
  });

  it("follows one death to the next", async () => {
    const before = await allZeroed(weighted(plain(0)), [
      ["fc2/weight", 1, [0, 1, 2, 3, 4, 5, 6]],
      ["fc1/weight", 1, []],
    ]);
    const only = await zeroed(
      before,
      "fc1/weight",
      1,
      Array.from({ length: 2 * 9 }, (_, i) => i),
    );
    const { removed } = await removeDead(only);
    expect(removed.get("fc1")).toBe(7);
    expect(removed.get("conv2")).toBe(2);
  });

  it("leaves one channel of a layer that is dead as a whole", async () => {
    const before = await allZeroed(weighted(plain(0)), [["fc1/weight", 0, [0, 1, 2, 3, 4, 5, 6, 7]]]);
    const { network, removed } = await removeDead(before);
    expect(removed.get("fc1")).toBe(7);
    await expectSame(before, network);
  });

  it("keeps additions, concatenations, normalisations and depthwise filters together", async () => {
    const b = new NetworkBuilder("joins", 5);
    const input = b.input("input", ["batch", 3, 8, 8]);
    const stem = relu(b, batchNorm(b, conv(b, input, 6, { name: "stem", kernel: 3 }), "bn1"), "relu1");
    const branch = conv(b, stem, 6, { name: "branch", kernel: 1 });
    const sum = relu(b, add(b, stem, branch), "relu2");
    const depth = conv(b, sum, 6, { name: "depth", kernel: 3, groups: 6 });
    const other = conv(b, sum, 4, { name: "other", kernel: 3 });
    const pooled = averagePool(b, concat(b, [depth, other]), { kernel: 2 });
    const grouped = conv(b, pooled, 8, { name: "grouped", kernel: 1, groups: 2 });
    b.output(linear(b, flatten(b, globalAveragePool(b, grouped)), 4, "fc"));
    const before = await allZeroed(weighted(b.graph()), [
      ["stem/weight", 0, [0, 1]],
      ["branch/weight", 0, [0, 1, 2]],
      ["other/weight", 0, [3]],
      ["fc/weight", 1, [2, 6]],
      ["grouped/weight", 1, [0]],
    ]);
    const { network, removed } = await removeDead(before);
    // The grouped convolution reads channels 0 and 5 with zeros; both must be free to go: 0 is, joined with 5.
    expect(removed.get("grouped")).toBe(1);
    expect(params(network)).toBeLessThan(params(before));
    await expectSame(before, network);
  });

  it("adds a bias where there was none, after a matrix product too", async () => {
    const b = new NetworkBuilder("product", 2);
    const x = b.input("input", ["batch", 5, 6]);
    const w1 = b.weight("w1", [6, 7], { kind: "normal", std: 1, seed: 1 });
    const b1 = b.weight("b1", [7], { kind: "normal", std: 1, seed: 2 });
    const w2 = b.weight("w2", [7, 3], { kind: "normal", std: 1, seed: 3 });
    const hidden = b.layer("Tanh", [b.layer("Add", [b.layer("MatMul", [x, w1]), b1])]);
    b.output(b.layer("MatMul", [hidden, w2], { name: "last" }));
    const before = await allZeroed(weighted(b.graph()), [["w1", 1, [0, 4]]]);
    const { network, removed } = await removeDead(before);
    expect([...removed.values()]).toEqual([2]);
    expect(network.graph.layers.at(-1)).toMatchObject({ name: "last/folded-bias", op: "Add" });
    await expectSame(before, network);
  });

  it("goes through a transposed convolution", async () => {
    const b = new NetworkBuilder("up", 4);
    const x = relu(b, conv(b, b.input("input", ["batch", 2, 5, 5]), 4, { name: "down", kernel: 3 }), "relu1");
    const weight = b.weight("up/weight", [4, 3, 2, 2], { kind: "normal", std: 1, seed: 9 });
    const up = b.layer("ConvTranspose", [x, weight], { name: "up", attributes: { strides: [2, 2] } });
    b.output(conv(b, relu(b, up, "relu2"), 2, { name: "last", kernel: 1 }));
    const before = await allZeroed(weighted(b.graph()), [
      ["up/weight", 0, [1]],
      ["up/weight", 1, [2]],
    ]);
    const { network, removed } = await removeDead(before);
    expect([...removed]).toEqual([
      ["down", 1],
      ["up", 1],
    ]);
    await expectSame(before, network);
  });

  /** What stands between two 1×1 convolutions, and how many of 3 constant and 2 unread of 8 channels can go then. */
  const BETWEEN: readonly (readonly [string, number, (b: NetworkBuilder, x: string) => string])[] = [
    [
      "Clip",
      5,
      (b, x) => b.layer("Clip", [x, b.constant("low", "float32", [-1], []), b.constant("high", "float32", [1], [])]),
    ],
    ["LeakyRelu", 5, (b, x) => b.layer("LeakyRelu", [x], { attributes: { alpha: 0.1 } })],
    ["PRelu", 5, (b, x) => b.layer("PRelu", [x, b.weight("slope", [8, 1, 1], { kind: "normal", std: 1, seed: 8 })])],
    ["HardSwish", 5, (b, x) => b.layer("HardSwish", [x])],
    ["Elu", 5, (b, x) => b.layer("Elu", [x])],
    ["HardSigmoid", 5, (b, x) => b.layer("HardSigmoid", [x])],
    ["Softplus", 5, (b, x) => b.layer("Softplus", [x])],
    // Not computed here: only what is not read goes.
    ["Gelu as Erf", 2, (b, x) => b.layer("Mul", [x, b.layer("Erf", [x])])],
    [
      "scale by a weight",
      5,
      (b, x) => b.layer("Mul", [x, b.weight("s", [8, 1, 1], { kind: "normal", std: 1, seed: 8 })]),
    ],
    ["AveragePool", 5, (b, x) => averagePool(b, x, { kernel: 2 })],
    // Zeros of the padding count in the mean.
    ["padded AveragePool", 2, (b, x) => averagePool(b, x, { kernel: 3, stride: 1, pad: 1 })],
    ["padded MaxPool", 5, (b, x) => maxPool(b, x, { kernel: 3, stride: 1, pad: 1 })],
    ["ReduceMean", 5, (b, x) => b.layer("ReduceMean", [x], { attributes: { axes: [2, 3], keepdims: 1 } })],
    ["Resize", 2, (b, x) => b.layer("Resize", [x, "", b.constant("scales", "float32", [1, 1, 2, 2])])],
    ["Pad", 2, (b, x) => b.layer("Pad", [x, b.constant("pads", "int64", [0, 0, 1, 1, 0, 0, 1, 1])])],
    [
      "Transpose there and back",
      5,
      (b, x) =>
        b.layer("Transpose", [b.layer("Transpose", [x], { attributes: { perm: [0, 2, 3, 1] } })], {
          attributes: { perm: [0, 3, 1, 2] },
        }),
    ],
    // Channels are ordered in groups and shuffled: not followed.
    [
      "Reshape to groups",
      0,
      (b, x) =>
        b.layer("Reshape", [
          b.layer("Reshape", [x, b.constant("to", "int64", [0, 2, 4, 6, 6])]),
          b.constant("back", "int64", [0, 8, 6, 6]),
        ]),
    ],
    ["Softmax over channels", 0, (b, x) => b.layer("Softmax", [x], { attributes: { axis: 1 } })],
    [
      "InstanceNormalization",
      0,
      (b, x) =>
        b.layer("InstanceNormalization", [
          x,
          ...["g", "h"].map((n) => b.weight(n, [8], { kind: "normal", std: 1, seed: 4 })),
        ]),
    ],
  ];

  it.each(BETWEEN)("goes through %s: %i channels", async (_name, count, put) => {
    const b = new NetworkBuilder("between", 6);
    const x = put(b, conv(b, b.input("input", ["batch", 3, 6, 6]), 8, { name: "first", kernel: 1 }));
    b.output(conv(b, x, 4, { name: "last", kernel: 1 }));
    const before = await allZeroed(weighted(b.graph()), [
      ["first/weight", 0, [1, 2, 5]],
      ["last/weight", 1, [0, 7]],
    ]);
    const { network, removed } = await removeDead(before);
    expect(removed.get("first") ?? 0).toBe(count);
    await expectSame(before, network);
  });

  it.each(["cifar/mobilenet-v2", "cifar/densenet121"])(
    "changes no answer of %s whose scales and filters are partly zero",
    async (name) => {
      const { network: entry } = chooseNetwork(`zoo:${name}`);
      const random = seededRandom(3);
      let before = weighted(entry.build({ seed: 1 }));
      const chosen = (count: number) => Array.from({ length: count }, (_, i) => i).filter(() => random.uniform() < 0.3);
      for (const layer of before.graph.layers) {
        const weight = ["BatchNormalization", "Conv"].includes(layer.op) ? layer.inputs[1]! : undefined;
        if (weight === undefined || random.uniform() < 0.5) continue;
        const { shape } = await readWeight(before, weight);
        before = await zeroed(before, weight, 0, chosen(shape[0]!));
        // Other channels of zero are what the padding is.
        if (layer.op === "BatchNormalization") before = await zeroed(before, layer.inputs[2]!, 0, chosen(shape[0]!));
      }
      const { network, removed } = await removeDead(before);
      expect(removed.size).toBeGreaterThan(2);
      expect(params(network)).toBeLessThan(params(before));
      await expectSame(before, network);
      // Not so dead that every input gives the same.
      const given = await answers(network);
      expect(given.slice(0, 10)).not.toEqual(given.slice(10));
    },
  );

  it("leaves a multiple of channels when asked, the dead ones among them all zeros", async () => {
    const before = await allZeroed(weighted(plain(0)), [["fc2/weight", 1, [0, 3, 5]]]);
    const { network, removed } = await removeDead(before, { multiple: 2 });
    expect([...removed]).toEqual([["fc1", 2]]);
    const bias = (await readWeight(network, "fc1/bias")).data as Float32Array;
    expect(bias.length).toBe(6);
    expect(bias.filter((value) => value === 0)).toHaveLength(1);
    expect((await countNonzero(network)).nonzero).toBe(
      (await countNonzero((await removeDead(before)).network)).nonzero,
    );
    await expectSame(before, network);
  });

  it("touches nothing that is alive", async () => {
    const before = weighted(plain(1));
    const { network, removed } = await removeDead(before);
    expect(removed.size).toBe(0);
    expect(network).toBe(before);
  });
});
