// The kinds of layers whose work is known, in the order in which a type is looked up.
import { conv } from "./conv.ts";
import { dense } from "./dense.ts";
import { elementwise } from "./elementwise.ts";
import type { LayerKind } from "./kind.ts";
import { pool } from "./pool.ts";

export const LAYER_KINDS: readonly LayerKind[] = [conv, pool, dense, elementwise];

/** The kind of a layer type for which these parameters are enough; undefined: only columns as they are can be features. */
export function kindOf(op: string, parameters: Iterable<string>): LayerKind | undefined {
  const given = new Set(parameters);
  return LAYER_KINDS.find(
    ({ matches, needs, needsOne }) =>
      matches.test(op) && needs.every((name) => given.has(name)) && (needsOne?.some((name) => given.has(name)) ?? true),
  );
}
