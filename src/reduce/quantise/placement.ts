// Which tensors of a network get codes in static quantisation. A runtime does an operator in 8 bits when codes come in and codes go out,
// so codes are kept from one quantised layer to the next: through an activation that is fused into the layer, and through pooling,
// additions and changes of layout in between, where all their inputs have codes.
import { intAttribute } from "../../graph/attributes.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import type { Target } from "./targets.ts";

/** Activations that runtimes fuse into the layer before: its own output needs no codes then. */
const FUSED: readonly string[] = ["Relu", "Clip"];
/** Operators that only move numbers or choose among them: codes stay what they are, so in and out share one range. */
const SAME_RANGE: readonly string[] = [
  "MaxPool",
  "Flatten",
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Identity",
  "Split",
  "DepthToSpace",
  "SpaceToDepth",
];
/** Operators that have an 8-bit form with a range of its own. */
const OWN_RANGE: readonly string[] = ["Add", "Concat", "AveragePool", "GlobalAveragePool", "Relu", "Clip"];

/** Operators whose further inputs are settings. */
const ONE_INPUT: readonly string[] = [...SAME_RANGE, "Clip"];

export interface Placement {
  /** Tensors with codes, in the network's order. */
  readonly tensors: readonly string[];
  /** Of a tensor with codes the one whose range it shares; itself mostly. */
  readonly rangeOf: ReadonlyMap<string, string>;
}

class Walk {
  readonly #graph: Graph;
  readonly #readers = new Map<string, Layer[]>();
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #reaches = new Map<string, boolean>();

  constructor(graph: Graph, targets: readonly Target[]) {
    this.#graph = graph;
    this.#targets = new Map(targets.map((target) => [target.layer.name, target]));
    for (const layer of graph.layers)
      for (const input of layer.inputs) {
        const readers = this.#readers.get(input);
        if (readers === undefined) this.#readers.set(input, [layer]);
        else readers.push(layer);
      }
  }

  isOutput(tensor: string): boolean {
    return this.#graph.outputs.includes(tensor);
  }

  targetOf(layer: Layer): Target | undefined {
    return this.#targets.get(layer.name);
  }

  /** Inputs that are neither weights nor settings. */
  dataOf(layer: Layer): readonly string[] {
    const data = ONE_INPUT.includes(layer.op) ? layer.inputs.slice(0, 1) : layer.inputs;
    return data.filter((input) => input !== "");
  }

  /** What a layer gives, after the activation that is fused into it. */
  resultOf(layer: Layer): string {
    const [output] = layer.outputs as [string];
    const readers = this.#readers.get(output) ?? [];
    const [only] = readers;
    const isFused = readers.length === 1 && only!.domain === "" && FUSED.includes(only!.op) && !this.isOutput(output);
    return isFused ? only!.outputs[0]! : output;
  }

  /** Whether the layer can pass codes on: to one output, or to the parts that it splits its input into. */
  isFollower(layer: Layer): boolean {
    const key = operatorKey(layer);
    if (!SAME_RANGE.includes(key) && !OWN_RANGE.includes(key)) return false;
    if (key !== "Split" && layer.outputs.filter((output) => output !== "").length !== 1) return false;
    if (key === "MaxPool" && intAttribute(layer, "storage_order", 0) !== 0) return false;
    return this.dataOf(layer).every((input) => !this.#graph.weights.has(input));
  }

  /** Whether codes of this tensor are of use: a quantised layer reads them, at once or behind layers that pass them on. */
  reaches(tensor: string): boolean {
    const known = this.#reaches.get(tensor);
    if (known !== undefined) return known;
    this.#reaches.set(tensor, false);
    const is = (this.#readers.get(tensor) ?? []).some((reader) => {
      if (this.targetOf(reader)?.data === tensor) return true;
      return this.isFollower(reader) && reader.outputs.some((output) => this.reaches(output));
    });
    this.#reaches.set(tensor, is);
    return is;
  }
}

/** @param targets at least one */
export function placementOf(graph: Graph, targets: readonly Target[]): Placement {
  const walk = new Walk(graph, targets);
  const wanted = new Set(targets.map(({ data }) => data));
  const placed = new Set<string>(graph.inputs.filter((input) => wanted.has(input)));
  const rangeOf = new Map([...placed].map((tensor) => [tensor, tensor] as const));
  const place = (tensor: string, like: string = tensor) => {
    if (placed.has(tensor)) return;
    placed.add(tensor);
    rangeOf.set(tensor, rangeOf.get(like) ?? like);
  };
  for (const layer of graph.layers) {
    const target = walk.targetOf(layer);
    if (target !== undefined) {
      const result = walk.resultOf(layer);
      // Convolutions have no 8-bit form that gives real numbers; products have.
      if (target.op === "Conv" || walk.reaches(result)) place(result);
    } else if (walk.isFollower(layer) && walk.dataOf(layer).every((input) => placed.has(input))) {
      const isSame = SAME_RANGE.includes(layer.op);
      const results = isSame ? layer.outputs : [walk.resultOf(layer)];
      const isUseful =
        results.some((result) => walk.reaches(result)) && !results.some((result) => walk.isOutput(result));
      if (isUseful) for (const result of results) place(result, isSame ? layer.inputs[0]! : result);
    }
    for (const made of layer.outputs) if (wanted.has(made)) place(made);
  }
  return { tensors: [...placed], rangeOf };
}
