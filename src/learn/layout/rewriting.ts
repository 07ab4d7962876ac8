// A graph being written anew from another one, with a second form for some of its tensors: "blocked", channels in blocks that lie
// innermost ([N, C/b, H, W, b] in memory, still called [N, C, H, W]), as ONNX Runtime's fast convolutions read and write them.
// Whoever asks for a form that is not there yet gets it converted, once. Which layers take which form is blocked.ts.
import type { DataType } from "../../graph/dtype.ts";
import {
  type Attribute,
  elementCount,
  type Graph,
  type Layer,
  type TensorType,
  type WeightRef,
} from "../../graph/graph.ts";
import { decodeNumbers, encodeNumbers, hasCodec } from "../../graph/numbers.ts";

/** Domain of ONNX Runtime's blocked operators. Internal to it: found by asking, never assumed. */
export const BLOCKED_DOMAIN = "com.microsoft.nchwc";

type AttributeNumbers = Readonly<Record<string, number | string | readonly number[]>>;

export interface WrittenOptions {
  readonly attributes?: AttributeNumbers;
  readonly domain?: string;
  /** Default float32. */
  readonly dtype?: DataType;
  /** Name of the output. Default: a new one. */
  readonly output?: string;
}

function toAttribute(value: number | string | readonly number[]): Attribute {
  if (typeof value === "number") return { kind: "int", value };
  return typeof value === "string" ? { kind: "string", value } : { kind: "ints", value };
}

/** A lifetime, hence a class. */
export class Rewriting {
  readonly block: number;
  readonly #from: Graph;
  readonly #layers: Layer[] = [];
  readonly #tensors: Map<string, TensorType>;
  readonly #weights: Map<string, WeightRef>;
  readonly #producers = new Map<string, Layer>();
  readonly #readers = new Map<string, Layer[]>();
  readonly #blocked = new Map<string, string>();
  /** Tensors that are not written in their plain form yet, and how they would be. */
  readonly #open = new Map<string, () => void>();
  readonly #constants = new Map<string, string>();
  #scope = "";
  #count = 0;

  constructor(graph: Graph, block: number) {
    this.#from = graph;
    this.block = block;
    this.#tensors = new Map(graph.tensors);
    this.#weights = new Map(graph.weights);
    for (const layer of graph.layers) {
      for (const output of layer.outputs) this.#producers.set(output, layer);
      for (const input of new Set(layer.inputs)) this.#readers.set(input, [...(this.#readers.get(input) ?? []), layer]);
    }
  }

  /** The layer that makes a tensor in the graph that is read. */
  producer(tensor: string): Layer | undefined {
    return this.#producers.get(tensor);
  }

  /** Layers that read a tensor there; undefined when it is an output of the graph besides. */
  readers(tensor: string): readonly Layer[] | undefined {
    return this.#from.outputs.includes(tensor) ? undefined : (this.#readers.get(tensor) ?? []);
  }

  isWeight(tensor: string): boolean {
    return this.#weights.has(tensor);
  }

  /** The numbers of a small tensor that is stored in the graph. */
  numbersOf(tensor: string): readonly number[] | undefined {
    const ref = this.#weights.get(tensor);
    const type = this.#tensors.get(tensor);
    const count = elementCount(type);
    if (ref?.kind !== "inline" || type === undefined || count === undefined || !hasCodec(type.dtype)) return undefined;
    return decodeNumbers(type.dtype, ref.bytes, count);
  }

  isInput(tensor: string): boolean {
    return this.#from.inputs.includes(tensor);
  }

  typeOf(tensor: string): TensorType | undefined {
    return this.#tensors.get(tensor);
  }

  /** Fixed shape, or undefined. */
  shapeOf(tensor: string): readonly number[] | undefined {
    const shape = this.#tensors.get(tensor)?.shape;
    return shape?.every((dim) => typeof dim === "number") ? (shape as readonly number[]) : undefined;
  }

  /** Appends one operator; @returns its output. */
  op(op: string, inputs: readonly string[], shape: readonly number[], options: WrittenOptions = {}): string {
    return this.ops(op, inputs, [shape], options)[0]!;
  }

  /** Appends one operator with an output of each shape. */
  ops(
    op: string,
    inputs: readonly string[],
    shapes: readonly (readonly number[])[],
    { attributes = {}, domain = "", dtype = "float32", output }: WrittenOptions = {},
  ): string[] {
    const name = `${this.#scope}/blocked${this.#count++}/${op.toLowerCase()}`;
    const outputs = shapes.map((shape, i) => {
      const tensor = i === 0 && output !== undefined ? output : `${name}:out${i}`;
      this.#tensors.set(tensor, { dtype, shape });
      return tensor;
    });
    const given = new Map(Object.entries(attributes).map(([key, value]) => [key, toAttribute(value)]));
    this.#layers.push({ name, op, domain, inputs, outputs, attributes: given });
    return outputs;
  }

  ints(...data: number[]): string {
    return this.constant("int64", data, [data.length]);
  }

  constant(dtype: DataType, data: readonly number[], shape: readonly number[]): string {
    const key = `${dtype}|${shape.join()}|${data.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `blocked/constant${this.#constants.size}`;
    this.#tensors.set(name, { dtype, shape });
    this.#weights.set(name, { kind: "inline", bytes: encodeNumbers(dtype, data) });
    this.#constants.set(key, name);
    return name;
  }

  reshape(x: string, shape: readonly number[], output?: string): string {
    const dtype = this.#tensors.get(x)!.dtype;
    return this.op("Reshape", [x, this.ints(...shape)], shape, { dtype, ...(output !== undefined && { output }) });
  }

  transpose(x: string, perm: readonly number[]): string {
    const shape = this.shapeOf(x)!;
    return this.op(
      "Transpose",
      [x],
      perm.map((axis) => shape[axis]!),
      { attributes: { perm } },
    );
  }

  /** The same operator with other inputs, its output called differently. */
  copy(layer: Layer, inputs: readonly string[], shape: readonly number[], dtype: DataType): string {
    const made = this.op(layer.op, inputs, shape, { dtype, domain: layer.domain });
    const { attributes } = layer;
    this.#layers.push({ ...this.#layers.pop()!, attributes });
    return made;
  }

  /** A layer as it was, its inputs in plain form. */
  keep(layer: Layer): void {
    for (const input of layer.inputs) this.plain(input);
    this.#layers.push(layer);
  }

  /** The layer is written only when somebody asks for its output in plain form. */
  postpone(layer: Layer): void {
    this.#open.set(layer.outputs[0]!, () => this.keep(layer));
  }

  /** The plain form of a tensor, under its own name. */
  plain(tensor: string): string {
    const write = this.#open.get(tensor);
    this.#open.delete(tensor);
    write?.();
    return tensor;
  }

  /** True when a tensor is there in blocked form only. */
  isOnlyBlocked(tensor: string): boolean {
    return this.#open.has(tensor) && this.#blocked.has(tensor);
  }

  isBlocked(tensor: string): boolean {
    return this.#blocked.has(tensor);
  }

  /** The blocked form; [N, C, H, W] of float32 with C a multiple of the block. */
  blocked(tensor: string): string {
    const known = this.#blocked.get(tensor);
    if (known !== undefined) return known;
    const shape = this.shapeOf(tensor)!;
    const made = this.op("ReorderInput", [this.plain(tensor)], shape, { domain: BLOCKED_DOMAIN });
    this.#blocked.set(tensor, made);
    return made;
  }

  /** `form` is the blocked form of `tensor`, which has no other yet. @param plain writes the other; default: converts */
  setBlocked(tensor: string, form: string, plain?: () => void): void {
    this.#blocked.set(tensor, form);
    const shape = this.shapeOf(tensor)!;
    const attributes = { channels: shape[1]! };
    const convert = () =>
      void this.op("ReorderOutput", [form], shape, { attributes, domain: BLOCKED_DOMAIN, output: tensor });
    this.#open.set(tensor, plain ?? convert);
  }

  /** What is written now is named after this layer. */
  within(layer: Layer, body: () => boolean): boolean {
    this.#scope = layer.name;
    return body();
  }

  graph(): Graph {
    for (const output of this.#from.outputs) this.plain(output);
    const opsets = new Map(this.#from.opsets);
    if (this.#layers.some(({ domain }) => domain === BLOCKED_DOMAIN)) opsets.set(BLOCKED_DOMAIN, 1);
    return { ...this.#from, layers: this.#layers, tensors: this.#tensors, weights: this.#weights, opsets };
  }
}
