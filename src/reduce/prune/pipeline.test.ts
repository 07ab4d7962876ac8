// Pruning with training on a small network: the L1 penalty makes weights small, zeros stay zero, epochs are numbered through.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { syntheticDigits } from "../../learn/data/synthetic/digits.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import type { EnergyMeter } from "../../learn/train/plan.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { countGraph } from "../../work/count-graph.ts";
import { batchNorm, conv, flatten, linear, maxPool, relu } from "../../zoo/pieces.ts";
import { judgeNetwork } from "../judge.ts";
import { readWeight, type WeightedNetwork } from "../network.ts";
import { type PruneFit, penalisedLoss, pruneNetwork } from "./pipeline.ts";

function digitsNetwork(): Graph {
  const b = new NetworkBuilder("digits", 0);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = maxPool(b, relu(b, batchNorm(b, conv(b, x, 8, { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "bn1")), {
    kernel: 2,
  });
  x = relu(b, linear(b, flatten(b, x), 32, "fc1"), "relu2");
  b.output(linear(b, x, 10, "fc2"));
  return b.graph();
}

const digits = syntheticDigits({ train: 640, test: 100, seed: 1 });
let now = 0;
const fit: PruneFit = {
  runtime: onnxRuntime(),
  train: digits.train,
  validation: digits.test!,
  loss: { kind: "cross-entropy" },
  optimiser: { kind: "adam" },
  batch: 32,
  rate: 0.005,
  schedule: "cosine",
  seed: 0,
  clock: { nowS: () => now++ },
  threads: 1,
};

/** Trained once for all tests. */
const base: Promise<WeightedNetwork> = fitNetwork({
  ...fit,
  network: digitsNetwork(),
  weights: drawnWeights,
  epochs: 3,
  rate: 0.01,
}).then(({ network }) => ({ graph: network, weights: drawnWeights }));

const accuracyOf = async (network: WeightedNetwork): Promise<number> =>
  (await judgeNetwork(network, { runtime: fit.runtime, set: digits.test!, loss: fit.loss, threads: 1 })).accuracy!;

describe("pruneNetwork", () => {
  it("reaches the ratio in steps, keeps zeros zero and gets the accuracy back", async () => {
    const network = await base;
    const target = { method: "magnitude", ratio: 8 } as const;
    const bare = await pruneNetwork({ network, target, fit });
    const windows: string[] = [];
    const meter: EnergyMeter = {
      openWindow: (name) => void windows.push(name),
      closeWindow: () => undefined,
      spentJ: async () => undefined,
    };
    const tuned = await pruneNetwork({
      network,
      target,
      gradual: 2,
      epochs: 2,
      keepShapes: true,
      fit: { ...fit, meter },
    });
    expect(bare.ratio).toBeGreaterThanOrEqual(8);
    expect(tuned.ratio).toBeGreaterThanOrEqual(8);
    expect(tuned.ratio).toBeLessThan(8.1);
    expect(tuned.phases.map(({ name, epochs }) => [name, epochs])).toEqual([
      ["fine-tuning 1 of 2", 1],
      ["fine-tuning 2 of 2", 2],
    ]);
    expect(tuned.rows.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(windows).toEqual(["epoch 1", "epoch 2", "epoch 3"]);
    const accuracies = await Promise.all([network, bare.network, tuned.network].map(accuracyOf));
    expect(accuracies[0]).toBeGreaterThan(0.8);
    expect(accuracies[2]).toBeGreaterThan(accuracies[1]!);
    expect(accuracies[2]).toBeGreaterThan(accuracies[0]! - 0.05);
    expect(countGraph(tuned.network.graph).total.macs).toBe(countGraph(network.graph).total.macs);
  });

  it("makes weights small by the penalty, so that a threshold takes more of them", async () => {
    const network = await base;
    const target = { method: "threshold", threshold: 0.01 } as const;
    const plain = await pruneNetwork({ network, target, fit });
    const l1 = await pruneNetwork({ network, target, l1: { mu: 0.999, epochs: 3, rate: 0.005 }, fit });
    expect(l1.ratio!).toBeGreaterThan(2 * plain.ratio!);
    expect(await accuracyOf(l1.network)).toBeGreaterThan((await accuracyOf(network)) - 0.1);
  });

  it("removes channels in steps and trains what is left", async () => {
    const network = await base;
    const target = { method: "structured", macsRatio: 0.3, scope: "layer" } as const;
    const {
      network: small,
      channels,
      phases,
    } = await pruneNetwork({ network, target, multiple: 1, gradual: 2, epochs: 2, fit });
    const [before, after] = [countGraph(network.graph).total, countGraph(small.graph).total];
    expect(after.macs).toBeLessThanOrEqual(0.3 * before.macs);
    expect(after.params).toBeLessThan(before.params);
    expect(channels.map(({ layers, before: of }) => [layers.join(), of])).toEqual([
      ["conv1", 8],
      ["fc1", 32],
    ]);
    expect(phases).toHaveLength(2);
    expect(await accuracyOf(small)).toBeGreaterThan(0.5);
  });

  it("penalises the scales of batch normalisations when slimming", async () => {
    const network = await base;
    const target = { method: "slimming", macsRatio: 0.7 } as const;
    const loss = penalisedLoss(fit.loss, 0.9, target, network);
    expect(loss).toMatchObject({ terms: [{ weight: 0.9 }, { loss: { kind: "l1", parameters: ["bn1/weight"] } }] });
    const { network: slim } = await pruneNetwork({
      network,
      target,
      multiple: 1,
      l1: { mu: 0.9, epochs: 1, rate: 0.01 },
      fit,
    });
    const [before, after] = await Promise.all(
      [network, slim].map(async (one) => (await readWeight(one, "bn1/weight")).data as Float32Array),
    );
    const mean = (scales: Float32Array) => scales.reduce((sum, value) => sum + Math.abs(value), 0) / scales.length;
    expect(after!.length).toBeLessThan(before!.length);
    expect(mean(after!)).toBeLessThan(mean(before!));
  });

  it("warms up a network that is not trained, and compares with that", async () => {
    const network: WeightedNetwork = { graph: digitsNetwork(), weights: drawnWeights };
    const target = { method: "magnitude", ratio: 2 } as const;
    const { original, phases, before } = await pruneNetwork({ network, target, warmEpochs: 1, fit });
    expect(phases).toEqual([{ name: "warm start", epochs: 1, rate: 0.005 }]);
    expect(await accuracyOf(original)).toBeGreaterThan(0.3);
    expect(before.nonzero).toBe(before.params);
  });

  it("stops when asked", async () => {
    const network = await base;
    const signal = { aborted: true };
    const target = { method: "magnitude", ratio: 4 } as const;
    const { end, rows } = await pruneNetwork({ network, target, gradual: 3, epochs: 3, fit: { ...fit, signal } });
    expect(end).toBe("interrupted");
    expect(rows.length).toBeLessThan(2);
  });
});
