// Einsum: products summed over named axes. Two or more operands with a summed axis: MACs = product of all axes' lengths,
// and one more multiplication for every operand beyond two. Without a summed axis only multiplications; one operand only
// additions. No better order of contraction is looked for: a chain of products costs more here than pair by pair.
import { stringAttribute } from "../../graph/attributes.ts";
import { inputCount, inputDims, outputCount, product } from "../extent.ts";
import type { WorkContext, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";

/** "..." becomes one marker per axis it stands for, counted from the right so that they broadcast. */
function axesOf(term: string, rank: number): string[] {
  const letters = term.replaceAll(" ", "");
  const [before, after] = letters.split("...");
  if (after === undefined) return [...letters];
  const hidden = Math.max(0, rank - before!.length - after.length);
  return [...before!, ...Array.from({ length: hidden }, (_, i) => `...${hidden - i}`), ...after];
}

/** Longest extent of every named axis (broadcast axes have length 1 somewhere). */
function lengthsOf(context: WorkContext, terms: readonly string[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [index, term] of terms.entries()) {
    const dims = inputDims(context, index);
    for (const [at, axis] of axesOf(term, dims.length).entries())
      lengths.set(axis, Math.max(lengths.get(axis) ?? 1, dims[at] ?? 1));
  }
  return lengths;
}

function einsum(context: WorkContext): Partial<Operations> {
  const [left = ""] = stringAttribute(context.layer, "equation", "").split("->");
  const terms = left.split(",");
  const points = product([...lengthsOf(context, terms).values()]);
  const made = outputCount(context);
  if (terms.length === 1) return { adds: Math.max(0, inputCount(context, 0) - made) };
  if (points === made) return { muls: (terms.length - 1) * points };
  return { macs: points, muls: (terms.length - 2) * points };
}

/** Operands that a gradient may be wanted of; equations with more are not met in practice. */
const OPERANDS = Array.from({ length: 16 }, (_, index) => index);

export const EINSUM_RULES: WorkTable = { Einsum: { forward: einsum, operands: OPERANDS } };
