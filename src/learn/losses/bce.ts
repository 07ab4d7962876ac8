// Binary cross-entropy with logits: softplus(x) − x·t, which is −t·log σ(x) − (1 − t)·log(1 − σ(x)) without overflow. A bit
// is right when x > 0 says the same as t > ½.
import { beforeSigmoid, counted, type LossRule, weightedMean } from "./loss.ts";

export const bce: LossRule<"bce"> = (c, { masked = false }) => {
  const { e } = c;
  const logits = beforeSigmoid(c);
  const type = { dtype: e.dtype(logits), shape: e.shape(logits) };
  const label = c.feed("label", type);
  const mask = masked ? c.feed("mask", type) : undefined;
  const perBit = e.sub(e.op("Softplus", [logits]), e.mul(logits, label));
  const right = e.equal(e.above(logits, 0), e.above(label, 0.5));
  return { loss: weightedMean(c, perBit, mask), outputs: { output: logits, ...counted(c, right, mask) } };
};
