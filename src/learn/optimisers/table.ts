// Every optimiser, by kind.
import type { OptimiserSpec } from "../training-graph.ts";
import { adam, adamw, lamb } from "./adam.ts";
import type { OptimiserRule } from "./optimiser.ts";
import { sgd } from "./sgd.ts";

const OPTIMISERS: { readonly [K in OptimiserSpec["kind"]]: OptimiserRule<K> } = { sgd, adam, adamw, lamb };

/** Names that `--optimiser` takes. */
export const OPTIMISER_KINDS = Object.keys(OPTIMISERS) as readonly OptimiserSpec["kind"][];

export function optimiserOf(spec: OptimiserSpec): OptimiserRule<OptimiserSpec["kind"]> {
  return OPTIMISERS[spec.kind] as OptimiserRule<OptimiserSpec["kind"]>;
}
