// Adam [Kingma2015], in the order that spares passes: w ← w − α_t·m/(√v + ε_t) with α_t = η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) and
// ε_t = ε·√(1 − β₂ᵗ), which equals the corrected form. AdamW takes ηλw off besides [Loshchilov2019]; LAMB scales the step of
// each tensor to the length of its weights [You2020].
import type { OptimiserSpec } from "../training-graph.ts";
import { type OptimiserRule, setting, type UpdateContext } from "./optimiser.ts";

type Kind = "adam" | "adamw" | "lamb";
type Spec = Extract<OptimiserSpec, { readonly kind: Kind }>;

const DECAY: Readonly<Record<Kind, number>> = { adam: 0, adamw: 0.01, lamb: 0.01 };
const EPSILON: Readonly<Record<Kind, number>> = { adam: 1e-8, adamw: 1e-8, lamb: 1e-6 };

function settings({ kind, beta1 = 0.9, beta2 = 0.999, epsilon = EPSILON[kind], weightDecay = DECAY[kind] }: Spec) {
  return {
    beta1: setting("beta1", beta1, 0, 1),
    beta2: setting("beta2", beta2, 0, 1),
    epsilon: setting("epsilon", epsilon, 0, Number.POSITIVE_INFINITY),
    decay: setting("weight decay", weightDecay, 0, Number.POSITIVE_INFINITY),
  };
}

/** m ← m + (1 − β₁)(g − m), v ← β₂v + (1 − β₂)g². */
function moved(c: UpdateContext, gradient: string, beta1: number, beta2: number): readonly [string, string] {
  const { e, moments } = c;
  const mean = e.add(moments[0]!, e.mul(e.sub(gradient, moments[0]!), 1 - beta1));
  const square = e.add(e.mul(moments[1]!, beta2), e.mul(e.square(gradient), 1 - beta2));
  return [mean, square];
}

function adamUpdate(c: UpdateContext, spec: Spec) {
  const { e, parameter, lr } = c;
  const { beta1, beta2, epsilon, decay } = settings(spec);
  const coupled = spec.kind === "adam" && decay !== 0;
  const gradient = coupled ? e.add(c.gradient, e.mul(parameter, decay)) : c.gradient;
  const [mean, square] = moved(c, gradient, beta1, beta2);
  const root = e.op("Sqrt", [c.correction(beta2)]);
  const rate = e.div(e.mul(lr, root), c.correction(beta1));
  const step = e.div(mean, e.add(e.op("Sqrt", [square]), e.mul(root, epsilon)));
  const kept = spec.kind === "adamw" && decay !== 0 ? e.mul(parameter, e.sub(1, e.mul(lr, decay))) : parameter;
  return { parameter: e.sub(kept, e.mul(step, rate)), moments: [mean, square] };
}

/** r = m̂/(√v̂ + ε) + λw; w ← w − η·(‖w‖/‖r‖)·r, the ratio 1 where either length is 0. */
function lambUpdate(c: UpdateContext, spec: Spec) {
  const { e, parameter, lr } = c;
  const { beta1, beta2, epsilon, decay } = settings(spec);
  const [mean, square] = moved(c, c.gradient, beta1, beta2);
  const corrected = e.div(mean, c.correction(beta1));
  const root = e.op("Sqrt", [e.div(square, c.correction(beta2))]);
  const direction = e.add(e.div(corrected, e.add(root, epsilon)), e.mul(parameter, decay));
  const length = (x: string): string => e.op("Sqrt", [e.sumAll(e.square(x))]);
  const [own, other] = [length(parameter), length(direction)];
  const zero = e.scalar(0, own);
  const both = e.op("And", [e.op("Greater", [own, zero]), e.op("Greater", [other, zero])]);
  const ratio = e.op("Where", [both, e.div(own, other), e.scalar(1, own)]);
  return { parameter: e.sub(parameter, e.mul(direction, e.mul(lr, ratio))), moments: [mean, square] };
}

const MOMENTS = ["mean", "square"];
export const adam: OptimiserRule<"adam"> = { moments: () => MOMENTS, elementwise: true, update: adamUpdate };
export const adamw: OptimiserRule<"adamw"> = { moments: () => MOMENTS, elementwise: true, update: adamUpdate };
export const lamb: OptimiserRule<"lamb"> = { moments: () => MOMENTS, elementwise: false, update: lambUpdate };
