// Reading a layer's attributes with their defaults. A wrong kind is a broken model, said with the layer's name.
import { InputError } from "../units/input-error.ts";
import type { Attribute, Graph, Layer } from "./graph.ts";

/** The value of attribute `name` when it is of `kind`; undefined when absent; InputError when of another kind. */
function read<K extends Attribute["kind"]>(
  layer: Layer,
  name: string,
  kind: K,
): Extract<Attribute, { kind: K }> | undefined {
  const attribute = layer.attributes.get(name);
  if (attribute === undefined || attribute.kind === kind)
    return attribute as Extract<Attribute, { kind: K }> | undefined;
  throw new InputError(
    "bad-attribute",
    `layer "${layer.name}" (${layer.op}): attribute ${name} is ${attribute.kind}, expected ${kind}`,
    "the model file is not valid ONNX; export it again",
  );
}

export function intAttribute(layer: Layer, name: string): number | undefined;
export function intAttribute(layer: Layer, name: string, fallback: number): number;
export function intAttribute(layer: Layer, name: string, fallback?: number): number | undefined {
  return read(layer, name, "int")?.value ?? fallback;
}

export function floatAttribute(layer: Layer, name: string, fallback: number): number {
  return read(layer, name, "float")?.value ?? fallback;
}

export function stringAttribute(layer: Layer, name: string, fallback: string): string {
  return read(layer, name, "string")?.value ?? fallback;
}

export function intsAttribute(layer: Layer, name: string): readonly number[] | undefined {
  return read(layer, name, "ints")?.value;
}

export function graphAttribute(layer: Layer, name: string): Graph | undefined {
  return read(layer, name, "graph")?.value;
}
