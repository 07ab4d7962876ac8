// What the CIFAR-10 networks of this folder share: their input, their head, and the few blocks that several families use.
// Layer order, names and counts follow the repository kuangliu/pytorch-cifar [pytorch-cifar], written anew on pieces.ts.
// Dropout and drop-connect are left out: these are the networks as they infer.
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ZooOptions } from "../network.ts";
import { add, averagePool, batchNorm, conv, flatten, globalAveragePool, linear, relu } from "../pieces.ts";

/** Where the counts come from: the repository's architectures, written out in PyTorch and counted there, not by us. */
export const PYTORCH_CIFAR = "[pytorch-cifar] in PyTorch 2.15: numel() of parameters(), MACs by forward hooks";

/** Classes of CIFAR-10. */
export const CLASSES = 10;

/** A graph from images [batch, 3, 32, 32] to what `body` returns, normally logits [batch, 10]. */
export function cifarGraph(
  name: string,
  options: ZooOptions | undefined,
  body: (b: NetworkBuilder, image: string) => string,
): Graph {
  const b = new NetworkBuilder(name, options?.seed);
  b.output(body(b, b.input("image", ["batch", 3, 32, 32])));
  return b.graph();
}

export interface ConvBnOptions {
  /** Follows "conv", "bn" and "relu" in the layer names. Default: nothing. */
  readonly id?: number;
  /** Side of the kernel, odd; padding keeps the size at stride 1. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly groups?: number;
  /** Default false: batch normalisation has its own. */
  readonly bias?: boolean;
}

/** Convolution and batch normalisation. */
export function convBn(b: NetworkBuilder, x: string, out: number, options: ConvBnOptions): string {
  const { id = "", kernel, stride = 1, groups = 1, bias = false } = options;
  const pad = (kernel - 1) / 2;
  return batchNorm(b, conv(b, x, out, { name: `conv${id}`, kernel, stride, pad, groups, bias }), `bn${id}`);
}

export function convBnRelu(b: NetworkBuilder, x: string, out: number, options: ConvBnOptions): string {
  return relu(b, convBn(b, x, out, options), `relu${options.id ?? ""}`);
}

/** One block per item, each reading the one before, in scopes "name/0", "name/1", … */
export function sequence<T>(
  b: NetworkBuilder,
  x: string,
  name: string,
  items: readonly T[],
  block: (x: string, item: T) => string,
): string {
  return b.scope(name, () => items.reduce((y, item, i) => b.scope(`${i}`, () => block(y, item)), x));
}

/** Strides of a stage: the first block has `first`, the other `count` − 1 have 1. */
export function stageStrides(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? first : 1));
}

/** The input itself when its shape already fits, else a 1×1 convolution with batch normalisation. */
export function projection(b: NetworkBuilder, x: string, out: number, stride: number): string {
  if (stride === 1 && b.length(x, 1) === out) return x;
  return b.scope("shortcut", () => convBn(b, x, out, { kernel: 1, stride }));
}

/** The block of ResNet-18 [He2016]: two 3×3 convolutions beside a shortcut. */
export function basicBlock(b: NetworkBuilder, x: string, out: number, stride: number): string {
  const first = convBnRelu(b, x, out, { id: 1, kernel: 3, stride });
  const second = convBn(b, first, out, { id: 2, kernel: 3 });
  return relu(b, add(b, second, projection(b, x, out, stride)), "relu2");
}

export interface BottleneckOptions {
  /** Channels of the 3×3 convolution. */
  readonly middle: number;
  readonly out: number;
  readonly stride: number;
  /** Groups of the 3×3 convolution. */
  readonly groups: number;
}

/** 1×1, grouped 3×3, 1×1, normalised each; no activation after the last. */
export function bottleneckPath(b: NetworkBuilder, x: string, options: BottleneckOptions): string {
  const { middle, out, stride, groups } = options;
  const narrow = convBnRelu(b, x, middle, { id: 1, kernel: 1 });
  const spatial = convBnRelu(b, narrow, middle, { id: 2, kernel: 3, stride, groups });
  return convBn(b, spatial, out, { id: 3, kernel: 1 });
}

/** Residual block around bottleneckPath. */
export function bottleneckBlock(b: NetworkBuilder, x: string, options: BottleneckOptions): string {
  const path = bottleneckPath(b, x, options);
  return relu(b, add(b, path, projection(b, x, options.out, options.stride)), "relu3");
}

/** Mean over `pool` × `pool` windows (or over the whole image), then the dense layer to the classes. */
export function classifier(b: NetworkBuilder, x: string, pool: number | "global"): string {
  const mean = pool === "global" ? globalAveragePool(b, x) : averagePool(b, x, { name: "avgpool", kernel: pool });
  return linear(b, flatten(b, mean), CLASSES, "linear");
}
