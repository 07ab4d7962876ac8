// One layer on its own, for tests of the rules: shapes in, shapes (or folded numbers) out.
import type { DataType } from "../../src/graph/dtype.ts";
import type { Attribute, ConstantValue, Dim, Layer, TensorType } from "../../src/graph/graph.ts";
import { inferLayer } from "../../src/graph/shape/infer-layer.ts";

/** A float32 shape, a full type, known numbers, or an omitted input. */
export type Input = readonly Dim[] | TensorType | ConstantValue | undefined;

export interface LayerSetting {
  readonly opset?: number;
  readonly domain?: string;
  readonly outputs?: number;
  /** Default: whole numbers are ints, lists of them ints, strings strings. */
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | Attribute>>;
}

/** Known int64 numbers. */
export const ints = (...data: number[]): ConstantValue => ({ dtype: "int64", shape: [data.length], data });
/** One known int64 number without axes. */
export const int = (value: number): ConstantValue => ({ dtype: "int64", shape: [], data: [value] });
/** Known float32 numbers. */
export const floats = (...data: number[]): ConstantValue => ({ dtype: "float32", shape: [data.length], data });
/** A shape with an element type. */
export const of = (dtype: DataType, ...shape: Dim[]): TensorType => ({ dtype, shape });

const isShape = (input: Input): input is readonly Dim[] => Array.isArray(input);

function attribute(value: number | string | readonly number[] | Attribute): Attribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return Array.isArray(value) ? { kind: "ints", value } : (value as Attribute);
}

function inferred(op: string, inputs: readonly Input[], setting: LayerSetting) {
  const { opset = 17, domain = "", outputs = 1, attributes = {} } = setting;
  const layer: Layer = {
    name: "under test",
    op,
    domain,
    inputs: inputs.map((input, i) => (input === undefined ? "" : `i${i}`)),
    outputs: Array.from({ length: outputs }, (_, i) => `o${i}`),
    attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, attribute(value)])),
  };
  const at = (name: string): Input => inputs[Number(name.slice(1))];
  const result = inferLayer(layer, opset, {
    typeOf: (name) => {
      const input = at(name);
      if (isShape(input)) return { dtype: "float32", shape: input };
      return input && { dtype: input.dtype, shape: input.shape };
    },
    constantOf: (name) => {
      const input = at(name);
      return input !== undefined && !isShape(input) && "data" in input ? input : undefined;
    },
  });
  if (result === undefined) throw new Error(`no rule for ${op}`);
  return { types: result.types.slice(0, outputs), values: result.values };
}

/** Types of all outputs. */
export const typesOf = (op: string, inputs: readonly Input[], setting: LayerSetting = {}) =>
  inferred(op, inputs, setting).types;

/** Shape of the first output. */
export const shapeOf = (op: string, inputs: readonly Input[], setting: LayerSetting = {}) =>
  inferred(op, inputs, setting).types[0]?.shape;

/** Numbers of the first output, when they fold. */
export const foldOf = (op: string, inputs: readonly Input[], setting: LayerSetting = {}) =>
  inferred(op, inputs, setting).values[0];
