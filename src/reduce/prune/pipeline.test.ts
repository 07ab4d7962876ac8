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
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { type PruneFit, penalisedLoss, pruneNetwork } from "./pipeline.ts";
import { type PruneTarget, pruneSteps } from "./target.ts";

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

  it("takes equal factors of the MACs in steps, and shares of channels as they were at first", async () => {
    const network = await base;
    const target = { method: "structured", macsRatio: 0.25, scope: "layer" } as const;
    const whole = countGraph(network.graph).total.macs;
    const steps = await pruneSteps(target, { original: network, steps: 2, dims: undefined, multiple: 1 });
    const first = (await steps[0]!(network)).network;
    const share = countGraph(first.graph).total.macs / whole;
    expect(share).toBeLessThanOrEqual(0.5);
    expect(share).toBeGreaterThan(0.3);
    const second = (await steps[1]!(first)).network;
    expect(countGraph(second.graph).total.macs / whole).toBeLessThanOrEqual(0.25);
    const kept = { ...target, keepRatio: 0.5, macsRatio: 0.05 };
    const told = { code: "unreachable-macs", message: expect.stringMatching(/at least 4\d\.\d % .* 5\.00 % were/) };
    await expect(pruneNetwork({ network, target: kept, gradual: 3, multiple: 1, fit })).rejects.toMatchObject(told);
    // Half of the channels as they were at first, not half of the half that the step before has left.
    const halves = { ...kept, macsRatio: 0.45 };
    let now = network;
    for (const step of await pruneSteps(halves, { original: network, steps: 3, dims: undefined, multiple: 1 }))
      now = (await step(now)).network;
    expect(now.graph.tensors.get("bn1/weight")?.shape).toEqual([4]);
  });

  it("refuses before it trains what no training makes possible", async () => {
    const bare = new NetworkBuilder("bare", 0);
    bare.output(linear(bare, relu(bare, linear(bare, bare.input("input", ["batch", 4]), 8, "fc1")), 3, "fc2"));
    const network: WeightedNetwork = { graph: bare.graph(), weights: drawnWeights };
    const epochs: string[] = [];
    const refused = (target: PruneTarget, code: string, from = network, gradual = 1) =>
      expect(
        pruneNetwork({ network: from, target, warmEpochs: 1, gradual, fit, onEpoch: (name) => void epochs.push(name) }),
      ).rejects.toMatchObject({ code });
    await refused({ method: "slimming", macsRatio: 0.5 }, "no-batch-norm");
    await refused({ method: "structured", macsRatio: 0.01 }, "unreachable-macs");
    await refused({ method: "magnitude", ratio: 6 }, "unreachable-ratio");
    await refused({ method: "magnitude", ratio: 60 }, "unreachable-ratio", network, 3);
    const weight = await readWeight(network, "fc1/weight");
    const broken = (weight.data as Float32Array).with(3, Number.NaN);
    const bad = withWeights(network, new Map([["fc1/weight", { ...weight, data: broken }]]));
    await refused({ method: "magnitude", ratio: 2 }, "not-finite", bad);
    expect(epochs).toEqual([]);
  });

  it.each([false, true])("refuses to leave a network that does nothing (keepShapes %s)", async (keepShapes) => {
    const network = await base;
    const sizes = (await Promise.all(["conv1", "fc1", "fc2"].map((name) => readWeight(network, `${name}/weight`)))).map(
      ({ data }) => Math.max(...(data as Float32Array).map(Math.abs)),
    );
    // Every matrix keeps its largest weight, but they do not meet: fc2 reads none of the few neurons that are left.
    const weight = await readWeight(network, "fc2/weight");
    const numbers = weight.data as Float32Array;
    const fc1 = (await readWeight(network, "fc1/weight")).data as Float32Array;
    const bias = await readWeight(network, "fc1/bias");
    const live = fc1.findIndex((value) => Math.abs(value) === sizes[1]);
    const neuron = Math.floor(live / (fc1.length / 32));
    const silent = numbers.map((value, at) => (at % 32 === neuron ? 0 : value));
    const apart = withWeights(
      network,
      new Map([
        ["fc2/weight", { ...weight, data: silent }],
        ["fc1/bias", { ...bias, data: new Float32Array(32) }],
      ]),
    );
    const threshold = sizes[1]! * 0.9999;
    const strong = silent.map((value) => value * (2 * threshold) * (1 / Math.max(...silent.map(Math.abs))));
    const conv1 = await readWeight(apart, "conv1/weight");
    const loud = (conv1.data as Float32Array).map((value) => (value * 2 * threshold) / sizes[0]!);
    const ready = withWeights(
      apart,
      new Map([
        ["fc2/weight", { ...weight, data: strong }],
        ["conv1/weight", { ...conv1, data: loud }],
      ]),
    );
    const target = { method: "threshold", threshold } as const;
    await expect(pruneNetwork({ network: ready, target, keepShapes, fit })).rejects.toMatchObject({
      code: "layer-removed",
      message: expect.stringMatching(/layer "\w+" whole/),
    });
  });

  it("stops when asked", async () => {
    const network = await base;
    const signal = { aborted: true };
    const target = { method: "magnitude", ratio: 4 } as const;
    const stopped = await pruneNetwork({ network, target, gradual: 3, epochs: 3, fit: { ...fit, signal } });
    const { end, rows } = stopped;
    expect(end).toBe("interrupted");
    expect(stopped.steps).toBe(0);
    expect(stopped.network).toBe(network);
    expect((await pruneNetwork({ network, target, gradual: 2, fit })).steps).toBe(2);
    expect(rows.length).toBeLessThan(2);
  });
});
