// Counting whole graphs: a LeNet by hand, ownership of weights, bytes, control flow, and what cannot be counted.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import type { Attribute, Graph, Layer, TensorType, WeightRef } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { averagePool, batchNorm, conv, flatten, linear, relu } from "../zoo/pieces.ts";
import { type CountOptions, countWork } from "./count.ts";
import { countGraph } from "./count-graph.ts";
import { macsPerParam } from "./total.ts";

const ZERO = { kind: "constant", value: 0 } as const;

function work(make: (b: NetworkBuilder) => string, options?: CountOptions) {
  const b = new NetworkBuilder("net");
  b.output(make(b));
  return countWork(inferShapes(b.graph()), options);
}

/** LeNet-like: conv 5×5 to 4, ReLU, average pool 2, conv 3×3 to 6 without bias, flatten, dense to 10. */
const lenet = (batch: number) => (b: NetworkBuilder) => {
  let x = b.input("image", [batch, 1, 12, 12]);
  x = averagePool(b, relu(b, conv(b, x, 4, { kernel: 5, name: "c1" })), { kernel: 2 });
  x = conv(b, x, 6, { kernel: 3, bias: false, name: "c2" });
  return linear(b, flatten(b, x), 10);
};

describe("a network counted by hand", () => {
  // 12×12 → conv 5: 4×8×8 → pool: 4×4×4 → conv 3: 6×2×2 → 24 → 10
  const report = work(lenet(1));
  it("arithmetic", () => {
    const macs = 256 * 25 + 24 * 36 + 10 * 24;
    const adds = 256 + 256 + 64 * 4 + 10; // bias, ReLU, pool, bias
    const muls = 64; // pool
    expect(report.total).toMatchObject({ macs, adds, muls, others: 0, flops: 2 * macs + adds + muls });
  });
  it("weights", () => {
    const params = 4 * 25 + 4 + 6 * 4 * 9 + 24 * 10 + 10;
    expect(report.total).toMatchObject({ params, buffers: 0, weightBytes: 4 * params });
    expect(macsPerParam(report.total)).toBe(report.total.macs / params);
  });
  it("bytes: each layer reads its input and weights and writes its output, the flattening moves nothing", () => {
    const read = 144 + (100 + 4) + 256 + 256 + 64 + 216 + 24 + (240 + 10);
    const written = 256 + 256 + 64 + 24 + 10;
    expect(report.total).toMatchObject({ readBytes: 4 * read, writtenBytes: 4 * written });
  });
  it("peak: input and output of the ReLU", () => {
    expect(report.peakActivationBytes).toBe(4 * (256 + 256));
  });
  it("rows and batch", () => {
    expect(report.layers.map(({ op }) => op)).toEqual(["Conv", "Relu", "AveragePool", "Conv", "Flatten", "Gemm"]);
    expect(report.layers[0]).toMatchObject({
      dtype: "float32",
      inputShape: [1, 1, 12, 12],
      outputShape: [1, 4, 8, 8],
      inputElements: 144,
      outputElements: 256,
    });
    expect(report.batch).toBe(1);
    expect(work(lenet(3)).batch).toBe(3);
    expect(report.unknown).toEqual([]);
  });
});

describe("weights", () => {
  it("batch normalisation has two trained tensors and two buffers", () => {
    const { total } = work((b) => batchNorm(b, b.input("x", [1, 3, 4, 4])));
    expect(total).toMatchObject({ params: 6, buffers: 6, weightBytes: 48 });
  });
  it("a shared weight counts once and is read by every layer that uses it", () => {
    const { layers, total } = work((b) => {
      const w = b.weight("w", [4, 4], ZERO);
      return b.layer("MatMul", [b.layer("MatMul", [b.input("x", [2, 4]), w]), w]);
    });
    expect(total.params).toBe(16);
    expect(layers.map(({ params }) => params)).toEqual([16, 0]);
    expect(layers[1]!.readBytes).toBe(4 * (8 + 16));
  });
  it("a weight that is only laid out anew is still the weight, and its conversion takes no part", () => {
    const { layers, total } = work((b) => {
      const turned = b.layer("Transpose", [b.weight("w", [6, 4], ZERO)], { attributes: { perm: [1, 0] } });
      return b.layer("MatMul", [b.input("x", [2, 4]), turned]);
    });
    expect(layers.map(({ op }) => op)).toEqual(["MatMul"]);
    expect(total).toMatchObject({ params: 24, weightBytes: 96, readBytes: 4 * (8 + 24) });
  });
  it("an 8-bit weight behind DequantizeLinear counts its elements once and its stored bytes", () => {
    const graph = handGraph({
      tensors: { x: ["float32", [2, 4]], y: ["float32", [2, 3]] },
      weights: { w: ["int8", [4, 3]], scale: ["float32", []], zero: ["int8", []] },
      layers: [
        ["dq", "DequantizeLinear", ["w", "scale", "zero"], ["real"]],
        ["fc", "MatMul", ["x", "real"], ["y"]],
      ],
      types: { real: ["float32", [4, 3]] },
    });
    const { layers, total } = countWork(inferShapes(graph));
    expect(layers.map(({ name }) => name)).toEqual(["fc"]);
    expect(total).toMatchObject({ params: 12, weightBytes: 12, macs: 24, readBytes: 4 * 8 + 12 });
  });
  it("fixed numbers are not trained: scalars of elementwise operators and integers", () => {
    const { total } = work((b) => {
      const half = b.constant("half", "float32", [0.5], []);
      const picked = b.layer("Gather", [b.input("x", [8, 4]), b.constant("rows", "int64", [1, 5])]);
      return b.layer("Mul", [picked, half]);
    });
    expect(total).toMatchObject({ params: 0, muls: 8 });
  });
  it("a scale per channel and a slope are trained", () => {
    const { total } = work((b) => {
      const x = b.layer("Mul", [b.input("x", [2, 3]), b.weight("scale", [3], ZERO)]);
      return b.layer("PRelu", [x, b.weight("slope", [1], ZERO)]);
    });
    expect(total.params).toBe(4);
  });
  it("an embedding is read by the rows that are looked up", () => {
    const { total } = work((b) =>
      b.layer("Gather", [b.weight("table", [1000, 16], ZERO), b.input("ids", [2, 5], "int64")]),
    );
    expect(total).toMatchObject({ params: 16000, flops: 0, readBytes: 4 * 10 * 16 + 8 * 10, writtenBytes: 640 });
  });
  it("4-bit packed weights count what they stand for", () => {
    const graph = handGraph({
      tensors: { x: ["float32", [1, 32]], y: ["float32", [1, 8]] },
      weights: { w: ["uint8", [8, 1, 16]], scales: ["float32", [8]] },
      layers: [
        ["fc", "MatMulNBits", ["x", "w", "scales"], ["y"], { N: 8, K: 32, bits: 4, block_size: 32 }, "com.microsoft"],
      ],
    });
    expect(countWork(inferShapes(graph)).total).toMatchObject({ params: 256, weightBytes: 128, macs: 256 });
  });
});

describe("what cannot be counted", () => {
  it("an operator without rule is listed and in no sum", () => {
    const graph = handGraph({
      tensors: { x: ["float32", [2, 4]], y: ["float32", [2, 4]] },
      layers: [
        ["odd", "Mystery", ["x"], ["m"], {}, "my.domain"],
        ["relu", "Relu", ["m"], ["y"]],
      ],
      types: { m: ["float32", [2, 4]] },
    });
    const report = countWork(inferShapes(graph));
    expect(report.unknown).toEqual([{ layer: "odd", op: "my.domain.Mystery", reason: "no rule" }]);
    expect(report.layers.map(({ name }) => name)).toEqual(["relu"]);
  });
  it("names of object properties are no operators", () => {
    const graph = handGraph({
      tensors: { x: ["float32", [2]], y: ["float32", [2]] },
      layers: [["odd", "constructor", ["x"], ["y"]]],
    });
    expect(countWork(inferShapes(graph)).unknown[0]).toMatchObject({ op: "constructor", reason: "no rule" });
  });
  it("an unbound dimension makes its layers unknown", () => {
    const report = work((b) => relu(b, b.input("x", ["batch", 4])));
    expect(report.unknown).toEqual([{ layer: "relu", op: "Relu", reason: "shape not known" }]);
    expect(report.total.flops).toBe(0);
    expect(report.layers).toEqual([]);
  });
});

type HandType = readonly [TensorType["dtype"], readonly (number | string)[]];
type HandLayer = readonly [
  string,
  string,
  readonly string[],
  readonly string[],
  Readonly<Record<string, number | Attribute>>?,
  string?,
];
interface Hand {
  /** First the inputs, last the output. */
  readonly tensors: Readonly<Record<string, HandType>>;
  readonly weights?: Readonly<Record<string, HandType>>;
  readonly types?: Readonly<Record<string, HandType>>;
  readonly layers: readonly HandLayer[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

function handGraph({ tensors, weights = {}, types = {}, layers, inputs, outputs }: Hand): Graph {
  const names = Object.keys(tensors);
  const typeOf = ([dtype, shape]: HandType): TensorType => ({ dtype, shape });
  const stored: WeightRef = { kind: "range", file: undefined, offset: 0, length: 0 };
  const toAttribute = (value: number | Attribute): Attribute =>
    typeof value === "number" ? { kind: "int", value } : value;
  return {
    name: "hand",
    inputs: inputs ?? names.slice(0, -1),
    outputs: outputs ?? names.slice(-1),
    layers: layers.map(([name, op, ins, outs, attributes = {}, domain = ""]): Layer => {
      const entries = Object.entries(attributes).map(([key, value]) => [key, toAttribute(value)] as const);
      return { name, op, domain, inputs: ins, outputs: outs, attributes: new Map(entries) };
    }),
    tensors: new Map(Object.entries({ ...tensors, ...weights, ...types }).map(([name, type]) => [name, typeOf(type)])),
    weights: new Map(Object.keys(weights).map((name) => [name, stored])),
    opsets: new Map([
      ["", 17],
      ["com.microsoft", 1],
    ]),
  };
}

describe("batch and bounds", () => {
  it("the batch of a recurrent layer of layout 0 is its second axis", () => {
    const graph = handGraph({
      tensors: { x: ["float32", [10, 2, 16]], y: ["float32", [10, 1, 2, 32]] },
      weights: { w: ["float32", [1, 128, 16]], r: ["float32", [1, 128, 32]] },
      layers: [["lstm", "LSTM", ["x", "w", "r"], ["y"], { hidden_size: 32 }]],
    });
    const report = countGraph(graph);
    expect(report.batch).toBe(2);
    expect(report.assumptions).toEqual(["batch = 2 (input x, axis 1, fixed in the file)"]);
    expect(countGraph(graph, { batch: 6 })).toMatchObject({ batch: 6, total: { macs: 3 * report.total.macs } });
  });
  it("a signal without a batch axis is one sample", () => {
    expect(work((b) => relu(b, b.input("wave", [16000]))).batch).toBe(1);
  });
  it("totals above 2^53 are refused", () => {
    const product = (length: number) => (b: NetworkBuilder) =>
      b.layer("MatMul", [b.input("x", [length, length]), b.input("y", [length, length])]);
    expect(work(product(2 ** 17)).total.macs).toBe(2 ** 51);
    expect(() => work(product(2 ** 18))).toThrow(
      expect.objectContaining({
        code: "too-large",
        message: expect.stringMatching(/total of macs is 18014398509481984/),
      }),
    );
  });
});

describe("control flow", () => {
  const body = handGraph({
    tensors: { i: ["int64", []], go: ["bool", []], h: ["float32", [2, 4]], next: ["float32", [2, 4]] },
    layers: [["step", "MatMul", ["h", "w"], ["next"]]],
    outputs: ["go", "next"],
  });
  const looping = (trip: WeightRef | undefined): Graph => {
    const graph = handGraph({
      tensors: { x: ["float32", [2, 4]], y: ["float32", [2, 4]] },
      weights: { w: ["float32", [4, 4]], trip: ["int64", []] },
      layers: [
        ["before", "MatMul", ["x", "w"], ["m"]],
        ["loop", "Loop", ["trip", "", "m"], ["y"], { body: { kind: "graph", value: body } }],
      ],
    });
    if (trip !== undefined) return { ...graph, weights: new Map([...graph.weights, ["trip", trip]]) };
    const weights = new Map([...graph.weights].filter(([name]) => name !== "trip"));
    return { ...graph, inputs: ["x", "trip"], weights };
  };
  const seven: WeightRef = { kind: "inline", bytes: new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0]) };

  it("a loop counts its body as often as it runs; the weight from around it once", () => {
    const report = countWork(inferShapes(looping(seven)));
    expect(report.layers.map(({ name, macs }) => [name, macs])).toEqual([
      ["before", 32],
      ["loop/step", 7 * 32],
    ]);
    expect(report.total).toMatchObject({ params: 16, weightBytes: 64 });
    expect(report.layers[1]).toMatchObject({ readBytes: 7 * 4 * (8 + 16), block: "loop" });
  });
  it("training goes back through every iteration and trains the weight once", () => {
    const report = countWork(inferShapes(looping(seven)), { phase: "training" });
    // before: forward and dW; the body: forward, dX and dW, seven times
    expect(report.layers.map(({ macs }) => macs)).toEqual([2 * 32, 3 * 7 * 32]);
    // the optimiser runs where the weight is owned
    expect(report.layers.map(({ muls }) => muls)).toEqual([16, 0]);
  });
  it("a loop without a count is unknown", () => {
    const report = countWork(inferShapes(looping(undefined)));
    expect(report.unknown[0]).toMatchObject({ layer: "loop", op: "Loop" });
    expect(report.unknown[0]!.reason).toContain("trip count not known");
    expect(report.total.macs).toBe(32);
  });
  it("of two branches the costlier one counts, and it is said", () => {
    const branch = (op: string): Attribute => ({
      kind: "graph",
      value: handGraph({
        tensors: { out: ["float32", [2, 4]] },
        layers: [[op.toLowerCase(), op, ["x"], ["out"]]],
      }),
    });
    const graph = handGraph({
      tensors: { c: ["bool", []], x: ["float32", [2, 4]], y: ["float32", [2, 4]] },
      layers: [["if", "If", ["c"], ["y"], { then_branch: branch("Relu"), else_branch: branch("Sigmoid") }]],
    });
    const report = countWork(inferShapes(graph));
    expect(report.layers.map(({ name, flops }) => [name, flops])).toEqual([["if/sigmoid", 24]]);
    expect(report.assumptions.join()).toContain("else_branch");
  });
});
