// Layers that make channels of channels: convolutions, plain, grouped, depthwise, transposed; dense layers; matrix products.
import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from "../../../../graph/attributes.ts";
import type { Layer } from "../../../../graph/graph.ts";
import type { ChannelTable, Fixed, FixedContext, LinkContext } from "../rule.ts";
import type { Slot } from "../slots.ts";

const numbersOf = (c: FixedContext, name: string | undefined) => c.weight(name)?.data as Float32Array | undefined;

function attachBias(c: LinkContext, bias: string | undefined, slots: readonly Slot[]): boolean {
  if (bias === undefined || bias === "") return true;
  const shape = c.shape(bias);
  if (!c.isWeight(bias) || shape === undefined) return false;
  if (shape.length > 0 && shape.at(-1) === slots.length && slots.length > 1)
    c.attach(bias, shape.length - 1, slots, "along");
  else if (shape.some((length) => length > 1)) return false;
  return true;
}

/** Every `size`-th slot is one: what groups have at the same position goes together, so that groups stay equal. */
function acrossGroups(c: LinkContext, slots: readonly Slot[], size: number): readonly Slot[] {
  const first = slots.slice(0, size);
  slots.forEach((slot, i) => {
    c.slots.join(first[i % size]!, slot);
  });
  return first;
}

/** One filter (or several) per channel: the channels go through. */
function linkDepthwise(c: LinkContext, inputs: readonly Slot[] | undefined, filters: number): boolean {
  const [x = "", weight = "", bias] = c.layer.inputs;
  const channels = c.shape(x)![1]!;
  const per = filters / channels;
  if (inputs === undefined) return linkMade(c, filters, undefined);
  const slots = inputs.flatMap((slot) => Array.from({ length: per }, () => slot));
  c.attach(weight, 0, slots, "along");
  c.give(c.layer.outputs[0]!, 1, slots);
  const layer = c.layer;
  c.rewrite(inputs, (isRemoved) => withGroup(layer, inputs.filter((slot) => !isRemoved(slot)).length));
  return attachBias(c, bias, slots);
}

const withGroup = (layer: Layer, group: number): Layer => ({
  ...layer,
  attributes: new Map(layer.attributes).set("group", { kind: "int", value: group }),
});

/** Filters that nothing ties to the input: they stay where the input's channels do. */
function linkMade(c: LinkContext, filters: number, inputs: readonly Slot[] | undefined): boolean {
  const [, weight = "", bias] = c.layer.inputs;
  const made = c.slots.fresh(filters);
  if (inputs === undefined && intAttribute(c.layer, "group", 1) > 1) c.slots.pin(made);
  c.attach(weight, 0, made, "makes");
  c.give(c.layer.outputs[0]!, 1, made);
  return attachBias(c, bias, made);
}

function linkConv(c: LinkContext): boolean {
  const [x = "", weight = "", bias] = c.layer.inputs;
  const shape = c.shape(x);
  const filters = c.shape(weight)?.[0];
  if (shape === undefined || filters === undefined || !c.isWeight(weight)) return false;
  const group = intAttribute(c.layer, "group", 1);
  const inputs = c.axis(x, 1);
  c.pinOthers(x, 1);
  if (group > 1 && group === shape[1]) return linkDepthwise(c, inputs, filters);
  if (group === 1) {
    if (inputs !== undefined) c.attach(weight, 1, inputs, "reads");
    return linkMade(c, filters, inputs);
  }
  if (inputs === undefined) return linkMade(c, filters, inputs);
  c.attach(weight, 1, acrossGroups(c, inputs, shape[1]! / group), "reads");
  const made = c.slots.fresh(filters);
  acrossGroups(c, made, filters / group);
  c.attach(weight, 0, made, "makes");
  c.give(c.layer.outputs[0]!, 1, made);
  return attachBias(c, bias, made);
}

function linkConvTranspose(c: LinkContext): boolean {
  const [x = "", weight = "", bias] = c.layer.inputs;
  const filters = c.shape(weight)?.[1];
  if (filters === undefined || !c.isWeight(weight) || intAttribute(c.layer, "group", 1) !== 1) return false;
  c.pinOthers(x, 1);
  const inputs = c.axis(x, 1);
  if (inputs !== undefined) c.attach(weight, 0, inputs, "reads");
  const made = c.slots.fresh(filters);
  c.attach(weight, 1, made, "makes");
  c.give(c.layer.outputs[0]!, 1, made);
  return attachBias(c, bias, made);
}

/** Axis of a Gemm's weight that reads, and the one that makes. */
const gemmAxes = (layer: Layer): { readonly reads: 0 | 1; readonly makes: 0 | 1 } =>
  intAttribute(layer, "transB", 0) === 1 ? { reads: 1, makes: 0 } : { reads: 0, makes: 1 };

function linkGemm(c: LinkContext): boolean {
  const [x = "", weight = "", bias] = c.layer.inputs;
  const shape = c.shape(weight);
  if (shape === undefined || !c.isWeight(weight) || c.isWeight(x) || intAttribute(c.layer, "transA", 0) !== 0)
    return false;
  const { reads, makes } = gemmAxes(c.layer);
  c.pinOthers(x, 1);
  const inputs = c.axis(x, 1);
  if (inputs !== undefined) c.attach(weight, reads, inputs, "reads");
  const made = c.slots.fresh(shape[makes]!);
  c.attach(weight, makes, made, "makes");
  c.give(c.layer.outputs[0]!, 1, made);
  return attachBias(c, bias, made);
}

function linkMatMul(c: LinkContext): boolean {
  const [x = "", weight = ""] = c.layer.inputs;
  const shape = c.shape(weight);
  const rank = c.shape(x)?.length;
  if (rank === undefined || rank < 2 || shape?.length !== 2 || !c.isWeight(weight) || c.isWeight(x)) return false;
  // Channels on any other axis go through: only the last one is summed over.
  for (let axis = 0; axis < rank - 1; axis++) {
    const through = c.axis(x, axis);
    if (through !== undefined) c.give(c.layer.outputs[0]!, axis, through);
  }
  const inputs = c.axis(x, rank - 1);
  if (inputs !== undefined) c.attach(weight, 0, inputs, "reads");
  const made = c.slots.fresh(shape[1]!);
  c.attach(weight, 1, made, "makes");
  c.give(c.layer.outputs[0]!, rank - 1, made);
  return true;
}

/** True when the window never reads padding: a fixed channel gives the same at every position. */
export function isUnpadded(layer: Layer): boolean {
  const auto = stringAttribute(layer, "auto_pad", "NOTSET");
  return auto === "VALID" || (auto === "NOTSET" && (intsAttribute(layer, "pads") ?? []).every((pad) => pad === 0));
}

interface Sum {
  readonly outputs: number;
  /** Numbers of the weight between output `o` and the k-th input that it reads. */
  readonly between: (o: number, k: number) => Iterable<number>;
  /** Input channels that output `o` reads. */
  readonly reads: (o: number) => readonly number[];
  readonly inputs: Fixed | undefined;
  /** Only channels that are 0 give the same at every position. */
  readonly zeroOnly: boolean;
  readonly bias: ArrayLike<number> | undefined;
}

/** Σ w·x + b where every x with a weight that is not zero is fixed. */
function fixedSums({ outputs, between, reads, inputs, zeroOnly, bias }: Sum): Fixed {
  return Array.from({ length: outputs }, (_, o) => {
    let sum = bias === undefined ? 0 : bias[bias.length === 1 ? 0 : o]!;
    for (const [k, input] of reads(o).entries()) {
      let weight = 0;
      let any = false;
      for (const w of between(o, k)) {
        weight += w;
        any ||= w !== 0;
      }
      if (!any) continue;
      const value = inputs?.[input];
      if (value === undefined || (zeroOnly && value !== 0)) return undefined;
      sum += weight * value;
    }
    return sum;
  });
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

function fixedConv(c: FixedContext): Fixed | undefined {
  const [x = "", weight, bias] = c.layer.inputs;
  const w = numbersOf(c, weight);
  const shape = c.shape(weight);
  if (w === undefined || shape === undefined) return undefined;
  const [filters = 0, per = 0] = shape;
  const area = w.length / (filters * per);
  const perGroup = filters / intAttribute(c.layer, "group", 1);
  return fixedSums({
    outputs: filters,
    between: (o, k) => w.subarray((o * per + k) * area, (o * per + k + 1) * area),
    reads: (o) => range(Math.floor(o / perGroup) * per, per),
    inputs: c.fixed(x),
    zeroOnly: !isUnpadded(c.layer),
    bias: numbersOf(c, bias),
  });
}

function fixedConvTranspose(c: FixedContext): Fixed | undefined {
  const [x = "", weight, bias] = c.layer.inputs;
  const w = numbersOf(c, weight);
  const shape = c.shape(weight);
  if (w === undefined || shape === undefined) return undefined;
  const [channels = 0, filters = 0] = shape;
  const area = w.length / (filters * channels);
  return fixedSums({
    outputs: filters,
    between: (o, k) => w.subarray((k * filters + o) * area, (k * filters + o + 1) * area),
    reads: () => range(0, channels),
    inputs: c.fixed(x),
    zeroOnly: true,
    bias: numbersOf(c, bias),
  });
}

function fixedDense(
  c: FixedContext,
  reads: 0 | 1,
  bias: ArrayLike<number> | undefined,
  alpha: number,
): Fixed | undefined {
  const [x = "", weight] = c.layer.inputs;
  const w = numbersOf(c, weight);
  const shape = c.shape(weight);
  if (w === undefined || shape === undefined) return undefined;
  const columns = shape[1]!;
  const at = (o: number, k: number) => w[reads === 1 ? o * columns + k : k * columns + o]! * alpha;
  return fixedSums({
    outputs: shape[1 - reads]!,
    between: (o, k) => [at(o, k)],
    reads: () => range(0, shape[reads]!),
    inputs: c.fixed(x),
    zeroOnly: false,
    bias,
  });
}

function fixedGemm(c: FixedContext): Fixed | undefined {
  const beta = floatAttribute(c.layer, "beta", 1);
  const bias = numbersOf(c, c.layer.inputs[2])?.map((value) => value * beta);
  return fixedDense(c, gemmAxes(c.layer).reads, bias, floatAttribute(c.layer, "alpha", 1));
}

const lastAxis = (c: FixedContext): number => c.shape(c.layer.outputs[0])!.length - 1;

export const PRODUCTS: ChannelTable = {
  Conv: {
    link: linkConv,
    fixed: fixedConv,
    folds: (layer) => isUnpadded(layer) && intAttribute(layer, "group", 1) === 1,
  },
  ConvTranspose: { link: linkConvTranspose, fixed: fixedConvTranspose },
  Gemm: { link: linkGemm, fixed: fixedGemm, folds: (layer) => floatAttribute(layer, "beta", 1) !== 0 },
  MatMul: {
    link: linkMatMul,
    fixed: (c) => (c.axis === lastAxis(c) ? fixedDense(c, 0, undefined, 1) : undefined),
    folds: () => true,
  },
};
