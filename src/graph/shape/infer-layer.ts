// The types (and known values) of ONE layer's outputs, by its rule. Walking a whole graph is infer.ts; building one is build.ts.
import { InputError } from "../../units/input-error.ts";
import { type ConstantValue, elementCount, type Layer, operatorKey, type TensorType } from "../graph.ts";
import { MAX_ELEMENTS } from "../limits.ts";
import { contradiction, printShape } from "./dims.ts";
import type { ShapeContext } from "./rule.ts";
import { SHAPE_TABLE } from "./table.ts";

/** What is known of the tensors a layer reads. */
export interface KnownTensors {
  typeOf(tensor: string): TensorType | undefined;
  constantOf(tensor: string): ConstantValue | undefined;
}

/** Output types, and output numbers where they fold; `undefined` when the operator has no rule. */
export interface InferredLayer {
  readonly types: readonly (TensorType | undefined)[];
  readonly values: readonly (ConstantValue | undefined)[];
}

/** What a rule may look at, for one layer among known tensors. */
export function contextOf(layer: Layer, opset: number, known: KnownTensors): ShapeContext {
  return {
    layer,
    opset,
    inputs: layer.inputs.map((name) => (name === "" ? undefined : known.typeOf(name))),
    constant: (index) => {
      const name = layer.inputs[index];
      return name === undefined || name === "" ? undefined : known.constantOf(name);
    },
  };
}

/** Applies the layer's rule. @throws InputError when the layer's inputs contradict each other or a size is absurd. */
export function inferLayer(layer: Layer, opset: number, known: KnownTensors): InferredLayer | undefined {
  const key = operatorKey(layer);
  const operator = Object.hasOwn(SHAPE_TABLE, key) ? SHAPE_TABLE[key] : undefined;
  if (operator === undefined) return undefined;
  const context = contextOf(layer, opset, known);
  const types = operator.shape(context);
  for (const type of types) checkSize(layer, type);
  return { types, values: operator.fold?.(context) ?? [] };
}

/**
 * Nonsense in attributes or constants comes out as lengths that no axis can have, or as tensors that no machine holds.
 * @throws InputError "shape-contradiction", "bad-dimension"
 */
export function checkSize(layer: Layer, type: TensorType | undefined): void {
  for (const dim of type?.shape ?? []) {
    if (typeof dim !== "string" && !(Number.isSafeInteger(dim) && dim >= 0))
      throw contradiction({ layer }, `the output would have the shape ${printShape(type?.shape)}`);
  }
  const count = elementCount(type);
  if (count !== undefined && count > MAX_ELEMENTS)
    throw new InputError(
      "bad-dimension",
      `layer "${layer.name}" (${operatorKey(layer)}): the output ${printShape(type?.shape)} would have ${count} elements, expected at most ${MAX_ELEMENTS}`,
      "the file may be damaged; else give a smaller --batch, --dim or --trip-count",
    );
}
