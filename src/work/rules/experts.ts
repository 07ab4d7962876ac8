// Mixture of experts: every token goes through k of E experts, each a dense layer, an activation and a dense layer back
// (and a third, gating one where there is one). MACs = tokens × k × weights of one expert. Weights are read of as many
// experts as tokens can reach at most. The router's scores come in; choosing k of them is E comparisons per token.
import { intAttribute, stringAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, plus, product, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { activationCost } from "./activation.ts";
import { DEQUANTISE } from "./quantisation.ts";

/** Input positions of the experts' weights and biases, and numbers per stored weight. */
interface Places {
  readonly weights: readonly number[];
  readonly biases: readonly number[];
  packed(context: WorkContext): number;
}

const tokensOf = (context: WorkContext): number => product(inputDims(context, 0).slice(0, -1));
const expertsOf = (context: WorkContext): number => inputDims(context, 1).at(-1) || 1;
/** Expert runs of one pass: tokens × k. */
const runsOf = (context: WorkContext): number => tokensOf(context) * intAttribute(context.layer, "k", 1);

const sumOver = (places: readonly number[], value: (place: number) => number): number =>
  places.reduce((sum, place) => sum + value(place), 0);

function mixture(context: WorkContext, { weights, biases, packed }: Places): Operations {
  const [tokens, experts, runs] = [tokensOf(context), expertsOf(context), runsOf(context)];
  const hidden = inputDims(context, 0).at(-1) ?? 0;
  const perExpert = sumOver(weights, (place) => inputCount(context, place) * packed(context)) / experts;
  const between = (inputCount(context, weights[1]!) * packed(context)) / experts / (hidden || 1);
  const bias = sumOver(biases, (place) => inputCount(context, place)) / experts;
  const gate = hasInput(context, weights[2]!) ? { muls: runs * between } : {};
  return plus(
    { macs: runs * perExpert, adds: runs * bias + tokens * experts },
    times(activationCost(stringAttribute(context.layer, "activation_type", "relu")), runs * between),
    // the k answers are weighted and summed
    { muls: runs * hidden, adds: runs * hidden },
    gate,
  );
}

const rule = (places: Places, extra: Partial<WorkRule>): WorkRule => ({
  forward: (context) => mixture(context, places),
  operands: [0, 2],
  elementsRead: (context, index) => {
    if (!places.weights.includes(index)) return undefined;
    return Math.ceil(inputCount(context, index) * Math.min(1, runsOf(context) / expertsOf(context)));
  },
  ...extra,
});

const real: Places = { weights: [2, 4, 6], biases: [3, 5, 7], packed: () => 1 };
/** Weights of 4 bits are two to a byte. */
const quantised: Places = {
  weights: [2, 5, 8],
  biases: [4, 7, 10],
  packed: ({ layer }) => (intAttribute(layer, "expert_weight_bits", 4) === 4 ? 2 : 1),
};

export const EXPERT_RULES: WorkTable = {
  "com.microsoft.MoE": rule(real, {}),
  "com.microsoft.QMoE": rule(quantised, {
    forward: (context) => {
      const weights = sumOver(quantised.weights, (place) => inputCount(context, place)) * quantised.packed(context);
      const reached = Math.min(1, runsOf(context) / expertsOf(context));
      return plus(mixture(context, quantised), times(DEQUANTISE, Math.round(weights * reached)));
    },
    settings: [3, 6, 9],
    quantised: quantised.weights,
    weightElements: (context, index) =>
      quantised.weights.includes(index) ? inputCount(context, index) * quantised.packed(context) : undefined,
  }),
};
