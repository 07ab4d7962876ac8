// Mean squared error.
import { type LossRule, weightedMean } from "./loss.ts";

export const mse: LossRule<"mse"> = (c, { masked = false }) => {
  const { e, output } = c;
  const type = { dtype: e.dtype(output), shape: e.shape(output) };
  const difference = e.sub(output, c.feed("label", type));
  const mask = masked ? c.feed("mask", type) : undefined;
  return { loss: weightedMean(c, e.square(difference), mask), outputs: { output } };
};
