// Numbers of a student that are to be those of its teacher, by mean squared difference: logits [Ba2014], tensors inside [Romero2015], and derivatives
// by the inputs [Czarnecki2017]. What is soft in a teacher's answers is soft.ts.
import { InputError } from "../../units/input-error.ts";
import { productOf } from "../gradient/emitter.ts";
import { keptMask } from "../gradient/rules/activation.ts";
import type { FeaturePair } from "../training-graph.ts";
import { checked, type LossContext, type LossRule, rawLogits, weightedMean } from "./loss.ts";

export const matchLogits: LossRule<"match-logits"> = (c, { masked = false }) => {
  const { e } = c;
  const logits = rawLogits(c);
  const type = { dtype: e.dtype(logits), shape: e.shape(logits) };
  const difference = e.square(e.sub(logits, c.teacher(undefined, type)));
  return { loss: weightedMean(c, difference, masked ? c.feed("mask", type) : undefined), outputs: { output: logits } };
};

/** The tensor with as many channels as the teacher's: as it is, or through a learned 1×1 convolution (a matrix where there are no places). */
function projected(c: LossContext, x: string, channels: number): string {
  const { e } = c;
  const [, own = 1, ...places] = e.shape(x);
  if (own === channels) return x;
  const bound = 1 / Math.sqrt(own);
  if (places.length === 0) return e.op("MatMul", [x, c.parameter("projection", [own, channels], bound)]);
  const ones = places.map(() => 1);
  return e.op("Conv", [x, c.parameter("projection", [channels, own, ...ones], bound)], { kernel_shape: ones });
}

function featureDifference(c: LossContext, { own, teacher, shape }: FeaturePair): string {
  const { e } = c;
  const x = c.find(own);
  if (x === undefined)
    throw new InputError(
      "unknown-tensor",
      `the student has no tensor "${own}" on the way to its output`,
      "name the output of one of its layers",
    );
  const [batch = 1, , ...places] = e.shape(x);
  const [channels = 1, ...theirs] = shape;
  if (places.length !== theirs.length || places.some((length, axis) => length !== theirs[axis]))
    throw new InputError(
      "wrong-shape",
      `"${own}" of the student is [${e.shape(x).slice(1).join(", ")}], "${teacher}" of the teacher [${shape.join(", ")}]: only the first number may differ`,
      "pair tensors of the same rows and columns",
    );
  const target = c.teacher(teacher, { dtype: e.dtype(x), shape: [batch, ...shape] });
  return weightedMean(c, e.square(e.sub(projected(c, x, channels), target)), undefined);
}

export const matchFeatures: LossRule<"match-features"> = (c, { pairs }) => {
  if (pairs.length === 0)
    throw new InputError("bad-option", "no features are paired", "name at least one pair of tensors");
  return { loss: pairs.map((pair) => featureDifference(c, pair)).reduce((a, b) => c.e.add(a, b)), outputs: {} };
};

/** Apart from the masks of dropout, which count layers from 1. */
const ORDINAL = 1_000_003;

/**
 * E over random v of (∂ᵥstudent − ∂ᵥteacher)² is the squared distance of both Jacobians, so a direction per step matches all of them in the mean. The derivative
 * along v is a central difference: the gradient rules then need no second derivatives, at the price of two more passes of each network.
 */
export const matchGradients: LossRule<"match-gradients"> = (c, { step = 0.01 }) => {
  const { e } = c;
  checked("step", step, 1e-4, 1);
  const direction = new Map(
    c.data.map((input, i) => [input, e.sub(e.mul(keptMask(e, input, 0.5, c.seed(), ORDINAL + i), 2), 1)]),
  );
  const moved = (by: number) =>
    c.at(new Map([...direction].map(([input, v]) => [input, e.add(input, e.mul(v, by))] as const)));
  const [up, down] = [moved(step), moved(-step)];
  const along = (a: string, b: string): string => e.mul(e.sub(a, b), 1 / (2 * step));
  const difference = e.sub(along(up.own, down.own), along(up.teacher, down.teacher));
  const loss = e.mul(e.sumAll(e.square(difference)), 1 / productOf(e.shape(difference)));
  return { loss, outputs: {} };
};
