// Operators that work on every number by itself: of one tensor, and of two with broadcasting. Normalisation with fixed statistics
// and PRelu are of this kind: numbers per channel beside the data.
import { floatAttribute, intAttribute } from "../../../../graph/attributes.ts";
import type { ChannelRule, ChannelTable, Fixed, FixedContext, LinkContext } from "../rule.ts";

/** Every axis of the first input goes through to the first output, and other inputs are settings. */
function linkSame(c: LinkContext): boolean {
  const [x = ""] = c.layer.inputs;
  const rank = c.shape(x)?.length;
  if (rank === undefined) return false;
  for (let axis = 0; axis < rank; axis++) {
    const slots = c.axis(x, axis);
    if (slots !== undefined) c.give(c.layer.outputs[0]!, axis, slots);
  }
  return true;
}

/** y = f(x), with the layer's attributes. */
const unary = (make: (c: FixedContext) => ((x: number) => number) | undefined): ChannelRule => ({
  link: linkSame,
  fixed: (c) => {
    const f = make(c);
    return f && c.fixed(c.layer.inputs[0]!)?.map((value) => (value === undefined ? undefined : f(value)));
  },
});

const plain = (f: (x: number) => number): ChannelRule => unary(() => f);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Bounds come as attributes (before set 11) or as inputs without axes. */
function bounds(c: FixedContext): ((x: number) => number) | undefined {
  const bound = (index: number, name: string, otherwise: number): number | undefined => {
    const input = c.layer.inputs[index];
    if (input === undefined || input === "") return floatAttribute(c.layer, name, otherwise);
    const data = c.weight(input)?.data;
    return data === undefined ? undefined : Number(data[0]);
  };
  const low = bound(1, "min", Number.NEGATIVE_INFINITY);
  const high = bound(2, "max", Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : (x) => Math.min(high, Math.max(low, x));
}

/** Inputs with their axes counted from the output's last. */
function linkBroadcast(c: LinkContext): boolean {
  const output = c.layer.outputs[0]!;
  const out = c.shape(output);
  const shapes = c.layer.inputs.map((input) => c.shape(input));
  if (out === undefined || shapes.some((shape) => shape === undefined)) return false;
  out.forEach((length, axis) => {
    const aligned = c.layer.inputs.flatMap((input, i) => {
      const at = axis - (out.length - shapes[i]!.length);
      return at < 0 ? [] : [{ input, at, length: shapes[i]![at]!, isWeight: c.isWeight(input) }];
    });
    const slotted = aligned.flatMap((part) => {
      const slots = part.isWeight ? undefined : c.axis(part.input, part.at);
      return slots === undefined ? [] : [{ slots, length: part.length }];
    });
    if (slotted.length === 0) return;
    const whole = slotted.find((part) => part.length === length);
    for (const part of slotted) if (part.length !== length) c.slots.pin(part.slots);
    if (whole === undefined) return;
    for (const part of slotted) if (part.length === length) c.slots.joinAll(whole.slots, part.slots);
    for (const part of aligned) {
      if (part.length !== length || length === 1) continue;
      if (part.isWeight) c.attach(part.input, part.at, whole.slots, "along");
      else if (c.axis(part.input, part.at) === undefined) c.slots.pin(whole.slots);
    }
    c.give(output, axis, whole.slots);
  });
  return true;
}

/** Value of an operand by channel: an activation's, or a weight's with one number per channel at most. */
function operand(c: FixedContext, name: string): Fixed | undefined {
  if (!c.isWeight(name)) return c.fixed(name);
  const weight = c.weight(name);
  if (weight === undefined) return undefined;
  const data = weight.data as Float32Array;
  const rank = c.shape(c.layer.outputs[0])!.length;
  const at = c.axis - (rank - weight.shape.length);
  const length = at < 0 ? 1 : weight.shape[at]!;
  if (data.length !== length) return undefined;
  return Array.from({ length: c.channels }, (_, i) => data[length === 1 ? 0 : i]!);
}

const binary = (f: (a: number, b: number) => number): ChannelRule => ({
  link: linkBroadcast,
  fixed: (c) => {
    const operands = c.layer.inputs.map((name) => operand(c, name));
    if (operands.some((values) => values === undefined)) return undefined;
    return Array.from({ length: c.channels }, (_, i) => {
      const values = operands.map((fixed) => fixed![fixed!.length === 1 ? 0 : i]);
      return values.some((value) => value === undefined) ? undefined : (values as number[]).reduce(f);
    });
  },
});

const BATCH_EPSILON = 1e-5;

const batchNormalisation: ChannelRule = {
  link: (c) => {
    const [x = "", ...numbers] = c.layer.inputs;
    if (intAttribute(c.layer, "training_mode", 0) !== 0 || !numbers.every((name) => c.isWeight(name))) return false;
    const slots = c.axis(x, 1);
    c.pinOthers(x, 1);
    if (slots === undefined) return true;
    for (const name of numbers) c.attach(name, 0, slots, "along");
    c.give(c.layer.outputs[0]!, 1, slots);
    return true;
  },
  fixed: (c) => {
    const [x = "", ...names] = c.layer.inputs;
    const [gamma, beta, mean, variance] = names.map((name) => c.weight(name)?.data as Float32Array | undefined);
    if (!(gamma && beta && mean && variance)) return undefined;
    const epsilon = floatAttribute(c.layer, "epsilon", BATCH_EPSILON);
    const inputs = c.fixed(x);
    // A scale of 0 makes a channel constant whatever comes in.
    return Array.from({ length: c.channels }, (_, i) => {
      if (gamma[i] === 0) return beta[i]!;
      const value = inputs?.[i];
      return value === undefined
        ? undefined
        : (gamma[i]! * (value - mean[i]!)) / Math.sqrt(variance[i]! + epsilon) + beta[i]!;
    });
  },
};

const pRelu: ChannelRule = {
  link: (c) => linkBroadcast(c),
  fixed: (c) => {
    const slopes = operand(c, c.layer.inputs[1]!);
    return c.fixed(c.layer.inputs[0]!)?.map((x, i) => {
      const slope = slopes?.[i];
      return x === undefined || slope === undefined ? undefined : x >= 0 ? x : slope * x;
    });
  },
};

const SIX = 6;

export const ELEMENTWISE: ChannelTable = {
  Identity: plain((x) => x),
  Dropout: plain((x) => x),
  Relu: plain((x) => Math.max(0, x)),
  Sigmoid: plain(sigmoid),
  Tanh: plain(Math.tanh),
  Abs: plain(Math.abs),
  Neg: plain((x) => -x),
  Exp: plain(Math.exp),
  Sqrt: plain(Math.sqrt),
  Softplus: plain((x) => Math.log1p(Math.exp(x))),
  HardSwish: plain((x) => (x * Math.min(SIX, Math.max(0, x + SIX / 2))) / SIX),
  LeakyRelu: unary(({ layer }) => {
    const slope = floatAttribute(layer, "alpha", 0.01);
    return (x) => (x >= 0 ? x : slope * x);
  }),
  Elu: unary(({ layer }) => {
    const alpha = floatAttribute(layer, "alpha", 1);
    return (x) => (x >= 0 ? x : alpha * Math.expm1(x));
  }),
  HardSigmoid: unary(({ layer }) => {
    const [alpha, beta] = [floatAttribute(layer, "alpha", 0.2), floatAttribute(layer, "beta", 0.5)];
    return (x) => Math.min(1, Math.max(0, alpha * x + beta));
  }),
  Clip: unary(bounds),
  Gelu: { link: linkSame },
  Erf: { link: linkSame },
  Cast: { link: linkSame },
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Sum: binary((a, b) => a + b),
  Max: binary(Math.max),
  Min: binary(Math.min),
  Pow: binary((a, b) => a ** b),
  PRelu: pRelu,
  BatchNormalization: batchNormalisation,
};
