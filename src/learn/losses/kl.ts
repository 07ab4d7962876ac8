// What a student learns from a teacher's logits [Hinton2015]: T²·Σ p·(log p − log q) with p = softmax(teacher/T),
// q = softmax(student/T), classes on axis 1, the mean over samples and positions. T² keeps gradients of one size.
import { checkTemperature, classLogits, type LossRule } from "./loss.ts";

export const kl: LossRule<"kl"> = (c, { temperature = 1 }) => {
  const { e } = c;
  checkTemperature(c, temperature);
  const logits = classLogits(c);
  const shape = e.shape(logits);
  const teacher = c.feed("label", { dtype: e.dtype(logits), shape });
  const logs = (x: string): string => e.op("LogSoftmax", [e.mul(x, 1 / temperature)], { axis: 1 });
  const target = logs(teacher);
  const divergence = e.mul(e.op("Exp", [target]), e.sub(target, logs(logits)));
  const places = shape.reduce((a, b) => a * b, 1) / shape[1]!;
  return { loss: e.mul(e.sumAll(divergence), temperature ** 2 / places), outputs: { output: logits } };
};
