// Judging a network as it stands gives the score that training's own evaluation gives, whatever its last layer and its operators.
import { describe, expect, it } from "vitest";
import { plainNetwork } from "../../test/support/quantisable.ts";
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { classes, dataSet } from "../learn/data/data-set.ts";
import { differentiate, evaluationGraph } from "../learn/differentiate.ts";
import { evaluate } from "../learn/train/evaluate.ts";
import { startingState } from "../learn/train/trainer.ts";
import { seededRandom } from "../math/random.ts";
import { drawnWeights } from "../node/model.ts";
import { onnxRuntime } from "../node/runtime/onnx-runtime.ts";
import { outputDifference } from "./difference.ts";
import { judgeNetwork } from "./judge.ts";
import { quantise } from "./quantise/quantise.ts";
import { unlessStopped } from "./stoppable.ts";
import { timeNetworks } from "./timing.ts";

const runtime = onnxRuntime();
const SAMPLES = 23;
const random = seededRandom(2);
const pictures = Float32Array.from({ length: SAMPLES * 2 * 64 }, () => random.uniform());
const data = { role: "data", name: "x", shape: [2, 8, 8], values: pictures, scale: 1 } as const;
const set = dataSet("drawn", [
  data,
  classes(
    "y",
    Uint8Array.from({ length: SAMPLES }, () => random.below(5)),
  ),
]);
const network = { graph: plainNetwork(), weights: drawnWeights };

async function trainersScore(graph: Graph, loss: { kind: "cross-entropy" } | { kind: "mse" }, samples = set) {
  const training = differentiate(graph, { loss, batch: 10, optimiser: { kind: "sgd" } });
  const state = await startingState({ training, weights: drawnWeights });
  const graphFor = (batch: number) => evaluationGraph(graph, { loss, batch });
  return (await evaluate({ runtime, graphFor, weights: drawnWeights, set: samples, batch: 10 }, state))!;
}

describe("judgeNetwork", () => {
  const loss = { kind: "cross-entropy" } as const;

  it("agrees with the trainer's evaluation, left-over samples included", async () => {
    const expected = await trainersScore(network.graph, loss);
    const score = await judgeNetwork(network, { runtime, set, loss, batch: 10 });
    expect(score.accuracy).toBe(expected.accuracy);
    expect(score.loss).toBeCloseTo(expected.loss, 5);
    expect(await judgeNetwork(network, { runtime, set, loss })).toMatchObject({ accuracy: expected.accuracy });
  });

  it("judges the same network without its Softmax alike", async () => {
    const { graph } = network;
    const logits = { ...graph, layers: graph.layers.slice(0, -1), outputs: [graph.layers.at(-2)!.outputs[0]!] };
    const score = await judgeNetwork({ graph: logits, weights: drawnWeights }, { runtime, set, loss });
    expect(score.loss).toBeCloseTo((await judgeNetwork(network, { runtime, set, loss })).loss, 5);
  });

  it("judges what cannot be trained", async () => {
    const { network: int8 } = await quantise(network, { to: "int8-dynamic" });
    const [float, fixed] = [network, int8].map((one) => judgeNetwork(one, { runtime, set, loss }));
    expect(Math.abs((await float!).loss - (await fixed!).loss)).toBeLessThan(0.01);
  });

  it("has no accuracy for numbers, and tells data that do not fit", async () => {
    const b = new NetworkBuilder("numbers");
    b.output(b.layer("Relu", [b.input("label", ["batch", 1])]));
    const graph = { graph: b.graph(), weights: drawnWeights };
    const [x, y] = [Float32Array.of(1, 2, -3), Float32Array.of(1, 0, 1)];
    const numbers = dataSet("numbers", [
      { role: "data", name: "x", shape: [1], values: x, scale: 1 },
      { role: "label", name: "y", shape: [1], values: y, scale: 1 },
    ]);
    const score = await judgeNetwork(graph, { runtime, set: numbers, loss: { kind: "mse" } });
    expect(score.accuracy).toBeUndefined();
    expect(score.loss).toBeCloseTo((0 + 4 + 1) / 3, 6);
    const judged = judgeNetwork(network, { runtime, set: numbers, loss });
    await expect(judged).rejects.toMatchObject({ code: "wrong-shape" });
  });
});

describe("outputDifference", () => {
  it("is 0 for the same network, and the share that was changed for another", async () => {
    const gain = (value: number) => {
      const b = new NetworkBuilder("gain");
      b.output(b.layer("Mul", [b.input("x", ["batch", 2]), b.constant("gain", "float32", [value], [])]));
      return { graph: b.graph(), weights: drawnWeights };
    };
    const samples = dataSet("two", [
      { role: "data", name: "x", shape: [2], values: Float32Array.of(1, -2, 3, 4), scale: 1 },
    ]);
    const plan = { runtime, set: samples };
    expect(await outputDifference(gain(1), gain(1), plan)).toEqual({ largest: 0, relativeRms: 0, samples: 2 });
    const { largest, relativeRms } = await outputDifference(gain(1), gain(1.25), plan);
    expect(largest).toBe(1);
    expect(relativeRms).toBeCloseTo(0.25, 6);
    expect((await outputDifference(gain(1), gain(2), { ...plan, samples: 1 })).samples).toBe(1);
  });
});

describe("a signal", () => {
  it("ends whatever goes over samples or passes at once", async () => {
    const signal = { aborted: true };
    const interrupted = expect.objectContaining({ code: "interrupted" });
    const stops = (work: Promise<unknown>) => expect(work).rejects.toEqual(interrupted);
    const loss = { kind: "cross-entropy" } as const;
    await stops(judgeNetwork(network, { runtime, set, loss, signal }));
    await stops(outputDifference(network, network, { runtime, set, signal }));
    await stops(quantise(network, { to: "int8-static", calibration: { runtime, set, signal } }));
    await stops(timeNetworks({ before: network }, { runtime, clock: { nowS: () => 0 }, signal }));
    await expect(unlessStopped(() => judgeNetwork(network, { runtime, set, loss, signal }))).resolves.toBeUndefined();
    await expect(unlessStopped(() => Promise.reject(new Error("bug")))).rejects.toThrow("bug");
  });

  it("that is not aborted changes nothing", async () => {
    const plan = { runtime, set, loss: { kind: "cross-entropy" } } as const;
    const plain = await judgeNetwork(network, plan);
    expect(await judgeNetwork(network, { ...plan, signal: { aborted: false } })).toEqual(plain);
  });
});
