// Layers that visit each element once or twice: activations, softmax, normalisation, sums and products of two tensors, rearrangements.
import type { NetworkBuilder } from "../../../graph/build.ts";
import type { Parameters } from "../../layerwise/parameters.ts";
import { type CollectedKind, imageOf, type LayerView, type ParameterRange, product } from "./kind.ts";

const ELEMENTS: Readonly<Record<string, ParameterRange>> = {
  batch_size: { low: 1, high: 256 },
  input_size: { low: 1024, high: 1_048_576 },
};

/** Elements per sample; the first axis is the batch. */
function flat(shape: readonly number[] | undefined): Parameters | undefined {
  if (shape === undefined || shape.length === 0) return undefined;
  return { batch_size: shape[0]!, input_size: product(shape) / shape[0]! };
}

const rowOf = (b: NetworkBuilder, { batch_size, input_size }: Parameters, name = "x"): string =>
  b.input(name, [batch_size!, input_size!]);

function unary(id: string, op: string, summary: string, ranges = ELEMENTS): CollectedKind {
  return {
    id,
    summary,
    ops: [op],
    ranges,
    build: (b, p) => b.layer(op, [rowOf(b, p)]),
    read: ({ inputs }) => flat(inputs[0]),
  };
}

/** Two tensors of one shape: a broadcast one or a constant is another layer. */
const sameShapes = ({ inputs: [x, y], fixed }: LayerView): boolean =>
  x !== undefined && y !== undefined && product(x) === product(y) && fixed[0] === false && fixed[1] === false;

function binary(id: string, op: string, summary: string): CollectedKind {
  return {
    id,
    summary,
    ops: [op],
    ranges: ELEMENTS,
    build: (b, p) => b.layer(op, [rowOf(b, p), rowOf(b, p, "y")]),
    read: (view) => (sameShapes(view) ? flat(view.outputs[0]) : undefined),
  };
}

export const relu = unary("relu", "Relu", "max(x, 0)");
export const tanh = unary("tanh", "Tanh", "hyperbolic tangent");
export const sigmoid = unary("sigmoid", "Sigmoid", "1/(1 + exp(-x))");
export const erf = unary("erf", "Erf", "error function, the core of GELU");
export const add = binary("add", "Add", "sum of two tensors of one shape");
export const multiply = binary("mul", "Mul", "product of two tensors of one shape");

export const clip: CollectedKind = {
  ...unary("clip", "Clip", "min(max(x, 0), 6), ReLU6"),
  build: (b, p) =>
    b.layer("Clip", [rowOf(b, p), b.constant("min", "float32", [0], []), b.constant("max", "float32", [6], [])]),
};

export const softmax: CollectedKind = {
  ...unary("softmax", "Softmax", "softmax over the last axis"),
  ranges: { batch_size: { low: 1, high: 4096 }, input_size: { low: 8, high: 65_536 } },
  read: ({ outputs: [shape] }) => {
    if (shape === undefined || shape.length === 0) return undefined;
    const input_size = shape.at(-1)!;
    return { batch_size: product(shape) / input_size, input_size };
  },
};

export const layerNorm: CollectedKind = {
  ...softmax,
  id: "layernorm",
  summary: "layer normalisation over the last axis",
  ops: ["LayerNormalization"],
  ranges: { batch_size: { low: 1, high: 4096 }, input_size: { low: 16, high: 8192 } },
  build: (b, p) => {
    const scale = b.weight("scale", [p.input_size!], { kind: "constant", value: 1 });
    const bias = b.weight("bias", [p.input_size!], { kind: "constant", value: 0 });
    return b.layer("LayerNormalization", [rowOf(b, p), scale, bias], { attributes: { axis: -1 } });
  },
};

export const batchNorm: CollectedKind = {
  id: "batchnorm",
  summary: "batch normalisation with running statistics",
  ops: ["BatchNormalization"],
  ranges: {
    batch_size: { low: 1, high: 64 },
    in_channels: { low: 4, high: 2048 },
    image_size: { low: 4, high: 224 },
  },
  settle: (drawn) => ({ ...drawn, image_width: drawn.image_size! }),
  build: (b, { batch_size, in_channels, image_size, image_width = image_size! }) => {
    const constant = (name: string, value: number) => b.weight(name, [in_channels!], { kind: "constant", value });
    const weights = [constant("scale", 1), constant("bias", 0), constant("mean", 0), constant("variance", 1)];
    return b.layer("BatchNormalization", [
      b.input("x", [batch_size!, in_channels!, image_size!, image_width]),
      ...weights,
    ]);
  },
  read: ({ inputs }) => imageOf(inputs[0]),
};

export const concat: CollectedKind = {
  id: "concat",
  summary: "two images of equally many channels joined; sizes are those of the result",
  ops: ["Concat"],
  ranges: {
    batch_size: { low: 1, high: 64 },
    in_channels: { low: 4, high: 2048 },
    image_size: { low: 4, high: 112 },
  },
  settle: (drawn) => ({ ...drawn, in_channels: 2 * Math.ceil(drawn.in_channels! / 2), image_width: drawn.image_size! }),
  build: (b, { batch_size, in_channels, image_size, image_width = image_size! }) => {
    const half = [batch_size!, in_channels! / 2, image_size!, image_width];
    return b.layer("Concat", [b.input("x", half), b.input("y", half)], { attributes: { axis: 1 } });
  },
  read: ({ outputs }) => imageOf(outputs[0]),
};

export const transpose: CollectedKind = {
  id: "transpose",
  summary: "rows and columns of each sample exchanged",
  ops: ["Transpose"],
  ranges: { batch_size: { low: 1, high: 64 }, input_size: { low: 1024, high: 1_048_576 } },
  settle: (drawn) => ({ ...drawn, input_size: 32 * Math.ceil(drawn.input_size! / 32) }),
  build: (b, { batch_size, input_size }) =>
    b.layer("Transpose", [b.input("x", [batch_size!, 32, input_size! / 32])], { attributes: { perm: [0, 2, 1] } }),
  wholeOutput: true,
  read: ({ inputs }) => flat(inputs[0]),
};
