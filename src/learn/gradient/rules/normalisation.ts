// Normalisations. With x̂ = (x − μ)/σ over n elements and g the gradient of x̂: dx = (g − mean(g) − x̂·mean(g·x̂))/σ
// [Ioffe2015]. Batch normalisation takes the batch's statistics and moves the running ones; the others write themselves in
// simpler operators, which have rules.
import { floatAttribute, intAttribute, intsAttribute } from "../../../graph/attributes.ts";
import { type Emitter, productOf } from "../emitter.ts";
import {
  axisFrom,
  dyOf,
  type ForwardContext,
  type GradientTable,
  inputShape,
  type LayerContext,
  type OperatorGradient,
} from "../rule.ts";

/** Axes of [N, C, …] over which a channel's numbers lie. */
const overChannel = (shape: readonly number[]): readonly number[] =>
  shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));

/** [C] as [1, C, 1, …], to broadcast over [N, C, …]. */
const perChannel = (e: Emitter, v: string, rank: number): string =>
  e.reshape(v, [1, e.shape(v)[0]!, ...new Array<number>(rank - 2).fill(1)]);

/** Σ over all axes but the channels, as [1, C, 1, …]: positions first, which is one pass over neighbouring numbers. */
function channelSum(e: Emitter, x: string): string {
  const [n, channels, ...spatial] = e.shape(x) as [number, number, ...number[]];
  const inner = spatial.length === 0 ? x : e.sum(e.reshape(x, [n, channels, productOf(spatial)]), [2], false);
  return perChannel(e, e.sum(inner, [0], false), spatial.length + 2);
}

/** running ← momentum·running + (1 − momentum)·batch. */
const moved = (e: Emitter, running: string, batch: string, momentum: number): string =>
  e.add(e.mul(running, momentum), e.mul(e.reshape(batch, e.shape(running)), 1 - momentum));

/** The running variance gets the unbiased one, n/(n − 1) times the batch's, as in PyTorch. */
function batchForward(c: ForwardContext) {
  const { e, layer } = c;
  const [x, scale, shift, mean, variance] = layer.inputs as [string, string, string, string, string];
  if (c.statistics === "running") return runningForward(c);
  const shape = inputShape(c);
  const n = productOf(overChannel(shape).map((axis) => shape[axis]!));
  const momentum = floatAttribute(layer, "momentum", 0.9);
  const batchMean = e.mul(channelSum(e, x), 1 / n);
  const centred = e.sub(x, batchMean);
  const batchVariance = e.mul(channelSum(e, e.square(centred)), 1 / n);
  const root = e.op("Sqrt", [e.add(batchVariance, floatAttribute(layer, "epsilon", 1e-5))]);
  const factor = e.div(perChannel(e, scale, shape.length), root);
  c.carry(mean, moved(e, mean, batchMean, momentum));
  c.carry(variance, moved(e, variance, n > 1 ? e.mul(batchVariance, n / (n - 1)) : batchVariance, momentum));
  return {
    outputs: [e.add(e.mul(centred, factor), perChannel(e, shift, shape.length))],
    kept: { centred, root, factor },
  };
}

function runningForward({ e, layer }: LayerContext) {
  const [x, scale, shift, mean, variance] = layer.inputs as [string, string, string, string, string];
  const rank = e.shape(x).length;
  const root = e.op("Sqrt", [e.add(perChannel(e, variance, rank), floatAttribute(layer, "epsilon", 1e-5))]);
  const factor = e.div(perChannel(e, scale, rank), root);
  const centred = e.sub(x, perChannel(e, mean, rank));
  return {
    outputs: [e.add(e.mul(centred, factor), perChannel(e, shift, rank))],
    kept: { centred, root, factor, fixed: root },
  };
}

const batchNormalisation: OperatorGradient = {
  forward: batchForward,
  backward: (c) => {
    const { e } = c;
    const dy = dyOf(c);
    const shape = inputShape(c);
    const n = productOf(overChannel(shape).map((axis) => shape[axis]!));
    const [centred, root, factor] = [c.kept("centred"), c.kept("root"), c.kept("factor")];
    const running = c.keeps("fixed");
    const needsSums = c.wants(1) || (c.wants(0) && !running);
    const sum = needsSums || c.wants(2) ? channelSum(e, dy) : undefined;
    // Σ dy·x̂
    const projected = needsSums ? e.div(channelSum(e, e.mul(dy, centred)), root) : undefined;
    const whole = (): string => {
      // factor·(dy − Σdy/n − x̂·Σ(dy·x̂)/n)
      const slope = e.mul(e.div(projected!, root), -1 / n);
      const level = e.mul(sum!, -1 / n);
      return e.mul(e.add(e.add(dy, e.mul(centred, slope)), level), factor);
    };
    return [
      c.wants(0) ? (running ? e.mul(dy, factor) : whole()) : undefined,
      c.wants(1) ? e.reshape(projected!, inputShape(c, 1)) : undefined,
      c.wants(2) ? e.reshape(sum!, inputShape(c, 2)) : undefined,
    ];
  },
};

/** Mean and 1/σ come from the operator itself, in float32 as it makes them. */
const layerNormalisation: OperatorGradient = {
  forward: (c) => {
    if (!c.wanted) return undefined;
    const { e, layer } = c;
    const attributes = Object.fromEntries(layer.attributes);
    const [y, mean, inverse] = e.b.layers("LayerNormalization", layer.inputs, 3, { attributes, domain: layer.domain });
    return { outputs: [y!], kept: { mean: mean!, inverse: inverse! } };
  },
  backward: (c) => {
    const { e } = c;
    const [x, scale] = c.layer.inputs as [string, string];
    const shape = inputShape(c);
    const axis = axisFrom(intAttribute(c.layer, "axis", -1), shape.length);
    const axes = shape.flatMap((_, i) => (i < axis ? [] : [i]));
    const [mean, inverse] = [e.cast(c.kept("mean"), e.dtype(x)), e.cast(c.kept("inverse"), e.dtype(x))];
    const normal = e.mul(e.sub(x, mean), inverse);
    const dy = dyOf(c);
    const input = (): string => {
      const g = e.mul(dy, scale);
      const inside = e.sub(e.sub(g, e.mean(g, axes)), e.mul(normal, e.mean(e.mul(g, normal), axes)));
      return e.mul(inside, inverse);
    };
    return [
      c.wants(0) ? input() : undefined,
      c.wants(1) ? e.unbroadcast(e.mul(dy, normal), inputShape(c, 1)) : undefined,
      c.wants(2) ? e.unbroadcast(dy, inputShape(c, 2)) : undefined,
    ];
  },
};

/** (x − mean)/√(variance + ε) over `axes`. */
function standardised(e: Emitter, x: string, axes: readonly number[], epsilon: number): string {
  const centred = e.sub(x, e.mean(x, axes));
  return e.div(centred, e.op("Sqrt", [e.add(e.mean(e.square(centred), axes), epsilon)]));
}

const instanceNormalisation: OperatorGradient = {
  rewrite: (c) => {
    const { e, layer } = c;
    const [x, scale, shift] = layer.inputs as [string, string, string];
    const rank = e.shape(x).length;
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    const normal = standardised(e, x, axes, floatAttribute(layer, "epsilon", 1e-5));
    return [e.add(e.mul(normal, perChannel(e, scale, rank)), perChannel(e, shift, rank))];
  },
};

/** Scale and shift per channel (operator set 21) or per group (18). */
const groupNormalisation: OperatorGradient = {
  rewrite: (c) => {
    const { e, layer } = c;
    const [x, scale, shift] = layer.inputs as [string, string, string];
    const shape = inputShape(c);
    const groups = intAttribute(layer, "num_groups", 1);
    const grouped = e.reshape(x, [shape[0]!, groups, productOf(shape) / (shape[0]! * groups)]);
    const normal = standardised(e, grouped, [2], floatAttribute(layer, "epsilon", 1e-5));
    const perGroup = e.shape(scale)[0] === groups && groups !== shape[1];
    const target = perGroup ? normal : e.reshape(normal, shape);
    const rank = e.shape(target).length;
    return [e.reshape(e.add(e.mul(target, perChannel(e, scale, rank)), perChannel(e, shift, rank)), shape)];
  },
};

/** x/√(mean(x²) + ε)·scale over the axes from `axis` on. */
const rootMeanSquare: OperatorGradient = {
  rewrite: (c) => {
    const { e, layer } = c;
    const [x, scale] = layer.inputs as [string, string];
    const rank = e.shape(x).length;
    const axis = axisFrom(intAttribute(layer, "axis", -1), rank);
    const axes = Array.from({ length: rank - axis }, (_, i) => axis + i);
    const root = e.op("Sqrt", [e.add(e.mean(e.square(x), axes), floatAttribute(layer, "epsilon", 1e-5))]);
    return [e.mul(e.div(x, root), scale)];
  },
};

const meanVariance: OperatorGradient = {
  rewrite: (c) => {
    const axes = (intsAttribute(c.layer, "axes") ?? [0, 2, 3]).map((axis) => axisFrom(axis, inputShape(c).length));
    return [standardised(c.e, c.layer.inputs[0]!, axes, 1e-9)];
  },
};

/** x / (bias + α/size · Σ x²)^β over neighbouring channels; the window's sum is a mean pooling over the channel axis. */
const localResponse: OperatorGradient = {
  rewrite: (c) => {
    const { e, layer } = c;
    const x = layer.inputs[0]!;
    const [n, channels, ...spatial] = inputShape(c) as [number, number, ...number[]];
    const size = intAttribute(layer, "size", 1);
    const before = Math.floor((size - 1) / 2);
    const planes = e.reshape(e.square(x), [n, 1, channels, productOf(spatial)]);
    const attributes = { kernel_shape: [size, 1], pads: [before, 0, size - 1 - before, 0], count_include_pad: 1 };
    const mean = e.reshape(e.op("AveragePool", [planes], attributes), e.shape(x));
    const base = e.add(e.mul(mean, floatAttribute(layer, "alpha", 1e-4)), floatAttribute(layer, "bias", 1));
    return [e.div(x, e.pow(base, floatAttribute(layer, "beta", 0.75)))];
  },
};

/** x / ‖x‖₂ or x / ‖x‖₁ along one axis. */
const lpNormalisation: OperatorGradient = {
  rewrite: (c) => {
    const { e, layer } = c;
    const x = layer.inputs[0]!;
    const axes = [axisFrom(intAttribute(layer, "axis", -1), inputShape(c).length)];
    const norm =
      intAttribute(layer, "p", 2) === 1 ? e.sum(e.op("Abs", [x]), axes) : e.op("Sqrt", [e.sum(e.square(x), axes)]);
    return [e.div(x, norm)];
  },
};

export const NORMALISATION_GRADIENTS: GradientTable = {
  BatchNormalization: batchNormalisation,
  LayerNormalization: layerNormalisation,
  "com.microsoft.LayerNormalization": layerNormalisation,
  InstanceNormalization: instanceNormalisation,
  GroupNormalization: groupNormalisation,
  RMSNormalization: rootMeanSquare,
  SimplifiedLayerNormalization: rootMeanSquare,
  MeanVarianceNormalization: meanVariance,
  LRN: localResponse,
  LpNormalization: lpNormalisation,
};
