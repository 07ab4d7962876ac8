// A graph being written anew from another: layers appended one by one, numbers put in beside the old ones, names never given twice.
// NetworkBuilder infers every shape on the way; here shapes stay open, so that a batch that is a symbol stays one.
import type { Attribute, Graph, Layer, TensorType, WeightRef } from "../../graph/graph.ts";
import { bytesOf, type Tensor } from "../../runtime/tensor.ts";

export interface LayerParts {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Name of the output. Default: made of the layer's name. */
  readonly output?: string;
}

/** A lifetime, hence a class. */
export class Rewriting {
  readonly #graph: Graph;
  readonly #layers: Layer[] = [];
  readonly #tensors: Map<string, TensorType>;
  readonly #weights: Map<string, WeightRef>;
  readonly #names: Set<string>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#tensors = new Map(graph.tensors);
    this.#weights = new Map(graph.weights);
    this.#names = new Set([
      ...graph.tensors.keys(),
      ...graph.inputs,
      ...graph.layers.flatMap(({ name, outputs }) => [name, ...outputs]),
    ]);
  }

  /** A name that nothing has yet: `stem`, else `stem_1`, … */
  unique(stem: string): string {
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Numbers that are part of the network. @returns the tensor's name */
  weight(stem: string, { dtype, shape, data }: Tensor): string {
    const name = this.unique(stem);
    this.#tensors.set(name, { dtype, shape });
    this.#weights.set(name, { kind: "inline", bytes: bytesOf(data) });
    return name;
  }

  scalar(stem: string, dtype: "float32" | "uint8" | "int8", value: number): string {
    const make = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array }[dtype];
    return this.weight(stem, { dtype, shape: [], data: make.of(value) });
  }

  /** A layer as it is. */
  append(layer: Layer): void {
    this.#layers.push(layer);
  }

  /** A new layer of ONNX's own operators with one output. @returns the output */
  layer(op: string, stem: string, inputs: readonly string[], { attributes = {}, output }: LayerParts = {}): string {
    const name = this.unique(stem);
    const made = output ?? this.unique(`${name}:out`);
    this.append({ name, op, domain: "", inputs, outputs: [made], attributes: new Map(Object.entries(attributes)) });
    return made;
  }

  /** The type of a tensor that has another one now: of another element type, the shape stays. */
  retype(tensor: string, like: string, dtype: TensorType["dtype"]): void {
    const shape = this.#tensors.get(like)?.shape;
    this.#tensors.set(tensor, { dtype, shape });
  }

  /** The graph, without weights that nothing reads any more. */
  graph(): Graph {
    const read = new Set([...this.#layers.flatMap(({ inputs }) => inputs), ...this.#graph.outputs]);
    const made = new Set([...this.#graph.inputs, ...this.#layers.flatMap(({ outputs }) => outputs)]);
    const captured = this.#layers.some(({ attributes }) =>
      [...attributes.values()].some(({ kind }) => kind === "graph"),
    );
    const kept = (name: string) => captured || read.has(name);
    return {
      ...this.#graph,
      layers: this.#layers,
      weights: new Map([...this.#weights].filter(([name]) => kept(name))),
      tensors: new Map([...this.#tensors].filter(([name]) => made.has(name) || kept(name))),
    };
  }
}
