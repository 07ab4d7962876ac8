// Builds a Graph layer by layer, inferring shapes on the way, so that a wrong network fails where it is written.
// Used by the zoo and by everything else that makes networks; reading files is onnx/.
import { InputError } from "../units/input-error.ts";
import type { DataType } from "./dtype.ts";
import type { Attribute, ConstantValue, Dim, Graph, Initialiser, Layer, TensorType, WeightRef } from "./graph.ts";
import { encodeNumbers } from "./numbers.ts";
import { inferLayer } from "./shape/infer-layer.ts";
import type { ShapedGraph } from "./shape/shaped.ts";

/** Plain values for attributes; whole numbers become int, others float: write a float that is whole as { float: 1 }. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | Attribute;

export interface LayerOptions {
  /** Last part of the layer's name; the current scope is put before it. Default: the operator in lower case. */
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** Operator set the builder writes for. */
export const BUILDER_OPSET = 17;

function toAttribute(value: AttributeValue): Attribute {
  if (typeof value === "number") return Number.isInteger(value) ? { kind: "int", value } : { kind: "float", value };
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) {
    if (typeof value[0] === "string") return { kind: "strings", value: value as readonly string[] };
    return { kind: "ints", value: value as readonly number[] };
  }
  if ("float" in value) return { kind: "float", value: value.float };
  return value as Attribute;
}

/** A network under construction. Tensors are named by strings; a lifetime, hence a class. */
export class NetworkBuilder {
  readonly name: string;
  readonly #inputs: string[] = [];
  readonly #outputs: string[] = [];
  readonly #layers: Layer[] = [];
  readonly #tensors = new Map<string, TensorType>();
  readonly #weights = new Map<string, WeightRef>();
  readonly #constants = new Map<string, ConstantValue>();
  readonly #names = new Set<string>();
  readonly #scopes: string[] = [];
  readonly #opsets = new Map<string, number>();
  #seed: number;

  /** @param seed first seed of the weights; each drawn weight takes the next. Default 0. */
  constructor(name: string, seed = 0) {
    this.name = name;
    this.#seed = seed;
    this.#opsets.set("", BUILDER_OPSET);
  }

  /**
   * A builder that goes on from a shaped graph: it has its inputs, weights and known numbers, and no layers yet (`append`
   * takes them over, changed or not). Names of the graph are never given again. @param opset of ONNX's own operators, at least the graph's
   */
  static from(shaped: Pick<ShapedGraph, "graph" | "constants">, opset: number): NetworkBuilder {
    const { graph, constants } = shaped;
    const b = new NetworkBuilder(graph.name);
    for (const [domain, version] of graph.opsets) b.#opsets.set(domain, version);
    b.#opsets.set("", opset);
    b.#inputs.push(...graph.inputs);
    for (const [name, type] of graph.tensors) {
      b.#names.add(name);
      b.#tensors.set(name, type);
    }
    for (const [name, ref] of graph.weights) b.#weights.set(name, ref);
    for (const [name, value] of constants) b.#constants.set(name, value);
    for (const layer of graph.layers) b.#names.add(layer.name);
    return b;
  }

  /** Appends a layer as it is, whose inputs are there already. Shapes known before stay where inference tells none. */
  append(layer: Layer): void {
    this.#names.add(layer.name);
    if (!this.#opsets.has(layer.domain)) this.#opsets.set(layer.domain, 1);
    for (const output of layer.outputs) this.#names.add(output);
    this.#infer(layer);
    this.#layers.push(layer);
  }

  /** Layers made inside `body` belong to block `name`: "block3/conv1". Scopes nest. */
  scope<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** A tensor that the caller feeds. */
  input(name: string, shape: readonly Dim[], dtype: DataType = "float32"): string {
    this.#names.add(name);
    this.#inputs.push(name);
    this.#tensors.set(name, { dtype, shape });
    return name;
  }

  /** Next seed, so that every weight has its own. */
  nextSeed(): number {
    return this.#seed++;
  }

  /** A trained weight or buffer, drawn on demand. `name` is the last part: "weight". */
  weight(name: string, shape: readonly number[], initialiser: Initialiser): string {
    const full = this.#unique(name);
    this.#tensors.set(full, { dtype: "float32", shape });
    this.#weights.set(full, { kind: "seeded", initialiser });
    return full;
  }

  /** A small tensor with given numbers: shapes, axes, scales. */
  constant(name: string, dtype: DataType, data: readonly number[], shape: readonly number[] = [data.length]): string {
    const full = this.#unique(name);
    this.#tensors.set(full, { dtype, shape });
    this.#weights.set(full, { kind: "inline", bytes: encodeNumbers(dtype, data) });
    this.#constants.set(full, { dtype, shape, data });
    return full;
  }

  /** A weight that another graph has, under its full name. @param value its numbers, where they are known */
  stored(name: string, type: TensorType, ref: WeightRef, value?: ConstantValue): void {
    this.#names.add(name);
    this.#tensors.set(name, type);
    this.#weights.set(name, ref);
    if (value !== undefined) this.#constants.set(name, value);
  }

  /** True for a tensor of which something is known. */
  has(tensor: string): boolean {
    return this.#tensors.has(tensor);
  }

  /** Appends one operator with `count` outputs and returns their names. */
  layers(op: string, inputs: readonly string[], count: number, options: LayerOptions = {}): string[] {
    const name = this.#unique(options.name ?? op.toLowerCase());
    const domain = options.domain ?? "";
    if (!this.#opsets.has(domain)) this.#opsets.set(domain, 1);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? `${name}:out` : `${name}:out${i}`));
    const attributes = new Map(
      Object.entries(options.attributes ?? {}).map(([key, value]) => [key, toAttribute(value)]),
    );
    const layer: Layer = { name, op, domain, inputs, outputs, attributes };
    if (!this.#infer(layer))
      throw new InputError(
        "unknown-operator",
        `layer "${name}": no shape rule for ${op}`,
        "add one in src/graph/shape",
      );
    this.#layers.push(layer);
    return outputs;
  }

  /** Appends one operator and returns its only (first) output. */
  layer(op: string, inputs: readonly string[], options: LayerOptions = {}): string {
    return this.layers(op, inputs, 1, options)[0]!;
  }

  /** Type of a tensor. @throws Error when nothing is known of it */
  typeOf(tensor: string): TensorType {
    const type = this.#tensors.get(tensor);
    if (type === undefined) throw new Error(`${this.name}: type of "${tensor}" is not known`);
    return type;
  }

  /** The numbers of a tensor that are known before the network runs. */
  valueOf(tensor: string): ConstantValue | undefined {
    return this.#constants.get(tensor);
  }

  /** The shape inferred so far. @throws Error when nothing is known of the tensor */
  shapeOf(tensor: string): readonly Dim[] {
    const shape = this.#tensors.get(tensor)?.shape;
    if (shape === undefined) throw new Error(`${this.name}: shape of "${tensor}" is not known`);
    return shape;
  }

  /** Length of one axis that must be a number: channels of an image are axis 1. */
  length(tensor: string, axis: number): number {
    const dim = this.shapeOf(tensor).at(axis);
    if (typeof dim !== "number") throw new Error(`${this.name}: axis ${axis} of "${tensor}" is not a number`);
    return dim;
  }

  output(tensor: string): void {
    this.#outputs.push(tensor);
  }

  graph(): Graph {
    return {
      name: this.name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      layers: this.#layers,
      tensors: this.#tensors,
      weights: this.#weights,
      opsets: this.#opsets,
    };
  }

  /** Learns the types and numbers of a layer's outputs; false when the operator has no rule. */
  #infer(layer: Layer): boolean {
    const inferred = inferLayer(layer, this.#opsets.get(layer.domain === "ai.onnx" ? "" : layer.domain) ?? 1, {
      typeOf: (tensor) => this.#tensors.get(tensor),
      constantOf: (tensor) => this.#constants.get(tensor),
    });
    layer.outputs.forEach((output, i) => {
      const type = inferred?.types[i];
      if (output !== "" && type !== undefined && (type.shape !== undefined || !this.#tensors.has(output)))
        this.#tensors.set(output, type);
      const value = inferred?.values[i];
      if (value !== undefined) this.#constants.set(output, value);
    });
    return inferred !== undefined;
  }

  #unique(last: string): string {
    const stem = [...this.#scopes, last].join("/");
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    return name;
  }
}
