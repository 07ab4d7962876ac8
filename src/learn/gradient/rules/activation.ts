// Functions of one tensor, element by element: dx = dy · f′(x), with f′ written by the input x or the output y, whichever is
// cheaper. Where a function has a kink the derivative is that of PyTorch: 0 at the kink of Relu, Clip and HardSigmoid.
import { floatAttribute, stringAttribute } from "../../../graph/attributes.ts";
import type { Emitter } from "../emitter.ts";
import { dyOf, type GradientTable, inputShape, knownInput, type LayerContext, type OperatorGradient } from "../rule.ts";

type Derivative = (e: Emitter, x: string, y: string, c: LayerContext) => string;

/** dx = dy · f′. */
const by = (derivative: Derivative): OperatorGradient => ({
  backward: (c) => {
    const [x, y] = [c.layer.inputs[0]!, c.layer.outputs[0]!];
    return [c.e.mul(dyOf(c), derivative(c.e, x, y, c))];
  },
});

const float = ({ layer }: LayerContext, name: string, fallback: number): number =>
  floatAttribute(layer, name, fallback);

/** 1 where low < x < high. */
const inside = (e: Emitter, x: string, low: string | number, high: string | number): string =>
  e.mul(e.above(x, low), e.below(x, high));

const SELU = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 };
const TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);

const DERIVATIVES: Readonly<Record<string, Derivative>> = {
  Relu: (e, _x, y) => e.above(y, 0),
  LeakyRelu: (e, x, _y, c) => e.whereAbove(x, 0, 1, float(c, "alpha", 0.01)),
  ThresholdedRelu: (e, x, _y, c) => e.above(x, float(c, "alpha", 1)),
  Elu: (e, x, y, c) => e.whereAbove(x, 0, 1, e.add(y, float(c, "alpha", 1))),
  Celu: (e, x, _y, c) => e.whereAbove(x, 0, 1, e.op("Exp", [e.div(x, float(c, "alpha", 1))])),
  Selu: (e, x, y, c) => {
    const gamma = float(c, "gamma", SELU.gamma);
    return e.whereAbove(x, 0, gamma, e.add(y, gamma * float(c, "alpha", SELU.alpha)));
  },
  Sigmoid: (e, _x, y) => e.mul(y, e.sub(1, y)),
  HardSigmoid: (e, _x, y, c) => e.mul(inside(e, y, 0, 1), float(c, "alpha", 0.2)),
  Tanh: (e, _x, y) => e.sub(1, e.square(y)),
  Softplus: (e, x) => e.op("Sigmoid", [x]),
  Softsign: (e, x) => e.op("Reciprocal", [e.square(e.add(e.op("Abs", [x]), 1))]),
  Erf: (e, x) => e.mul(e.op("Exp", [e.op("Neg", [e.square(x)])]), TWO_BY_ROOT_PI),
  Exp: (_e, _x, y) => y,
  Log: (e, x) => e.op("Reciprocal", [x]),
  Sqrt: (e, _x, y) => e.div(0.5, y),
  Reciprocal: (e, _x, y) => e.op("Neg", [e.square(y)]),
  Abs: (e, x) => e.op("Sign", [x]),
  Sin: (e, x) => e.op("Cos", [x]),
  Cos: (e, x) => e.op("Neg", [e.op("Sin", [x])]),
  Tan: (e, _x, y) => e.add(e.square(y), 1),
  Sinh: (e, x) => e.op("Cosh", [x]),
  Cosh: (e, x) => e.op("Sinh", [x]),
  Asin: (e, x) => e.div(1, e.op("Sqrt", [e.sub(1, e.square(x))])),
  Acos: (e, x) => e.div(-1, e.op("Sqrt", [e.sub(1, e.square(x))])),
  Atan: (e, x) => e.div(1, e.add(e.square(x), 1)),
  Asinh: (e, x) => e.div(1, e.op("Sqrt", [e.add(e.square(x), 1)])),
  Acosh: (e, x) => e.div(1, e.op("Sqrt", [e.sub(e.square(x), 1)])),
  Atanh: (e, x) => e.div(1, e.sub(1, e.square(x))),
  Shrink: (e, x, _y, c) => e.above(e.op("Abs", [x]), float(c, "lambd", 0.5)),
};

/** Bounds: attributes before operator set 11, inputs since. */
const clip: OperatorGradient = {
  backward: (c) => {
    const [x, low = "", high = ""] = c.layer.inputs as [string, string?, string?];
    const masks = [low === "" ? undefined : c.e.above(x, low), high === "" ? undefined : c.e.below(x, high)];
    return [masks.reduce<string>((g, mask) => (mask === undefined ? g : c.e.mul(g, mask)), dyOf(c))];
  },
};

/** x > 0 ? x : slope·x, the slope broadcast to x. */
const prelu: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [x, slope] = c.layer.inputs as [string, string];
    const dy = dyOf(c);
    const positive = e.op("Greater", [x, e.scalar(0, x)]);
    return [
      c.wants(0) ? e.op("Where", [positive, dy, e.mul(dy, slope)]) : undefined,
      c.wants(1) ? e.unbroadcast(e.op("Where", [positive, e.scalar(0, x), e.mul(dy, x)]), inputShape(c, 1)) : undefined,
    ];
  },
};

/** x·clip(x/6 + 1/2, 0, 1). */
const hardSwish = ({ e, layer }: LayerContext): string[] => {
  const x = layer.inputs[0]!;
  return [e.mul(x, e.op("HardSigmoid", [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }))];
};

/** x·σ(αx). */
const swish =
  (fallback: number) =>
  (c: LayerContext): string[] => {
    const x = c.layer.inputs[0]!;
    const alpha = float(c, "alpha", fallback);
    return [c.e.mul(x, c.e.op("Sigmoid", [alpha === 1 ? x : c.e.mul(x, alpha)]))];
  };

/** x·½(1 + erf(x/√2)) [Hendrycks2016]. */
const exactGelu = (e: Emitter, x: string): string =>
  e.mul(e.mul(x, 0.5), e.add(e.op("Erf", [e.mul(x, Math.SQRT1_2)]), 1));

/** x·½(1 + tanh(√(2/π)(x + 0.044715x³))) [Hendrycks2016]. */
function tanhGelu(e: Emitter, x: string): string {
  const inner = e.mul(e.add(x, e.mul(e.mul(e.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return e.mul(e.mul(x, 0.5), e.add(e.op("Tanh", [inner]), 1));
}

const geluOf = ({ e, layer }: LayerContext): string[] => {
  const tanh = stringAttribute(layer, "approximate", "none") === "tanh";
  return [(tanh ? tanhGelu : exactGelu)(e, layer.inputs[0]!)];
};

/** A bias on the last axis may come as input 1. */
const fastGelu = ({ e, layer }: LayerContext): string[] => {
  const [x, bias = ""] = layer.inputs as [string, string?];
  return [tanhGelu(e, bias === "" ? x : e.add(x, bias))];
};

const mish = ({ e, layer }: LayerContext): string[] => {
  const x = layer.inputs[0]!;
  return [e.mul(x, e.op("Tanh", [e.op("Softplus", [x])]))];
};

/** Cast between floats: the gradient is cast back. */
const cast: OperatorGradient = { backward: (c) => [c.e.cast(dyOf(c), c.e.dtype(c.layer.inputs[0]!))] };

/** The input's numbers as they are: Identity, and Dropout outside of training. */
const passes: OperatorGradient = { backward: (c) => [dyOf(c)] };

/** Along `axis`: y·(dy − Σ dy·y). */
const softmax: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const y = c.layer.outputs[0]!;
    const weighted = e.mul(dyOf(c), y);
    return [e.sub(weighted, e.mul(y, e.sum(weighted, [softmaxAxis(c)])))];
  },
};

/** Along `axis`: dy − eʸ·Σ dy. */
const logSoftmax: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const softmaxed = e.op("Exp", [c.layer.outputs[0]!]);
    return [e.sub(dyOf(c), e.mul(softmaxed, e.sum(dyOf(c), [softmaxAxis(c)])))];
  },
};

function softmaxAxis(c: LayerContext): number {
  const axis = c.layer.attributes.get("axis");
  const rank = inputShape(c).length;
  const value = axis?.kind === "int" ? axis.value : -1;
  return value < 0 ? value + rank : value;
}

/**
 * Dropout with a mask that follows from (seed, layer, position) alone, so that a step can be done again. The numbers are
 * drawn by a permutation of the integers below P = 2³¹ − 1 in 64-bit arithmetic: three rounds of h ← h² + c·h + k mod P, as
 * in permuted quadratic hashes; they need no state and come out alike everywhere. Kept values are scaled by 1/(1 − ratio).
 */
const dropout: OperatorGradient = {
  rewrite: (c) => {
    const ratio = knownInput(c, 1)?.[0] ?? floatAttribute(c.layer, "ratio", 0.5);
    const x = c.layer.inputs[0]!;
    if (ratio === 0) return [c.e.op("Identity", [x])];
    const kept = keptMask(c.e, x, ratio, c.seed(), c.ordinal);
    return [c.e.mul(x, c.e.mul(kept, 1 / (1 - ratio)))];
  },
};

const PRIME = 2 ** 31 - 1;
const ROUNDS = [48271, 69621, 16807] as const;

/** 1 with probability 1 − ratio, else 0, of the shape and type of x. */
export function keptMask(e: Emitter, x: string, ratio: number, seed: string, ordinal: number): string {
  const shape = e.shape(x);
  const count = shape.reduce((a, b) => a * b, 1);
  const int = (value: number): string => e.constant("int64", [value], []);
  const mod = (h: string): string => e.op("Mod", [h, int(PRIME)]);
  const start = mod(e.add(e.mul(seed, int(40692)), int((ordinal * 7919 + 12345) % PRIME)));
  let h = e.op("Range", [int(0), int(count), int(1)]);
  for (const factor of ROUNDS) h = mod(e.add(e.mul(h, e.add(h, int(factor))), start));
  return e.cast(e.reshape(e.op("GreaterOrEqual", [h, int(Math.round(ratio * PRIME))]), shape), e.dtype(x));
}

export const ACTIVATION_GRADIENTS: GradientTable = {
  ...Object.fromEntries(Object.entries(DERIVATIVES).map(([name, derivative]) => [name, by(derivative)])),
  Neg: { backward: (c) => [c.e.op("Neg", [dyOf(c)])] },
  Identity: passes,
  Cast: cast,
  CastLike: cast,
  Clip: clip,
  PRelu: prelu,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Dropout: dropout,
  HardSwish: { rewrite: hardSwish },
  Swish: { rewrite: swish(1) },
  Mish: { rewrite: mish },
  Gelu: { rewrite: geluOf },
  "com.microsoft.Gelu": { rewrite: geluOf },
  "com.microsoft.FastGelu": { rewrite: fastGelu },
  "com.microsoft.QuickGelu": { rewrite: swish(1.702) },
};
