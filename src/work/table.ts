// Every operator whose work joulecast can count, by operatorKey. The families are in rules/. Control flow (If, Loop, Scan)
// is not an operator with a cost of its own: count.ts counts the bodies.
import { CONTROL_TABLE } from "../graph/shape/control.ts";
import type { WorkTable } from "./rule.ts";
import { ACTIVATION_RULES } from "./rules/activation.ts";
import { ATTENTION_RULES } from "./rules/attention.ts";
import { CONVOLUTION_RULES } from "./rules/convolution.ts";
import { DENSE_RULES } from "./rules/dense.ts";
import { EINSUM_RULES } from "./rules/einsum.ts";
import { ELEMENTWISE_RULES } from "./rules/elementwise.ts";
import { EXPERT_RULES } from "./rules/experts.ts";
import { MOVEMENT_RULES } from "./rules/movement.ts";
import { NORMALISATION_RULES } from "./rules/normalisation.ts";
import { POOLING_RULES } from "./rules/pooling.ts";
import { QUANTISATION_RULES } from "./rules/quantisation.ts";
import { RECURRENT_RULES } from "./rules/recurrent.ts";
import { REDUCTION_RULES } from "./rules/reduction.ts";
import { SIGNAL_RULES } from "./rules/signal.ts";

/** The whole table; an operator that is not here is reported as unknown, never counted as 0. */
export const WORK_TABLE: WorkTable = {
  ...ACTIVATION_RULES,
  ...ATTENTION_RULES,
  ...CONVOLUTION_RULES,
  ...DENSE_RULES,
  ...EINSUM_RULES,
  ...ELEMENTWISE_RULES,
  ...EXPERT_RULES,
  ...MOVEMENT_RULES,
  ...NORMALISATION_RULES,
  ...POOLING_RULES,
  ...QUANTISATION_RULES,
  ...RECURRENT_RULES,
  ...REDUCTION_RULES,
  ...SIGNAL_RULES,
};

/** Operators whose work is that of their bodies. */
export const CONTROL_FLOW: ReadonlySet<string> = new Set(Object.keys(CONTROL_TABLE));

/** Operators whose shapes are known but whose work the shapes do not tell, with the reason. */
export const UNCOUNTABLE: Readonly<Record<string, string>> = {
  ImageDecoder: "the work depends on the compressed image",
  TfIdfVectorizer: "the work depends on the words",
};
