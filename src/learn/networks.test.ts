// Gradients of whole networks against PyTorch's in float64 (test/fixtures/gradients), and the work that was counted for a
// training step against what the differentiated graph does.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { residualNetwork } from "../../test/support/residual.ts";
import { openGraph } from "../../test/support/run-graph.ts";
import { filled, wave } from "../../test/support/wave.ts";
import type { Graph, TensorType } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { countWork } from "../work/count.ts";
import { countGraph } from "../work/count-graph.ts";
import { findNetwork, ZOO } from "../zoo/catalogue.ts";
import { LENET } from "../zoo/cifar/lenet.ts";
import { buildDeepRx } from "../zoo/deeprx.ts";
import { MNIST_CNN } from "../zoo/mnist-cnn.ts";
import { buildTransformerEncoder } from "../zoo/transformer-encoder.ts";
import { differentiate, evaluationGraph, gradientGraph } from "./differentiate.ts";
import type { LossSpec } from "./training-graph.ts";

interface Summary {
  readonly norm: number;
  readonly probe: number;
  readonly first: readonly number[];
}
interface Recorded {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly statistics: Readonly<Record<string, Summary>>;
}
const FIXTURE = new URL("../../test/fixtures/gradients/networks.json", import.meta.url);
const RECORDED: Readonly<Record<string, Recorded>> = JSON.parse(readFileSync(FIXTURE, "utf8")).results;

interface NetworkCase {
  readonly graph: () => Graph;
  readonly batch: number;
  readonly loss: LossSpec;
  /** Largest relative error of a parameter's gradient in float32. */
  readonly bound: number;
}

const CLASSES: LossSpec = { kind: "cross-entropy" };
const CASES: Readonly<Record<string, NetworkCase>> = {
  "mnist-cnn": { graph: () => MNIST_CNN.build({ width: 0.25 }), batch: 4, loss: CLASSES, bound: 3e-6 },
  "cifar/lenet": { graph: () => LENET.build(), batch: 3, loss: CLASSES, bound: 3e-6 },
  deeprx: {
    graph: () => buildDeepRx({ width: 0.125, depth: 3, bits: 4, subcarriers: 24 }),
    batch: 2,
    loss: { kind: "bce" },
    bound: 6e-5,
  },
  "resnet-block": { graph: residualNetwork, batch: 4, loss: CLASSES, bound: 1e-5 },
  "transformer-encoder": {
    graph: () => buildTransformerEncoder({ width: 0.25, depth: 1, sequence: 6 }),
    batch: 2,
    loss: { kind: "mse" },
    bound: 1e-5,
  },
};

const shapeOf = (type: TensorType): readonly number[] => type.shape as readonly number[];

function labelsOf(loss: LossSpec, type: TensorType, classes: number): number[] {
  if (loss.kind === "cross-entropy") return Array.from({ length: shapeOf(type)[0]! }, (_, i) => (i * 3) % classes);
  const numbers = wave("label", shapeOf(type));
  return loss.kind === "bce" ? numbers.map((v) => (v > 0 ? 1 : 0)) : numbers;
}

/** ‖given − recorded‖ by the numbers that were recorded, relative to the gradient's norm (or the largest norm, for those that are 0). */
function deviation(given: readonly number[], recorded: Summary, scale: number): number {
  const norm = Math.hypot(...given);
  const probe = given.reduce((sum, g, i) => sum + g * Math.cos(0.37 * i), 0);
  const first = Math.hypot(...recorded.first.map((g, i) => g - given[i]!));
  return (
    Math.max(Math.abs(norm - recorded.norm), Math.abs(probe - recorded.probe) / 4, first) /
    Math.max(recorded.norm, 1e-3 * scale)
  );
}

async function gradientsOf(name: string) {
  const { graph, batch, loss } = CASES[name]!;
  const made = gradientGraph(graph(), { loss, batch });
  const classes = Number(graph().tensors.get(graph().outputs[0]!)?.shape?.[1]);
  const fed = made.inputs.map((input) => {
    const shape = shapeOf(input.type);
    return [input.name, input.role === "data" ? wave("input", shape) : labelsOf(loss, input.type, classes)];
  });
  const own = made.parameters.map((entry) => [entry.name, filled(entry.name, shapeOf(entry.type))]);
  const results = await (await openGraph(made.graph)).run(Object.fromEntries([...fed, ...own]));
  return { made, results };
}

describe("gradients of whole networks", () => {
  for (const [name, { bound }] of Object.entries(CASES)) {
    it(`agree with PyTorch's: ${name}`, async () => {
      const { made, results } = await gradientsOf(name);
      const recorded = RECORDED[name]!;
      expect(results[made.loss]![0]! / recorded.loss).toBeCloseTo(1, 5);
      expect([...made.gradients.keys()].toSorted()).toEqual(Object.keys(recorded.gradients).toSorted());
      const scale = Math.max(...Object.values(recorded.gradients).map(({ norm }) => norm));
      const errors = [...made.gradients].map(([parameter, tensor]) => ({
        parameter,
        error: deviation(results[tensor]!, recorded.gradients[parameter]!, scale),
      }));
      expect(errors.filter(({ error }) => !(error < bound))).toEqual([]);
    });
  }

  it("moves the running statistics as PyTorch does", async () => {
    const { loss, batch } = CASES["resnet-block"]!;
    const made = differentiate(residualNetwork(), { loss, batch, optimiser: { kind: "sgd" } });
    const state = made.state.map((entry) => [entry.input, filled(entry.name, shapeOf(entry.type))]);
    const fed = made.inputs.map(({ name, role, type }) => [
      name,
      role === "data" ? wave("input", shapeOf(type)) : labelsOf(loss, type, 5),
    ]);
    const results = await (await openGraph(made.graph)).run(Object.fromEntries([...state, ...fed, ["train/lr", [0]]]));
    const statistics = made.state.filter(({ role }) => role === "statistic");
    expect(statistics).toHaveLength(8);
    for (const { name, output } of statistics)
      expect(deviation(results[output]!, RECORDED["resnet-block"]!.statistics[name]!, 1)).toBeLessThan(1e-6);
  });
});

/** Weights that are stored but read by nothing that leads to the output. */
const UNREAD: Readonly<Record<string, number>> = { "cifar/efficientnet-b0": 1088 };
/** MACs of a sample that the training graph has beyond `estimate --training`: conv2 of LeNet, see below. No other network has any. */
const BEYOND: Readonly<Record<string, number>> = { "cifar/lenet": 16 * 6 * 5 * 5 * (14 * 14 - 10 * 10) };

describe("the training graph of every zoo network", () => {
  for (const network of ZOO) {
    it(`has a gradient for every parameter, and the MACs of \`estimate --training\`: ${network.name}`, () => {
      const graph = network.build();
      const loss: LossSpec = network.name === "deeprx" ? { kind: "bce" } : { kind: "mse" };
      const made = gradientGraph(graph, { loss, batch: 2 });
      const parameters = made.parameters.filter(({ role }) => role === "parameter");
      expect(made.gradients.size).toBe(parameters.length);
      const count = parameters.reduce((sum, { type }) => sum + shapeOf(type).reduce((a, b) => a * b, 1), 0);
      expect(count + (UNREAD[network.name] ?? 0)).toBe(countGraph(graph).total.params);
      const counted = countGraph(graph, { batch: 2, phase: "training" }).total.macs;
      const done = countWork(inferShapes(made.graph));
      expect(done.unknown).toEqual([]);
      expect(done.total.macs - counted).toBe(2 * (BEYOND[network.name] ?? 0));
    });
  }
});

/** MACs of a training step as counted from the network, and of the differentiated graph as counted layer by layer. */
function bothCounts(graph: Graph, loss: LossSpec, batch: number) {
  const counted = countGraph(graph, { batch, phase: "training" });
  const made = gradientGraph(graph, { loss, batch });
  const done = countWork(inferShapes(made.graph));
  expect(done.unknown).toEqual([]);
  return { counted: counted.total.macs, done: done.total.macs };
}

describe("the MACs of a training step", () => {
  it("are those that `estimate --training` counts where convolutions keep the image's size", () => {
    const mnist = bothCounts(MNIST_CNN.build({ width: 0.25 }), CLASSES, 4);
    expect(mnist.done).toBe(mnist.counted);
    const transformer = buildTransformerEncoder({ width: 0.25, depth: 2, sequence: 8 });
    const products = bothCounts(transformer, { kind: "mse" }, 2);
    expect(products.done).toBe(products.counted);
  });

  it("are those with strides, dilations and depthwise convolutions too: DeepRx and ResNet-18", () => {
    const deeprx = bothCounts(findNetwork("deeprx").build({ width: 0.25 }), { kind: "bce" }, 2);
    expect(deeprx.done).toBe(deeprx.counted);
    const resnet = bothCounts(findNetwork("cifar/resnet18").build(), CLASSES, 2);
    expect(resnet.done).toBe(resnet.counted);
  });

  it("differ where a convolution has no padding: its input's gradient is computed for the whole image", () => {
    const { counted, done } = bothCounts(LENET.build(), CLASSES, 4);
    // conv2: 16 filters of 6·5·5 over 10×10 places, its input is 14×14
    expect(done - counted).toBe(4 * 16 * 6 * 5 * 5 * (14 * 14 - 10 * 10));
  });
});

describe("evaluationGraph", () => {
  it("gives the loss and the right answers without a backward pass, from the state that is trained", async () => {
    const graph = MNIST_CNN.build({ width: 0.25 });
    const options = { loss: { kind: "cross-entropy", masked: true }, batch: 4 } as const;
    const trained = differentiate(graph, { ...options, optimiser: { kind: "adam" } });
    const made = evaluationGraph(graph, options);
    expect(made.state.map(({ name }) => name)).toEqual(
      trained.state.filter(({ role }) => role !== "moment").map(({ name }) => name),
    );
    const state = made.state.map((entry) => [entry.input, filled(entry.name, shapeOf(entry.type))]);
    const running = await openGraph(made.graph);
    const run = (label: readonly number[], mask: readonly number[]) =>
      running.run(
        Object.fromEntries([...state, ["input", wave("input", [4, 1, 28, 28])], ["label", label], ["mask", mask]]),
      );
    const first = await run([0, 0, 0, 0], [1, 1, 1, 1]);
    const logits = first[made.outputs.output!]!;
    const best = [0, 1, 2, 3].map((i) => {
      const row = logits.slice(10 * i, 10 * i + 10);
      return row.indexOf(Math.max(...row));
    });
    const second = await run(best, [1, 0, 1, 1]);
    expect(second[made.outputs.correct!]).toEqual([3]);
    expect(second[made.outputs.count!]).toEqual([3]);
    const wrong = await run(
      best.map((label) => (label + 1) % 10),
      [1, 0, 1, 1],
    );
    expect(wrong[made.outputs.correct!]).toEqual([0]);
    expect(wrong[made.loss]![0]!).toBeGreaterThan(second[made.loss]![0]!);
  });
});
