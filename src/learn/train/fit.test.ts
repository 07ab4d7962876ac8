// A small network really learns, on ONNX Runtime: same seed same bytes, resumed as if never stopped, folded without changing its answers.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxBytes, onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { batchNorm, conv, flatten, linear, maxPool, relu } from "../../zoo/pieces.ts";
import { classes, dataSet } from "../data/data-set.ts";
import { syntheticDigits } from "../data/synthetic/digits.ts";
import { type FitPlan, fitNetwork } from "./fit.ts";
import { foldBatchNorms } from "./fold.ts";
import type { Checkpoint, CheckpointStore } from "./plan.ts";

function digitsNetwork(seed = 0): Graph {
  const b = new NetworkBuilder("digits", seed);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = maxPool(b, relu(b, batchNorm(b, conv(b, x, 6, { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "bn1")), {
    kernel: 2,
  });
  x = relu(b, batchNorm(b, conv(b, x, 8, { name: "conv2", kernel: 3, pad: 1, bias: false }), "bn2"), "relu2");
  x = linear(b, flatten(b, x), 10);
  b.output(b.layer("Softmax", [x], { name: "softmax", attributes: { axis: -1 } }));
  return b.graph();
}

const digits = syntheticDigits({ train: 330, test: 70, seed: 1 });

function plan(more: Partial<FitPlan> = {}): FitPlan {
  let now = 0;
  return {
    runtime: onnxRuntime(),
    network: digitsNetwork(),
    weights: drawnWeights,
    train: digits.train,
    validation: digits.test!,
    loss: { kind: "cross-entropy" },
    optimiser: { kind: "adam" },
    batch: 32,
    epochs: 3,
    rate: 0.01,
    schedule: "cosine",
    seed: 0,
    clock: { nowS: () => now++ },
    threads: 1,
    ...more,
  };
}

const bytesOf = (network: Graph) => onnxBytes(network, drawnWeights);

/** The network's answers for the first test images. */
async function answers(network: Graph, count = 16): Promise<readonly number[]> {
  const session = await onnxRuntime().open(network, { weights: drawnWeights, threads: 1 });
  const pixels = Float32Array.from(digits.test!.columns[0]!.values.subarray(0, count * 784), (value) => value / 255);
  const input: Tensor = { dtype: "float32", shape: [count, 1, 28, 28], data: pixels };
  const outputs = await session.run({ input });
  const result = Array.from(outputs[network.outputs[0]!]!.data as Float32Array);
  await session.close();
  return result;
}

describe("fitNetwork", () => {
  it("learns digits, and the network it gives is the one that was judged", async () => {
    const { before, after, result, network } = await fitNetwork(plan());
    expect(before!.accuracy).toBeLessThan(0.4);
    expect(after!.accuracy).toBeGreaterThan(0.6);
    expect(result.rows.map(({ loss }) => loss)).toEqual([...result.rows.map(({ loss }) => loss)].sort((a, b) => b - a));
    const given = await answers(network, 70);
    const right = Array.from({ length: 70 }, (_, i) => given.slice(10 * i, 10 * i + 10)).filter(
      (row, i) => row.indexOf(Math.max(...row)) === digits.test!.columns[1]!.values[i],
    ).length;
    expect(right / 70).toBeCloseTo(after!.accuracy!, 9);
    expect(network.inputs).toEqual(["input"]);
  });

  it("gives the same bytes for the same seed, others for another", async () => {
    const short = { epochs: 1, train: digits.train };
    const first = await bytesOf((await fitNetwork(plan(short))).network);
    expect(await bytesOf((await fitNetwork(plan(short))).network)).toEqual(first);
    expect(await bytesOf((await fitNetwork(plan({ ...short, seed: 1 }))).network)).not.toEqual(first);
  });

  it("goes on from a checkpoint as if it had never stopped", async () => {
    const kept: Checkpoint[] = [];
    const checkpoints: CheckpointStore = {
      load: async () => kept.at(-1),
      save: async (checkpoint) => {
        kept.push(structuredClone(checkpoint));
      },
    };
    const signal = { aborted: false };
    const onProgress = ({ done }: { done: number }) => {
      signal.aborted = done === 14;
    };
    const whole = await fitNetwork(plan());
    const stopped = await fitNetwork(plan({ checkpoints, signal, onProgress }));
    expect(stopped.result).toMatchObject({ end: "interrupted", updates: 14, partialBatches: 4 });
    expect(stopped.before).toBeDefined();
    expect(stopped.after).toBeUndefined();
    expect(stopped.result.unfinished).toMatchObject({ batches: 4, seconds: expect.any(Number) });
    const resumed = await fitNetwork(plan({ checkpoints, resume: true }));
    expect(resumed.result.resumedAt).toBe(14);
    expect(await bytesOf(resumed.network)).toEqual(await bytesOf(whole.network));
    expect(resumed.after).toEqual(whole.after);
  });

  it("names the weight when the loss stops being a number", async () => {
    const wild = plan({ optimiser: { kind: "sgd" }, rate: 1e30, schedule: "constant" });
    await expect(fitNetwork(wild)).rejects.toMatchObject({
      code: "loss-not-finite",
      message: expect.stringMatching(/the loss is (NaN|Infinity) in epoch 1, step \d+: (weight|layer) "\S+"/),
    });
  });

  it("refuses data that do not fit", async () => {
    const labelled = (label: number) =>
      dataSet("bad", [digits.train.columns[0]!, classes("labels", new Uint8Array(330).fill(label))]);
    await expect(fitNetwork(plan({ train: labelled(10) }))).rejects.toMatchObject({ code: "label-out-of-range" });
    const small = dataSet("small", [
      { role: "data", name: "x", shape: [1, 8, 8], values: new Uint8Array(64 * 40), scale: 1 },
      classes("y", new Uint8Array(40)),
    ]);
    await expect(fitNetwork(plan({ train: small }))).rejects.toMatchObject({ code: "wrong-shape" });
    await expect(fitNetwork(plan({ batch: 400 }))).rejects.toMatchObject({ code: "few-samples" });
  });
});

describe("foldBatchNorms", () => {
  it("takes them in without changing the answers", async () => {
    const { network } = await fitNetwork(plan({ epochs: 1 }));
    const { graph, folded } = await foldBatchNorms(network, drawnWeights);
    expect(folded).toBe(2);
    expect(graph.layers.map(({ op }) => op)).not.toContain("BatchNormalization");
    expect(graph.weights.size).toBe(network.weights.size - 7); // 2 × 4 statistics go, one bias comes
    const [plain, together] = [await answers(network), await answers(graph)];
    for (const [i, value] of plain.entries()) expect(together[i]).toBeCloseTo(value, 5);
  });

  it("leaves what others read alone", async () => {
    const b = new NetworkBuilder("shared");
    const x = conv(b, b.input("x", [1, 2, 4, 4]), 3, { kernel: 1 });
    b.output(batchNorm(b, x));
    b.output(x);
    const { graph, folded } = await foldBatchNorms(b.graph(), drawnWeights);
    expect(folded).toBe(0);
    expect(graph).toEqual(b.graph());
  });
});
