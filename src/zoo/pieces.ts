// The pieces zoo networks are made of, with PyTorch's defaults (the published counts are of PyTorch networks).
// Each appends one to three ONNX operators to a builder and returns the output tensor. Weights start as PyTorch's do
// [He2015]: uniform with bound 1/sqrt(fan-in).
import type { NetworkBuilder } from "../graph/build.ts";

export interface ConvOptions {
  readonly name?: string;
  readonly kernel: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number | readonly [number, number];
  /** Zeros on every side (rows, columns). Default 0. */
  readonly pad?: number | readonly [number, number];
  /** Default 1. */
  readonly dilation?: number | readonly [number, number];
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
}

type Pair = readonly [number, number];
const pair = (value: number | Pair): Pair => (typeof value === "number" ? [value, value] : value);

/** 2-D convolution of [N, C, H, W] to `out` channels. */
export function conv(b: NetworkBuilder, x: string, out: number, options: ConvOptions): string {
  const kernel = pair(options.kernel);
  const pad = pair(options.pad ?? 0);
  const groups = options.groups ?? 1;
  const channels = b.length(x, 1) / groups;
  const bound = 1 / Math.sqrt(channels * kernel[0] * kernel[1]);
  const name = options.name ?? "conv";
  const weights = b.scope(name, () => {
    const drawn = [b.weight("weight", [out, channels, ...kernel], { kind: "uniform", bound, seed: b.nextSeed() })];
    if (options.bias ?? true) drawn.push(b.weight("bias", [out], { kind: "uniform", bound, seed: b.nextSeed() }));
    return drawn;
  });
  const attributes = {
    kernel_shape: kernel,
    strides: pair(options.stride ?? 1),
    pads: [...pad, ...pad],
    dilations: pair(options.dilation ?? 1),
    group: groups,
  };
  return b.layer("Conv", [x, ...weights], { name, attributes });
}

/** Batch normalisation with running statistics, PyTorch's epsilon 1e-5. */
export function batchNorm(b: NetworkBuilder, x: string, name = "bn", epsilon = 1e-5): string {
  const shape = [b.length(x, 1)];
  const one = { kind: "constant", value: 1 } as const;
  const zero = { kind: "constant", value: 0 } as const;
  const weights = b.scope(name, () => [
    b.weight("weight", shape, one),
    b.weight("bias", shape, zero),
    b.weight("running_mean", shape, zero),
    b.weight("running_var", shape, one),
  ]);
  return b.layer("BatchNormalization", [x, ...weights], { name, attributes: { epsilon: { float: epsilon } } });
}

export function relu(b: NetworkBuilder, x: string, name = "relu"): string {
  return b.layer("Relu", [x], { name });
}

export interface PoolOptions {
  readonly name?: string;
  readonly kernel: number;
  /** Default: the kernel. */
  readonly stride?: number;
  /** Default 0. */
  readonly pad?: number;
  /** Round the output size up. Default false. */
  readonly ceil?: boolean;
}

function pool(
  b: NetworkBuilder,
  op: string,
  x: string,
  options: PoolOptions,
  extra: Readonly<Record<string, number>>,
): string {
  const { kernel, stride = kernel, pad = 0, ceil = false } = options;
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    ceil_mode: ceil ? 1 : 0,
    ...extra,
  };
  return b.layer(op, [x], { ...(options.name === undefined ? {} : { name: options.name }), attributes });
}

export function maxPool(b: NetworkBuilder, x: string, options: PoolOptions): string {
  return pool(b, "MaxPool", x, options, {});
}

/** Average pooling; padding counts in the mean, as PyTorch's default does. */
export function averagePool(b: NetworkBuilder, x: string, options: PoolOptions): string {
  return pool(b, "AveragePool", x, options, { count_include_pad: 1 });
}

/** Mean over rows and columns, kept as [N, C, 1, 1]. */
export function globalAveragePool(b: NetworkBuilder, x: string, name = "avgpool"): string {
  return b.layer("GlobalAveragePool", [x], { name });
}

/** [N, C, H, W] → [N, C·H·W]. */
export function flatten(b: NetworkBuilder, x: string, name = "flatten"): string {
  return b.layer("Flatten", [x], { name, attributes: { axis: 1 } });
}

/** Dense layer on [N, features]. */
export function linear(b: NetworkBuilder, x: string, out: number, name = "fc", bias = true): string {
  const features = b.length(x, 1);
  const bound = 1 / Math.sqrt(features);
  const weights = b.scope(name, () => {
    const drawn = [b.weight("weight", [out, features], { kind: "uniform", bound, seed: b.nextSeed() })];
    if (bias) drawn.push(b.weight("bias", [out], { kind: "uniform", bound, seed: b.nextSeed() }));
    return drawn;
  });
  return b.layer("Gemm", [x, ...weights], { name, attributes: { transB: 1 } });
}

export function add(b: NetworkBuilder, x: string, y: string, name = "add"): string {
  return b.layer("Add", [x, y], { name });
}

/** Joins along `axis` (default: channels). */
export function concat(b: NetworkBuilder, parts: readonly string[], name = "concat", axis = 1): string {
  return b.layer("Concat", parts, { name, attributes: { axis } });
}

/** min(max(x, 0), 6) [Sandler2018]. */
export function relu6(b: NetworkBuilder, x: string, name = "relu6"): string {
  const bounds = b.scope(name, () => [b.constant("min", "float32", [0], []), b.constant("max", "float32", [6], [])]);
  return b.layer("Clip", [x, ...bounds], { name });
}

/** Element-wise product, with broadcasting. */
export function multiply(b: NetworkBuilder, x: string, y: string, name = "mul"): string {
  return b.layer("Mul", [x, y], { name });
}

function sigmoid(b: NetworkBuilder, x: string, name = "sigmoid"): string {
  return b.layer("Sigmoid", [x], { name });
}

/** x · sigmoid(x), also called swish. */
export function silu(b: NetworkBuilder, x: string, name = "silu"): string {
  return b.scope(name, () => multiply(b, x, sigmoid(b, x)));
}

export interface SqueezeExciteOptions {
  readonly name?: string;
  /** Channels between the two 1×1 convolutions. */
  readonly squeezed: number;
  /** Between the two convolutions. Default relu. */
  readonly activation?: (b: NetworkBuilder, x: string) => string;
}

/** Scales each channel by a gate in [0, 1] made from the channels' means; both convolutions have a bias. */
export function squeezeExcite(b: NetworkBuilder, x: string, options: SqueezeExciteOptions): string {
  const { name = "se", squeezed, activation = relu } = options;
  return b.scope(name, () => {
    const mean = globalAveragePool(b, x);
    const hidden = activation(b, conv(b, mean, squeezed, { name: "fc1", kernel: 1 }));
    const gate = sigmoid(b, conv(b, hidden, b.length(x, 1), { name: "fc2", kernel: 1 }));
    return multiply(b, x, gate);
  });
}

/** Parts of `sizes` channels each, in order; the sizes add up to the channels of `x`. */
export function splitChannels(b: NetworkBuilder, x: string, sizes: readonly number[], name = "split"): string[] {
  return b.scope(name, () => {
    const lengths = b.constant("sizes", "int64", sizes);
    return b.layers("Split", [x, lengths], sizes.length, { attributes: { axis: 1 } });
  });
}

/** Interleaves the channels of `groups` equal groups [Zhang2018]: [N, g·k, H, W] seen as [g, k] becomes [k, g], at any batch. */
export function channelShuffle(b: NetworkBuilder, x: string, groups: number, name = "shuffle"): string {
  const [channels, rows, columns] = [b.length(x, 1), b.length(x, 2), b.length(x, 3)];
  return b.scope(name, () => {
    const apart = b.constant("apart", "int64", [0, groups, channels / groups, rows, columns]);
    const together = b.constant("together", "int64", [0, channels, rows, columns]);
    const grouped = b.layer("Reshape", [x, apart]);
    const swapped = b.layer("Transpose", [grouped], { attributes: { perm: [0, 2, 1, 3, 4] } });
    return b.layer("Reshape", [swapped, together]);
  });
}
