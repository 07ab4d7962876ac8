// Cross-entropy of classes: −log softmax(output)[label], classes on axis 1. With smoothing s the target is
// (1 − s)·label + s/classes [Szegedy2016]. The label −log p comes from LogSoftmax, which is safe for large logits.
import { checked, classLogits, counted, type LossRule, weightedMean } from "./loss.ts";

export const crossEntropy: LossRule<"cross-entropy"> = (c, { smoothing = 0, masked = false }) => {
  const { e } = c;
  checked("smoothing", smoothing, 0, 1);
  const logits = classLogits(c);
  const [batch, classes, ...positions] = e.shape(logits) as [number, number, ...number[]];
  const places = [batch, ...positions];
  const label = c.feed("label", { dtype: "int64", shape: places });
  const mask = masked ? c.feed("mask", { dtype: e.dtype(logits), shape: places }) : undefined;
  const logs = e.op("LogSoftmax", [logits], { axis: 1 });
  const levels = e.constant(e.dtype(logits), [smoothing / classes, 1 - smoothing + smoothing / classes]);
  const target = e.op("OneHot", [label, e.constant("int64", [classes], []), levels], { axis: 1 });
  const perPlace = e.op("Neg", [e.sum(e.mul(logs, target), [1], false)]);
  const predicted = e.op("ArgMax", [logits], { axis: 1, keepdims: 0 });
  const right = e.cast(e.op("Equal", [predicted, label]), e.dtype(logits));
  return { loss: weightedMean(c, perPlace, mask), outputs: { output: logits, ...counted(c, right, mask) } };
};
