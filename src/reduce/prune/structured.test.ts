// Structured pruning makes networks that are smaller and still run, whatever joins they have; and says what it cannot do.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { countGraph } from "../../work/count-graph.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import { batchNorm, conv, flatten, globalAveragePool, linear, relu } from "../../zoo/pieces.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { pruneChannels } from "./structured.ts";

const zoo = (name: string): WeightedNetwork => {
  const { network, options } = chooseNetwork(`zoo:${name}`);
  return { graph: network.build(options), weights: drawnWeights };
};

const totals = (graph: Graph) => countGraph(graph, { batch: 1 }).total;

async function runs({ graph, weights }: WeightedNetwork): Promise<readonly number[]> {
  const session = await onnxRuntime().open(graph, { weights, threads: 1 });
  const shape = graph.tensors.get(graph.inputs[0]!)!.shape!.map((dim) => (typeof dim === "number" ? dim : 1));
  const data = new Float32Array(lengthOf(shape)).fill(0.5);
  const outputs = await session.run({ [graph.inputs[0]!]: { dtype: "float32", shape, data } });
  await session.close();
  expect((outputs[graph.outputs[0]!]!.data as Float32Array).every(Number.isFinite)).toBe(true);
  return outputs[graph.outputs[0]!]!.shape;
}

describe("pruneChannels", () => {
  it.each([
    ["mnist-cnn", 0.2],
    ["cifar/lenet", 0.3],
    ["cifar/mobilenet-v2", 0.5],
    ["cifar/resnext29-2x64d", 0.5],
    ["cifar/shufflenet-v2", 0.95],
  ])("makes %s smaller, and ONNX Runtime runs it", async (name, macsRatio) => {
    const before = zoo(name);
    const { network } = await pruneChannels(before, { macsRatio });
    const [was, is] = [totals(before.graph), totals(network.graph)];
    expect(is.macs).toBeLessThanOrEqual(macsRatio * was.macs);
    expect(is.params).toBeLessThan(was.params);
    expect(is.weightBytes).toBeLessThan(was.weightBytes);
    expect(await runs(network)).toEqual([1, 10]);
  });

  it("takes the same share of every layer when asked, and leaves multiples", async () => {
    const { layers } = await pruneChannels(zoo("mnist-cnn"), { macsRatio: 0.3, scope: "layer", multiple: 8 });
    for (const { before, after } of layers) {
      expect(after % 8).toBe(0);
      expect(after).toBeLessThanOrEqual(before);
    }
    expect(layers).toHaveLength(8);
  });

  it("removes the channels with the smallest weights, and with the smallest scales when slimming", async () => {
    const b = new NetworkBuilder("two", 1);
    const x = batchNorm(b, conv(b, b.input("input", ["batch", 1, 6, 6]), 4, { name: "conv", kernel: 3 }), "bn");
    const last = conv(b, relu(b, x), 4, { name: "last", kernel: 3 });
    b.output(linear(b, flatten(b, globalAveragePool(b, last)), 3, "fc"));
    const scales = { dtype: "float32", shape: [4], data: new Float32Array([1, 0.1, 1, 0.2]) } as const;
    const drawn = { graph: b.graph(), weights: drawnWeights };
    const weight = await readWeight(drawn, "conv/weight");
    const data = (weight.data as Float32Array).map((value, at) => (Math.floor(at / 9) % 2 === 0 ? value / 100 : value));
    const network = withWeights(
      drawn,
      new Map([
        ["bn/weight", scales],
        ["conv/weight", { ...weight, data }],
      ]),
    );
    const slim = await pruneChannels(network, { macsRatio: 0.6, importance: "bn-scale" });
    expect(slim.layers).toEqual([{ layers: ["conv"], before: 4, after: 2 }]);
    expect((await readWeight(slim.network, "bn/weight")).data).toEqual(new Float32Array([1, 1]));
    const byNorm = await pruneChannels(network, { macsRatio: 0.75, keepRatio: 0.5 });
    expect((await readWeight(byNorm.network, "conv/weight")).data).toEqual(
      data.filter((_, at) => Math.floor(at / 9) % 2 === 1),
    );
  });

  it("compares channels by their size within their group: larger weights make no layer matter more", async () => {
    const b = new NetworkBuilder("unlike", 1);
    const first = relu(b, conv(b, b.input("input", ["batch", 1, 6, 6]), 8, { name: "first", kernel: 3 }));
    const last = relu(b, conv(b, first, 8, { name: "last", kernel: 3 }));
    b.output(linear(b, flatten(b, globalAveragePool(b, last)), 3, "fc"));
    const drawn = { graph: b.graph(), weights: drawnWeights };
    const ramp = async (name: string, size: number) => {
      const weight = await readWeight(drawn, name);
      const inner = lengthOf(weight.shape.slice(1));
      return [
        name,
        {
          ...weight,
          data: Float32Array.from(weight.data as Float32Array, (_, at) => size * (1 + Math.floor(at / inner))),
        },
      ] as const;
    };
    const network = withWeights(drawn, new Map([await ramp("first/weight", 1000), await ramp("last/weight", 0.001)]));
    const { layers } = await pruneChannels(network, { macsRatio: 0.5, keepRatio: 0 });
    const left = layers.map(({ after }) => after);
    expect(Math.abs(left[0]! - left[1]!)).toBeLessThanOrEqual(1);
    expect(left[0]!).toBeLessThan(8);
  });

  it("tells shares in words, and has nothing to do where nothing is multiplied", async () => {
    await expect(pruneChannels(zoo("mnist-cnn"), { macsRatio: 0.07, keepRatio: 0.9 })).rejects.toMatchObject({
      message: expect.stringMatching(/at least [\d.]+ % of the MACs stay, 7\.00 % were asked for/),
    });
    const b = new NetworkBuilder("none");
    b.output(relu(b, b.input("input", ["batch", 4])));
    await expect(pruneChannels({ graph: b.graph(), weights: drawnWeights }, { macsRatio: 0.5 })).rejects.toMatchObject({
      code: "nothing-to-prune",
      message: expect.stringContaining("no multiplications"),
    });
  });

  it("refuses what cannot be had", async () => {
    const refuses = async (network: WeightedNetwork, options: Parameters<typeof pruneChannels>[1], code: string) =>
      expect(pruneChannels(network, options)).rejects.toMatchObject({ code });
    await refuses(zoo("mnist-cnn"), { macsRatio: 0.001 }, "unreachable-macs");
    await refuses(zoo("mnist-cnn"), { macsRatio: 1.5 }, "bad-ratio");
    await refuses(zoo("mnist-cnn"), { macsRatio: 0.5, importance: "bn-scale" }, "no-batch-norm");
    const b = new NetworkBuilder("one", 1);
    b.output(linear(b, b.input("input", ["batch", 4]), 3, "fc"));
    await refuses({ graph: b.graph(), weights: drawnWeights }, { macsRatio: 0.5 }, "nothing-to-prune");
  });
});
