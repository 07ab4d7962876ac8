// A fitted model's answer for one row of terms, and how much of it the largest term makes.
import { evaluateLinear } from "../../math/regression.ts";
import type { Estimate } from "./interval.ts";
import type { LinearModel } from "./regressions/regression.ts";

/** @param row values of the model's terms @param watts 1 where the model says joules, else the power its seconds are multiplied by */
export function estimateRow(model: LinearModel, row: readonly number[], watts: number): Estimate {
  const value = evaluateLinear(model, row);
  if (model.logarithmic) return { energyJ: Math.exp(value) * watts, share: 1 };
  const parts = model.coefficients.map((coefficient, i) => Math.abs(coefficient * row[i]!));
  const whole = parts.reduce((sum, part) => sum + part, Math.abs(model.intercept));
  return { energyJ: value * watts, share: whole === 0 ? 0 : Math.max(0, ...parts) / whole };
}
