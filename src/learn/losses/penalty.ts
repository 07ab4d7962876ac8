// Penalties on the parameters: Σ|w| (L1) and ½·Σw² (L2). Only tensors of two or more axes count, unless others are named: biases and
// the scales of normalisations are left free.
import { InputError } from "../../units/input-error.ts";
import type { LossContext, LossOf, MadeLoss } from "./loss.ts";

function penalty(c: LossContext, of: (w: string) => string, named?: readonly string[]): MadeLoss {
  const { e } = c;
  const matrices = c.parameters.filter((w) => named?.includes(w) ?? e.shape(w).length >= 2);
  if (matrices.length === 0)
    throw new InputError("no-parameters", "a penalty finds no parameters to be on", "leave the penalty out");
  const sums = matrices.map(of);
  return { loss: sums.length === 1 ? sums[0]! : e.op("Sum", sums), outputs: {} };
}

export const l1 = (c: LossContext, { parameters }: LossOf<"l1">): MadeLoss =>
  penalty(c, (w) => c.e.sumAll(c.e.op("Abs", [w])), parameters);
export const l2 = (c: LossContext): MadeLoss => penalty(c, (w) => c.e.mul(c.e.sumAll(c.e.square(w)), 0.5));
