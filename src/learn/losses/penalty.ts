// Penalties on the parameters: Σ|w| (L1) and ½·Σw² (L2). Only tensors of two or more axes count: biases and the scales of
// normalisations are left free.
import { InputError } from "../../units/input-error.ts";
import type { LossContext, MadeLoss } from "./loss.ts";

function penalty(c: LossContext, of: (w: string) => string): MadeLoss {
  const { e } = c;
  const matrices = c.parameters.filter((w) => e.shape(w).length >= 2);
  if (matrices.length === 0)
    throw new InputError("no-parameters", "a penalty has no parameters of two or more axes", "leave the penalty out");
  const sums = matrices.map(of);
  return { loss: sums.length === 1 ? sums[0]! : e.op("Sum", sums), outputs: {} };
}

export const l1 = (c: LossContext): MadeLoss => penalty(c, (w) => c.e.sumAll(c.e.op("Abs", [w])));
export const l2 = (c: LossContext): MadeLoss => penalty(c, (w) => c.e.mul(c.e.sumAll(c.e.square(w)), 0.5));
