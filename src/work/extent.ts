// Lengths and counts that work rules ask a context for, and the small algebra of Operations. No operator is known here.
import type { TensorType } from "../graph/graph.ts";
import type { WorkContext, WorkRule } from "./rule.ts";
import type { Operations } from "./work.ts";

export const NO_OPERATIONS: Operations = { macs: 0, muls: 0, adds: 0, others: 0 };

export function product(lengths: readonly number[]): number {
  let result = 1;
  for (const length of lengths) result *= length;
  return result;
}

/** The shape as numbers: contexts hold no symbolic dimension. Empty for an omitted tensor. */
function dimsOf(type: TensorType | undefined): readonly number[] {
  return (type?.shape ?? []) as readonly number[];
}

export const inputDims = (context: WorkContext, index: number): readonly number[] => dimsOf(context.inputs[index]);
export const outputDims = (context: WorkContext, index: number): readonly number[] => dimsOf(context.outputs[index]);
export const hasInput = (context: WorkContext, index: number): boolean => context.inputs[index] !== undefined;

/** Elements of input `index`; 0 when it is omitted. */
export function inputCount(context: WorkContext, index: number): number {
  return hasInput(context, index) ? product(inputDims(context, index)) : 0;
}

/** Elements of output `index`; 0 when it is omitted. */
export function outputCount(context: WorkContext, index = 0): number {
  return context.outputs[index] === undefined ? 0 : product(outputDims(context, index));
}

/** Operations with the left-out fields as 0, times `factor`. */
export function times(operations: Partial<Operations>, factor: number): Operations {
  const { macs = 0, muls = 0, adds = 0, others = 0 } = operations;
  return { macs: macs * factor, muls: muls * factor, adds: adds * factor, others: others * factor };
}

export function plus(...parts: readonly Partial<Operations>[]): Operations {
  const sum = { macs: 0, muls: 0, adds: 0, others: 0 };
  for (const part of parts) {
    sum.macs += part.macs ?? 0;
    sum.muls += part.muls ?? 0;
    sum.adds += part.adds ?? 0;
    sum.others += part.others ?? 0;
  }
  return sum;
}

/** A rule that does the same for every element of its first output. */
export function perOutput(operations: Partial<Operations>, extra: Omit<WorkRule, "forward"> = {}): WorkRule {
  return { forward: (context) => times(operations, outputCount(context)), ...extra };
}

/** A rule that does the same for every element of its first input. */
export function perInput(operations: Partial<Operations>, extra: Omit<WorkRule, "forward"> = {}): WorkRule {
  return { forward: (context) => times(operations, inputCount(context, 0)), ...extra };
}
