// Blocked convolutions against plain ones: gradients of networks whose layers take every way through learn/layout.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../../test/support/run-graph.ts";
import { filled, wave } from "../../../test/support/wave.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import { type Graph, operatorKey, type TensorType } from "../../graph/graph.ts";
import { gradientGraph } from "../../learn/differentiate.ts";
import { BLOCKED_DOMAIN } from "../../learn/layout/rewriting.ts";
import { buildDeepRx } from "../../zoo/deeprx.ts";
import { MNIST_CNN } from "../../zoo/mnist-cnn.ts";
import { batchNorm, conv, flatten, globalAveragePool, linear, maxPool, relu } from "../../zoo/pieces.ts";
import { findConvolutionBlock } from "./convolution-block.ts";
import { onnxRuntime } from "./onnx-runtime.ts";

const block = await onnxRuntime().convolutionBlock?.();

/** Stride, dilation, pooling that rounds up, sums of branches, an activation with a bound, and channels that fill no block. */
function branched(): Graph {
  const b = new NetworkBuilder("branched");
  const x = b.input("input", ["batch", 3, 13, 11]);
  const stem = relu(b, conv(b, x, 32, { name: "stem", kernel: 3, pad: 1 }), "relu1");
  const pooled = maxPool(b, stem, { name: "pool", kernel: 2, ceil: true });
  const left = conv(b, pooled, 32, { name: "left", kernel: 3, pad: 2, dilation: 2 });
  const right = relu(b, batchNorm(b, conv(b, pooled, 32, { name: "right", kernel: 3, pad: 1 }), "bn"), "relu2");
  const sum = b.layer("Tanh", [b.layer("Add", [left, right], { name: "sum" })], { name: "tanh" });
  const strided = conv(b, sum, 16, { name: "strided", kernel: 3, stride: 2, pad: 1 });
  const odd = conv(b, strided, 10, { name: "odd", kernel: 3, pad: 1 });
  b.output(linear(b, flatten(b, globalAveragePool(b, odd)), 4, "linear"));
  return b.graph();
}

const shapeOf = (type: TensorType): readonly number[] => type.shape as readonly number[];

/** Largest relative error of a parameter's gradient in float32; small sums after batch normalisation are the worst. */
const BOUND = 6e-5;
const lengthOf = (numbers: readonly number[]): number => Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0));

type Numbers = Readonly<Record<string, readonly number[]>>;
type FillData = (shape: readonly number[]) => number[];

async function gradientsOf(
  graph: Graph,
  batch: number,
  kind: "cross-entropy" | "bce",
  own: number | undefined,
  fill: FillData,
) {
  const made = gradientGraph(graph, { loss: { kind }, batch, ...(own !== undefined && { convolutionBlock: own }) });
  const fed = made.inputs.map(({ name, role, type }) => {
    if (role === "data") return [name, fill(shapeOf(type))];
    const labels = wave("label", shapeOf(type));
    return [name, kind === "bce" ? labels.map((v) => (v > 0 ? 1 : 0)) : labels.map((_, i) => i % 3)];
  });
  const state = made.parameters.map(({ name, type }) => [name, filled(name, shapeOf(type))]);
  const results = await (await openGraph(made.graph)).run(Object.fromEntries([...fed, ...state]));
  const gradients: Numbers = Object.fromEntries([...made.gradients].map(([name, tensor]) => [name, results[tensor]!]));
  return { loss: results[made.loss]![0]!, gradients, graph: made.graph };
}

const WAVE: FillData = (shape) => wave("input", shape);
/** All elements of every window are equal but at the border. */
const FLAT: FillData = (shape) => wave("input", shape).map(() => 0.7);

const CASES = [
  {
    name: "mnist-cnn, whole blocks of samples",
    graph: () => MNIST_CNN.build(),
    batch: 16,
    kind: "cross-entropy",
    fill: WAVE,
  },
  { name: "mnist-cnn, few samples", graph: () => MNIST_CNN.build(), batch: 3, kind: "cross-entropy", fill: WAVE },
  { name: "mnist-cnn, equal maxima", graph: () => MNIST_CNN.build(), batch: 2, kind: "cross-entropy", fill: FLAT },
  { name: "branches", graph: branched, batch: 16, kind: "cross-entropy", fill: WAVE },
  { name: "branches, samples that fill no block", graph: branched, batch: 17, kind: "cross-entropy", fill: WAVE },
  {
    name: "deeprx",
    graph: () => buildDeepRx({ width: 0.25, depth: 3, bits: 4, subcarriers: 24 }),
    batch: 2,
    kind: "bce",
    fill: WAVE,
  },
] as const;

describe.skipIf(block === undefined)("blocked convolutions", () => {
  it.each(CASES)("give the gradients of plain ones: $name", async ({ graph, batch, kind, fill }) => {
    const plain = await gradientsOf(graph(), batch, kind, undefined, fill);
    const blocked = await gradientsOf(graph(), batch, kind, block, fill);
    expect(blocked.graph.layers.map(operatorKey)).toContain(`${BLOCKED_DOMAIN}.Conv`);
    expect(blocked.loss).toBeCloseTo(plain.loss, 5);
    expect(Object.keys(blocked.gradients)).toEqual(Object.keys(plain.gradients));
    const scale = Math.max(...Object.values(plain.gradients).map((numbers) => lengthOf(numbers)));
    const errors = Object.entries(plain.gradients).map(([name, numbers]) => {
      const apart = lengthOf(numbers.map((value, i) => value - blocked.gradients[name]![i]!));
      return { name, error: apart / Math.max(lengthOf(numbers), 1e-3 * scale) };
    });
    expect(errors.filter(({ error }) => !(error < BOUND))).toEqual([]);
  });
});

describe("findConvolutionBlock", () => {
  it("says what the runtime says, and nothing where it refuses", async () => {
    expect([undefined, 8, 16]).toContain(block);
    expect(await findConvolutionBlock(async () => Promise.reject(new Error("no such domain")))).toBeUndefined();
  });

  it("takes no order of numbers on trust", async () => {
    const asIs = async () => ({
      run: async ({ x }: Readonly<Record<string, unknown>>) => ({ blocked: x, back: x }) as never,
      carried: async () => ({}),
      carriedBefore: async () => ({}),
      setCarried: async () => undefined,
      close: async () => undefined,
    });
    expect(await findConvolutionBlock(asIs)).toBeUndefined();
  });
});
