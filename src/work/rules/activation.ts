// Activations: functions of one element. Per element: comparisons, absolute values and signs are additions, divisions are
// multiplications, exp, tanh, erf, log and sqrt are one function evaluation each. Constants are folded beforehand.
import { floatAttribute, stringAttribute } from "../../graph/attributes.ts";
import { hasInput, outputCount, perOutput, plus, times } from "../extent.ts";
import type { WorkContext, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";

/** Operations per element of the activations that need no attribute. */
export const ACTIVATIONS = {
  /** max(x, 0) */
  Relu: { adds: 1 },
  /** 1 / (1 + exp(−x)) */
  Sigmoid: { muls: 1, adds: 1, others: 1 },
  Tanh: { others: 1 },
  /** x < 0 ? αx : x */
  LeakyRelu: { muls: 1, adds: 1 },
  ThresholdedRelu: { adds: 1 },
  /** x < 0 ? α(exp(x) − 1) : x */
  Elu: { muls: 1, adds: 2, others: 1 },
  /** γ · Elu */
  Selu: { muls: 2, adds: 2, others: 1 },
  /** max(0, x) + min(0, α(exp(x/α) − 1)) */
  Celu: { muls: 2, adds: 4, others: 1 },
  /** min(max(αx + β, 0), 1) */
  HardSigmoid: { muls: 1, adds: 3 },
  /** x · HardSigmoid(x) */
  HardSwish: { muls: 2, adds: 3 },
  /** log(1 + exp(x)) */
  Softplus: { adds: 1, others: 2 },
  /** x / (1 + |x|) */
  Softsign: { muls: 1, adds: 2 },
  /** x · tanh(Softplus(x)) */
  Mish: { muls: 1, adds: 1, others: 3 },
  /** two bounds, one shift */
  Shrink: { adds: 3 },
  /** min(max(x, low), high) */
  Clip: { adds: 2 },
  /** αx + β, as an activation of recurrent cells */
  Affine: { muls: 1, adds: 1 },
  /** α·tanh(βx), as an activation of recurrent cells */
  ScaledTanh: { muls: 2, others: 1 },
} as const satisfies Readonly<Record<string, Partial<Operations>>>;

/** ½x(1 + erf(x/√2)) */
export const GELU_ERF = { muls: 3, adds: 1, others: 1 };
/** ½x(1 + tanh(c(x + 0.044715x³))) */
const GELU_TANH = { muls: 6, adds: 2, others: 1 };
/** x · Sigmoid(αx) */
const SCALED_SWISH = { muls: 3, adds: 1, others: 1 };
const SWISH = { muls: 2, adds: 1, others: 1 };

/** Names that fused operators give activations, besides the operators' own. */
const FUSED: Readonly<Record<string, Partial<Operations>>> = {
  ...ACTIVATIONS,
  Gelu: GELU_ERF,
  FastGelu: GELU_TANH,
  QuickGelu: SCALED_SWISH,
  Swish: SWISH,
  SiLU: SWISH,
};

const LOWER_CASE = new Map(Object.entries(FUSED).map(([name, operations]) => [name.toLowerCase(), operations]));

/** Operations per element of the activation a fused or recurrent operator names; nothing for "" and names without arithmetic. */
export function activationCost(name: string): Partial<Operations> {
  return LOWER_CASE.get(name.toLowerCase()) ?? {};
}

const plain = (name: keyof typeof ACTIVATIONS) => perOutput(ACTIVATIONS[name]);

/** The two forms of Gelu by attribute `approximate`. */
const gelu = (context: WorkContext): Operations =>
  times(stringAttribute(context.layer, "approximate", "none") === "tanh" ? GELU_TANH : GELU_ERF, outputCount(context));

/** A Gelu that may add a bias (input 1) first. */
const biased = (operations: Partial<Operations>) => ({
  forward: (context: WorkContext) =>
    plus(times(operations, outputCount(context)), { adds: hasInput(context, 1) ? outputCount(context) : 0 }),
});

export const ACTIVATION_RULES: WorkTable = {
  Relu: plain("Relu"),
  Sigmoid: plain("Sigmoid"),
  Tanh: plain("Tanh"),
  LeakyRelu: plain("LeakyRelu"),
  PRelu: perOutput({ muls: 1, adds: 1 }),
  ThresholdedRelu: plain("ThresholdedRelu"),
  Elu: plain("Elu"),
  Selu: plain("Selu"),
  Celu: plain("Celu"),
  HardSigmoid: plain("HardSigmoid"),
  HardSwish: plain("HardSwish"),
  Softplus: plain("Softplus"),
  Softsign: plain("Softsign"),
  Mish: plain("Mish"),
  Shrink: plain("Shrink"),
  Clip: perOutput(ACTIVATIONS.Clip, { settings: [1, 2] }),
  Gelu: { forward: gelu },
  Swish: {
    forward: (context) =>
      times(floatAttribute(context.layer, "alpha", 1) === 1 ? SWISH : SCALED_SWISH, outputCount(context)),
  },
  "com.microsoft.Gelu": perOutput(GELU_ERF),
  "com.microsoft.QuickGelu": perOutput(SCALED_SWISH),
  "com.microsoft.FastGelu": biased(GELU_TANH),
  "com.microsoft.BiasGelu": biased(GELU_ERF),
};
