// One training step of a layer: forward in training mode, gradients, optimiser. Not a training loop and not the loss:
// the loss, the sum of gradients where a tensor has several readers, and the exchange between machines are left out.
// A gradient is made only for what needs one: the first layer of a network makes none for the data. A product of two
// matrices has one product of the same size per gradient, hence the usual "backward = 2 × forward" [Hobbhahn2021].
import { unknownName } from "../units/nearest.ts";
import { NO_OPERATIONS, times } from "./extent.ts";
import type { GradientNeeds, WorkContext, WorkRule } from "./rule.ts";
import type { Operations } from "./work.ts";

export type Optimiser = "sgd" | "sgd-momentum" | "adam" | "adamw";

export interface OptimiserCost {
  /** Arithmetic per trained weight and step. */
  readonly perParam: Operations;
  /** Numbers kept per trained weight between steps, each stored in the weight's type. */
  readonly statesPerParam: number;
  readonly equation: string;
  readonly source: string;
}

/** Per weight: factors that are the same for all weights (bias corrections, 1 − β) are made once and not counted. */
export const OPTIMISERS: Readonly<Record<Optimiser, OptimiserCost>> = {
  sgd: {
    perParam: { macs: 0, muls: 1, adds: 1, others: 0 },
    statesPerParam: 0,
    equation: "w ← w − η·g",
    source: "[Robbins1951]",
  },
  "sgd-momentum": {
    perParam: { macs: 0, muls: 2, adds: 2, others: 0 },
    statesPerParam: 1,
    equation: "v ← μ·v + g; w ← w − η·v",
    source: "[Sutskever2013]",
  },
  adam: {
    perParam: { macs: 0, muls: 7, adds: 4, others: 1 },
    statesPerParam: 2,
    equation: "m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − α_t·m/(√v + ε)",
    source: "[Kingma2015] section 2, efficient order",
  },
  adamw: {
    perParam: { macs: 0, muls: 8, adds: 5, others: 1 },
    statesPerParam: 2,
    equation: "adam, and w ← w − ηλ·w",
    source: "[Loshchilov2019] algorithm 2",
  },
};

/** The optimiser of that name. @throws InputError with the nearest names */
export function optimiserNamed(name: string): Optimiser {
  if (Object.hasOwn(OPTIMISERS, name)) return name as Optimiser;
  throw unknownName("optimiser", name, Object.keys(OPTIMISERS), `one of ${Object.keys(OPTIMISERS).join(", ")}`);
}

/** What a training step adds to a layer's forward pass. */
export interface StepWork {
  readonly operations: Operations;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where no rule says otherwise: MACs once per wanted matrix operand, everything else once more. */
function defaultBackward(rule: WorkRule, context: WorkContext, needs: GradientNeeds): Operations {
  const forward = times(rule.forward(context), 1);
  const operands = (rule.operands ?? [0, 1]).filter((index) => needs.wanted[index] === true);
  return { ...forward, macs: forward.macs * operands.length };
}

/** Arithmetic of the gradients wanted; none when none is. */
export function backwardOperations(rule: WorkRule, context: WorkContext, needs: GradientNeeds): Operations {
  if (!needs.wanted.some(Boolean)) return NO_OPERATIONS;
  return rule.backward === undefined ? defaultBackward(rule, context, needs) : times(rule.backward(context, needs), 1);
}

/**
 * The optimiser on `params` weights of `weightBytes`: reads weight, gradient and state, writes weight and state.
 */
export function optimiserStep(optimiser: Optimiser, params: number, weightBytes: number): StepWork {
  const { perParam, statesPerParam } = OPTIMISERS[optimiser];
  return {
    operations: times(perParam, params),
    readBytes: (2 + statesPerParam) * weightBytes,
    writtenBytes: (1 + statesPerParam) * weightBytes,
  };
}
