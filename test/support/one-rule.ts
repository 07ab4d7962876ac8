// One work rule alone: its context made by hand, so that shapes come from the test and not from inference.
import type { DataType } from "../../src/graph/dtype.ts";
import type { Attribute, ConstantValue, TensorType } from "../../src/graph/graph.ts";
import { plus } from "../../src/work/extent.ts";
import type { WorkContext } from "../../src/work/rule.ts";
import { WORK_TABLE } from "../../src/work/table.ts";
import { backwardOperations } from "../../src/work/training.ts";

export type Shape = readonly number[] | undefined;
type Values = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>;

function attributeOf(value: Values[string]): Attribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return "float" in value ? { kind: "float", value: value.float } : { kind: "ints", value };
}

export interface Extra {
  readonly attributes?: Values;
  readonly constants?: Readonly<Record<number, readonly number[]>>;
  readonly opset?: number;
  readonly dtype?: DataType;
}

export function contextOf(
  op: string,
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  extra: Extra = {},
): WorkContext {
  const { attributes = {}, constants = {}, opset = 17, dtype = "float32" } = extra;
  const type = (shape: Shape): TensorType | undefined => (shape === undefined ? undefined : { dtype, shape });
  const dot = op.lastIndexOf(".");
  return {
    layer: {
      name: "layer",
      op: op.slice(dot + 1),
      domain: dot < 0 ? "" : op.slice(0, dot),
      inputs: inputs.map((shape, i) => (shape === undefined ? "" : `in${i}`)),
      outputs: outputs.map((shape, i) => (shape === undefined ? "" : `out${i}`)),
      attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)])),
    },
    opset,
    inputs: inputs.map(type),
    outputs: outputs.map(type),
    constant: (index): ConstantValue | undefined => {
      const data = constants[index];
      return data && { dtype: "int64", shape: [data.length], data };
    },
  };
}

export const forward = (op: string, inputs: readonly Shape[], outputs: readonly Shape[], extra?: Extra) =>
  plus(WORK_TABLE[op]!.forward(contextOf(op, inputs, outputs, extra)));

export const backward = (op: string, inputs: readonly Shape[], outputs: readonly Shape[], wanted: readonly boolean[]) =>
  backwardOperations(WORK_TABLE[op]!, contextOf(op, inputs, outputs), { wanted });

export const none = { macs: 0, muls: 0, adds: 0, others: 0 };
