// Less memory for more arithmetic [Chen2016]: the forward pass is cut into segments; what a segment made is forgotten but for what the
// next ones read, and made once more, from there, just before its backward pass. A change of a finished graph: gradients know
// nothing of it. Running statistics are not part of what is made again, and a mask of dropout follows from its seed, so both are as before.
import { type DataType, isFloat } from "../graph/dtype.ts";
import type { Attribute, Graph, Layer, TensorType, WeightRef } from "../graph/graph.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { InputError } from "../units/input-error.ts";
import { peakActivationBytes, tensorBytes } from "./memory.ts";

/** A training graph, and which of its layers are the forward pass and the loss. They come first. */
export interface ForwardAndBackward {
  readonly graph: Graph;
  /** Layers' names. */
  readonly forward: ReadonlySet<string>;
  /** Inputs and outputs that are carried from step to step. */
  readonly state: ReadonlySet<string>;
}

/** Numbers of segments that are tried when none is asked for. */
const TRIED = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48];
/** After the name of what is made again. */
const AGAIN = "@again";
const WIRE_NUMBERS: Partial<Readonly<Record<DataType, number>>> = { float32: 1, int32: 6, int64: 7, float64: 11 };

/** First layer of each segment but the first: near equal parts of what the forward pass makes, where least crosses. */
function cutsFor(graph: Graph, count: number, segments: number): readonly number[] {
  const bytes = graph.layers.slice(0, count).map(({ outputs }) => outputs.map((name) => tensorBytes(graph, name)));
  const madeBy = new Map<string, number>();
  const lastRead = new Map<string, number>();
  graph.layers.slice(0, count).forEach((layer, at) => {
    for (const output of layer.outputs) madeBy.set(output, at);
    for (const input of layer.inputs) lastRead.set(input, at);
  });
  const crossing = new Array<number>(count + 1).fill(0);
  for (const [name, at] of madeBy)
    for (let cut = at + 1; cut <= (lastRead.get(name) ?? at); cut++) crossing[cut]! += tensorBytes(graph, name);
  const made: number[] = [0];
  for (const sizes of bytes) made.push(made.at(-1)! + sizes.reduce((a, b) => a + b, 0));
  const part = made.at(-1)! / segments;
  const cuts: number[] = [];
  for (let i = 1; i < segments; i++) {
    const near = made.map((_, cut) => cut).filter((cut) => Math.abs(made[cut]! - i * part) <= part / 2);
    const best = near.filter((cut) => cut > (cuts.at(-1) ?? 0) && cut < count);
    best.sort((a, b) => crossing[a]! - crossing[b]! || Math.abs(made[a]! - i * part) - Math.abs(made[b]! - i * part));
    if (best[0] !== undefined) cuts.push(best[0]);
  }
  return cuts;
}

/** Layers and tensors that are added to a graph. */
class Addition {
  readonly tensors: Map<string, TensorType>;
  readonly weights: Map<string, WeightRef>;
  /** New layers by the place of the old layer that they go before. */
  readonly before = new Map<number, Layer[]>();
  readonly #zeros = new Map<string, string>();

  constructor(graph: Graph) {
    this.tensors = new Map(graph.tensors);
    this.weights = new Map(graph.weights);
  }

  constant(dtype: DataType, data: readonly number[], shape: readonly number[]): string {
    const name = `recompute/${dtype}${data.join("_")}${shape.length}`;
    this.tensors.set(name, { dtype, shape });
    this.weights.set(name, { kind: "inline", bytes: encodeNumbers(dtype, data) });
    return name;
  }

  put(at: number, layer: Layer): void {
    this.before.set(at, [...(this.before.get(at) ?? []), layer]);
  }

  op(
    at: number,
    name: string,
    op: string,
    inputs: readonly string[],
    type: TensorType,
    attributes: Readonly<Record<string, number>> = {},
  ): string {
    const map = new Map(
      Object.entries(attributes).map(([key, value]): [string, Attribute] => [key, { kind: "int", value }]),
    );
    this.tensors.set(`${name}:out`, type);
    this.put(at, { name, op, domain: "", inputs, outputs: [`${name}:out`], attributes: map });
    return `${name}:out`;
  }

  /**
   * 0 as a tensor without axes, which is there only after `gradient` is: added to what a segment reads, it keeps the runtime from
   * making the segment again at once, or from finding that it was made before. (NaN and infinity make 0 too.)
   */
  zeroAfter(at: number, gradient: string, dtype: DataType): string {
    const name = `recompute/${gradient}/${dtype}`;
    const known = this.#zeros.get(name);
    if (known !== undefined) return known;
    const elements = (this.tensors.get(gradient)!.shape as readonly number[]).reduce((a, b) => a * b, 1);
    const type = this.tensors.get(gradient)!.dtype;
    const flat = this.op(at, `${name}/flat`, "Reshape", [gradient, this.constant("int64", [-1], [1])], {
      dtype: type,
      shape: [elements],
    });
    const one = this.op(at, `${name}/one`, "Gather", [flat, this.constant("int64", [0], [])], {
      dtype: type,
      shape: [],
    });
    const bad = this.op(at, `${name}/bad`, "IsNaN", [one], { dtype: "bool", shape: [] });
    const never = this.op(at, `${name}/never`, "And", [bad, this.constant("bool", [0], [])], {
      dtype: "bool",
      shape: [],
    });
    const zero = this.op(at, `${name}/zero`, "Cast", [never], { dtype, shape: [] }, { to: WIRE_NUMBERS[dtype]! });
    this.#zeros.set(name, zero);
    return zero;
  }
}

interface Segment {
  /** Its layers that are made again. */
  readonly layers: readonly Layer[];
  /** What they make and the backward pass reads. */
  readonly wanted: ReadonlySet<string>;
  /** What they read of before the segment, or of what is kept anyway. */
  readonly entries: ReadonlySet<string>;
}

/** What of layers [from, to) has to be made again. */
function segmentOf({ graph, forward, state }: ForwardAndBackward, from: number, to: number): Segment {
  const own = graph.layers.slice(from, to);
  const made = new Map(own.flatMap((layer) => layer.outputs.map((name) => [name, layer] as const)));
  const kept = new Set(graph.outputs);
  for (const layer of graph.layers.slice(to))
    if (forward.has(layer.name)) for (const name of layer.inputs) kept.add(name);
  const isFixed = (name: string) => name === "" || graph.weights.has(name) || state.has(name);
  const canWait = (name: string) => WIRE_NUMBERS[graph.tensors.get(name)?.dtype ?? "bool"] !== undefined;
  // What follows from weights alone cannot be put off; it is kept.
  const moving = new Set<string>();
  for (const layer of own) {
    const reads = layer.inputs.some((name) =>
      made.has(name) && !kept.has(name) ? moving.has(name) : !isFixed(name) && canWait(name),
    );
    if (reads) for (const output of layer.outputs) if (output !== "") moving.add(output);
  }
  const wanted = new Set<string>();
  for (const layer of graph.layers.slice(to))
    if (!forward.has(layer.name))
      for (const name of layer.inputs) if (moving.has(name) && !kept.has(name)) wanted.add(name);
  const needed = new Set(wanted);
  const layers: Layer[] = [];
  const entries = new Set<string>();
  for (const layer of own.toReversed()) {
    if (!layer.outputs.some((name) => needed.has(name))) continue;
    layers.push(layer);
    for (const name of layer.inputs) {
      if (moving.has(name) && !kept.has(name)) needed.add(name);
      else if (!isFixed(name) && canWait(name) && !(made.has(name) && !moving.has(name))) entries.add(name);
    }
  }
  return { layers: layers.reverse(), wanted, entries };
}

/** The graph with `segments` parts of its forward pass, all but the last made again. */
function inSegments(whole: ForwardAndBackward, segments: number): Graph {
  const { graph, forward } = whole;
  const count = graph.layers.findLastIndex(({ name }) => forward.has(name)) + 1;
  const cuts = cutsFor(graph, count, segments);
  const ends = [...cuts, count];
  const addition = new Addition(graph);
  const renamed = new Map<string, string>();
  // Gradients: what follows from the last segment, which is not made again.
  const gradients = new Set(graph.layers.slice(cuts.at(-1) ?? 0, count).flatMap(({ outputs }) => outputs));
  const arrived = graph.layers.map((layer, at) => {
    if (at < count || !layer.inputs.some((name) => gradients.has(name))) return undefined;
    for (const output of layer.outputs) gradients.add(output);
    return layer.outputs.find((name) => name !== "" && isFloat(graph.tensors.get(name)!.dtype));
  });
  for (const [i, from] of [0, ...cuts].slice(0, -1).entries()) {
    const segment = segmentOf(whole, from, ends[i]!);
    const at = graph.layers.findIndex(
      (layer, k) => k >= count && layer.inputs.some((name) => segment.wanted.has(name)),
    );
    const gradient = arrived.slice(0, Math.max(0, at)).findLast((name) => name !== undefined);
    if (at < 0 || gradient === undefined) continue;
    const own = new Map<string, string>();
    for (const entry of segment.entries) {
      const type = graph.tensors.get(entry)!;
      const zero = addition.zeroAfter(at, gradient, type.dtype);
      own.set(entry, addition.op(at, `recompute/${i}/${entry}`, "Add", [entry, zero], type));
    }
    for (const layer of segment.layers) {
      const outputs = layer.outputs.map((name) => (name === "" ? "" : name + AGAIN));
      const inputs = layer.inputs.map((name) => own.get(name) ?? name);
      addition.put(at, { ...layer, name: layer.name + AGAIN, inputs, outputs });
      layer.outputs.forEach((name, k) => {
        if (name === "") return;
        addition.tensors.set(outputs[k]!, graph.tensors.get(name)!);
        own.set(name, outputs[k]!);
      });
    }
    for (const name of segment.wanted) renamed.set(name, own.get(name)!);
  }
  const layers = graph.layers.flatMap((layer, at) => [
    ...(addition.before.get(at) ?? []),
    at < count ? layer : { ...layer, inputs: layer.inputs.map((name) => renamed.get(name) ?? name) },
  ]);
  return { ...graph, layers, tensors: addition.tensors, weights: addition.weights };
}

/**
 * The same step in less memory.
 * @param segments parts of the forward pass; true: as many as bring the peak of live bytes down most
 * @throws InputError "bad-option" for a number that is not whole or below 2
 */
export function recomputed(whole: ForwardAndBackward, segments: true | number): Graph {
  if (segments === true) {
    const tried = TRIED.map((count) => inSegments(whole, count));
    const peaks = [whole.graph, ...tried].map((graph) => ({ graph, peak: peakActivationBytes(graph, whole.state) }));
    return peaks.reduce((best, one) => (one.peak < best.peak ? one : best)).graph;
  }
  if (!(Number.isInteger(segments) && segments >= 2))
    throw new InputError(
      "bad-option",
      `recomputation in ${segments} segments, expected a whole number from 2`,
      "choose 4, say, or leave the number out",
    );
  return inSegments(whole, segments);
}
