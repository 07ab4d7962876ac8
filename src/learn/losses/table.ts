// Every loss, by kind, and the weighted sum of several.
import { InputError } from "../../units/input-error.ts";
import type { LossSpec } from "../training-graph.ts";
import { bce } from "./bce.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { kl } from "./kl.ts";
import type { LossContext, LossOf, LossRule, MadeLoss } from "./loss.ts";
import { matchFeatures, matchGradients, matchLogits } from "./match.ts";
import { mse } from "./mse.ts";
import { l1, l2 } from "./penalty.ts";
import { softBits, softClasses } from "./soft.ts";

/** The first term that names an output (logits, correct) gives it. */
function sum(c: LossContext, { terms }: LossOf<"sum">): MadeLoss {
  if (terms.length === 0) throw new InputError("bad-option", "a sum of losses has no terms", "give at least one term");
  const made = terms.map(({ weight, loss }) => ({ weight, ...appendLoss(c, loss) }));
  const weighted = made.map(({ weight, loss }) => c.e.mul(loss, weight));
  const outputs = Object.assign({}, ...made.map((term) => term.outputs).reverse()) as MadeLoss["outputs"];
  return { loss: weighted.reduce((a, b) => c.e.add(a, b)), outputs };
}

const LOSSES: { readonly [K in LossSpec["kind"]]: LossRule<K> } = {
  "cross-entropy": crossEntropy,
  bce,
  mse,
  kl,
  "soft-classes": softClasses,
  "soft-bits": softBits,
  "match-logits": matchLogits,
  "match-features": matchFeatures,
  "match-gradients": matchGradients,
  l1,
  l2,
  sum,
};

/** Names that `--loss` takes: those that need no further parts. */
export const LOSS_KINDS: readonly LossSpec["kind"][] = ["cross-entropy", "bce", "mse", "kl"];

/** Appends a loss to the graph. @throws InputError for numbers out of range */
export function appendLoss(c: LossContext, spec: LossSpec): MadeLoss {
  return (LOSSES[spec.kind] as (c: LossContext, spec: LossSpec) => MadeLoss)(c, spec);
}
