// What a student learns from a teacher's soft answers: [T²]·KL(teacher ‖ student), both softened by temperature T, the T² optional. T² keeps the
// gradients of one size for every T [Hinton2015]; for T → ∞ the classes' form then tends to half the mean squared difference of the logits, each
// less its mean over the classes. Classes on axis 1 (softmax), or every number a bit of its own (sigmoid), as in a radio receiver.
// Unlike kl.ts the teacher need not be a label: it is fed, or answers inside the step.
import type { Emitter } from "../gradient/emitter.ts";
import { beforeSigmoid, checkTemperature, classLogits, type LossContext, type LossRule, weightedMean } from "./loss.ts";

/** Of a variance, so that equal logits have a finite derivative. */
const EPSILON = 1e-12;
/** Mean 0 and deviation 1 over the classes of each sample [Sun2024]. */
function standard(e: Emitter, x: string): string {
  const centred = e.sub(x, e.mean(x, [1]));
  return e.div(centred, e.op("Sqrt", [e.add(e.mean(e.square(centred), [1]), EPSILON)]));
}

function answers(c: LossContext, logits: string): string {
  return c.teacher(undefined, { dtype: c.e.dtype(logits), shape: c.e.shape(logits) });
}

export const softClasses: LossRule<"soft-classes"> = (c, spec) => {
  const { temperature = 1, squared = true, standardised = false } = spec;
  const { e } = c;
  checkTemperature(c, temperature);
  const logits = classLogits(c);
  const shape = e.shape(logits);
  const logs = (x: string): string =>
    e.op("LogSoftmax", [e.mul(standardised ? standard(e, x) : x, 1 / temperature)], { axis: 1 });
  const target = logs(answers(c, logits));
  const divergence = e.mul(e.op("Exp", [target]), e.sub(target, logs(logits)));
  const places = shape.reduce((a, b) => a * b, 1) / shape[1]!;
  return { loss: e.mul(e.sumAll(divergence), (squared ? temperature ** 2 : 1) / places), outputs: { output: logits } };
};

/** With p = σ(t/T): KL = p·(t − s)/T + softplus(s/T) − softplus(t/T), which no logit makes overflow. */
export const softBits: LossRule<"soft-bits"> = (c, { temperature = 1, squared = true, masked = false }) => {
  const { e } = c;
  checkTemperature(c, temperature);
  const logits = beforeSigmoid(c);
  const [own, teacher] = [e.mul(logits, 1 / temperature), e.mul(answers(c, logits), 1 / temperature)];
  const softplus = (x: string): string => e.op("Softplus", [x]);
  const wrong = e.mul(e.op("Sigmoid", [teacher]), e.sub(teacher, own));
  const divergence = e.add(wrong, e.sub(softplus(own), softplus(teacher)));
  const mask = masked ? c.feed("mask", { dtype: e.dtype(logits), shape: e.shape(logits) }) : undefined;
  const mean = weightedMean(c, divergence, mask);
  return { loss: squared ? e.mul(mean, temperature ** 2) : mean, outputs: { output: logits } };
};
