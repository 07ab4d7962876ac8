// The types (and known values) of ONE layer's outputs, by its rule. Walking a whole graph is infer.ts; building one is build.ts.
import type { ConstantValue, Layer, TensorType } from "../graph.ts";
import { operatorKey } from "../graph.ts";
import type { ShapeContext } from "./rule.ts";
import { SHAPE_TABLE } from "./table.ts";

/** What is known of the tensors a layer reads. */
export interface KnownTensors {
  typeOf(tensor: string): TensorType | undefined;
  constantOf(tensor: string): ConstantValue | undefined;
}

/** Output types, and output numbers where they fold; `undefined` when the operator has no rule. */
export interface InferredLayer {
  readonly types: readonly TensorType[];
  readonly values: readonly (ConstantValue | undefined)[];
}

/** Applies the layer's rule. @throws InputError when the layer's inputs contradict each other. */
export function inferLayer(layer: Layer, opset: number, known: KnownTensors): InferredLayer | undefined {
  const operator = SHAPE_TABLE[operatorKey(layer)];
  if (operator === undefined) return undefined;
  const context: ShapeContext = {
    layer,
    opset,
    inputs: layer.inputs.map((name) => (name === "" ? undefined : known.typeOf(name))),
    constant: (index) => {
      const name = layer.inputs[index];
      return name === undefined || name === "" ? undefined : known.constantOf(name);
    },
  };
  return { types: operator.shape(context), values: operator.fold?.(context) ?? [] };
}
