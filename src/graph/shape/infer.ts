// Walks a graph once and tells the type of every tensor, folding shape arithmetic on the way. Rules are in the families'
// files; this one knows only the order of things. Linear in the number of layers. Weights stay where they are: only small
// inline ones are looked at.
import { InputError } from "../../units/input-error.ts";
import { isFloat } from "../dtype.ts";
import {
  type ConstantValue,
  elementCount,
  type Graph,
  type Layer,
  operatorKey,
  type TensorType,
  UNKNOWN_DIM,
  type WeightRef,
} from "../graph.ts";
import { decodeNumbers, hasCodec } from "../numbers.ts";
import { CONTROL_TABLE, type KnownTensor } from "./control.ts";
import { contradiction, printShape, type Shape } from "./dims.ts";
import { MAX_FOLDED_ELEMENTS } from "./fold.ts";
import { checkSize, contextOf, inferLayer, type KnownTensors } from "./infer-layer.ts";
import type { ShapedBody, ShapedGraph, UnknownShape } from "./shaped.ts";

export type { ShapedBody, ShapedGraph, UnknownShape } from "./shaped.ts";

export interface InferOptions {
  /** Iterations of loops whose count the file does not say; a whole number from 0. Default: such loops are reported unknown. */
  readonly tripCount?: number | undefined;
}

/**
 * Types of all tensors of a graph: inferred where there is a rule, declared ones where inference yields nothing.
 * An operator without a rule and a loop without a count are listed in `unknown`.
 * @throws InputError "shape-contradiction" when a layer's inputs, or its output and what the file declares of it, cannot
 *   all be true; "bad-dimension" for tensors that no machine holds; "bad-trip-count"
 */
export function inferShapes(graph: Graph, options: InferOptions = {}): ShapedGraph {
  const { tripCount } = options;
  if (tripCount !== undefined && !(Number.isSafeInteger(tripCount) && tripCount >= 0))
    throw new InputError(
      "bad-trip-count",
      `trip count ${tripCount}, expected a whole number from 0`,
      "give --trip-count 100",
    );
  return new Walk(graph, [], undefined, tripCount).run();
}

/** The number an operator set is taken for when the file does not say: the newest. */
const NEWEST_OPSET = 24;

/** What one walk has found so far; a body's walk looks into its outer one for names it does not have. */
class Walk implements KnownTensors {
  readonly #graph: Graph;
  readonly #outer: Walk | undefined;
  readonly #tripCount: number | undefined;
  readonly #types = new Map<string, TensorType>();
  readonly #constants = new Map<string, ConstantValue>();
  readonly #captured = new Map<string, WeightRef>();
  readonly #folded = new Set<string>();
  readonly #bodies = new Map<string, readonly ShapedBody[]>();
  readonly #unknown: UnknownShape[] = [];
  readonly #assumptions: string[] = [];
  /** Declared shapes that do not hold for the lengths chosen, a sentence each. */
  readonly #stale: string[] = [];

  constructor(graph: Graph, inputs: readonly KnownTensor[], outer: Walk | undefined, tripCount: number | undefined) {
    this.#graph = graph;
    this.#outer = outer;
    this.#tripCount = tripCount;
    graph.inputs.forEach((name, i) => {
      this.#learn(name, inputs[i]?.type, inputs[i]?.value);
    });
    for (const [name, ref] of graph.weights)
      this.#learn(name, graph.tensors.get(name), inlineValue(ref, graph.tensors.get(name)));
  }

  typeOf(tensor: string): TensorType | undefined {
    const own = this.#types.get(tensor);
    if (own !== undefined || this.#outer === undefined) return own;
    const type = this.#outer.typeOf(tensor);
    const weight = this.#outer.#weightOf(tensor);
    if (type !== undefined) this.#types.set(tensor, type);
    if (weight !== undefined) this.#captured.set(tensor, weight);
    return type;
  }

  constantOf(tensor: string): ConstantValue | undefined {
    const own = this.#constants.get(tensor);
    if (own !== undefined || this.#outer === undefined) return own;
    const value = this.#outer.constantOf(tensor);
    if (value !== undefined) this.#constants.set(tensor, value);
    return value;
  }

  #weightOf(tensor: string): WeightRef | undefined {
    const own = this.#graph.weights.get(tensor) ?? this.#captured.get(tensor);
    return own !== undefined || this.#outer === undefined ? own : this.#outer.#weightOf(tensor);
  }

  run(): ShapedGraph {
    for (const layer of this.#graph.layers) this.#visit(layer);
    const graph = this.#graph;
    // Outputs of a body may be outer tensors that no layer of it reads.
    for (const name of graph.outputs) {
      this.typeOf(name);
      this.constantOf(name);
    }
    const weights = this.#captured.size === 0 ? graph.weights : new Map([...graph.weights, ...this.#captured]);
    return {
      graph: { ...graph, tensors: new Map([...graph.tensors, ...this.#types]), weights },
      constants: this.#constants,
      folded: this.#folded,
      bodies: this.#bodies,
      unknown: this.#unknown,
      assumptions: [...this.#assumptions, ...summary(this.#stale)],
    };
  }

  #visit(layer: Layer): void {
    const outputs = this.#outputsOf(layer);
    let known = layer.outputs.length > 0;
    layer.outputs.forEach((name, i) => {
      if (name === "") return;
      this.#compare(layer, name, outputs[i]?.type);
      this.#learn(name, outputs[i]?.type, outputs[i]?.value);
      checkSize(layer, this.#types.get(name));
      known &&= isArithmetic(outputs[i]?.value);
    });
    if (known) this.#folded.add(layer.name);
  }

  /**
   * What the file declares of a tensor must be true, unless lengths were chosen that it leaves open: many exporters
   * write the numbers of the run they traced. Bodies are left out: carried shapes change from one iteration to the next.
   */
  #compare(layer: Layer, name: string, inferred: TensorType | undefined): void {
    const declared = this.#graph.tensors.get(name);
    if (this.#outer !== undefined || !contradicts(inferred?.shape, declared?.shape)) return;
    const shapes = `declares ${printShape(declared?.shape)}, its layer gives ${printShape(inferred?.shape)}`;
    if (this.#graph.bound?.chosen !== true)
      throw contradiction({ layer }, `tensor "${name}": the file ${shapes}; expected the same`);
    this.#stale.push(`tensor "${name}": the file ${shapes}, which counts`);
  }

  #outputsOf(layer: Layer): readonly KnownTensor[] {
    const key = operatorKey(layer);
    if (Object.hasOwn(CONTROL_TABLE, key)) return this.#enter(layer, key);
    const inferred = inferLayer(layer, this.#opsetOf(layer), this);
    if (inferred !== undefined) return inferred.types.map((type, i) => ({ type, value: inferred.values[i] }));
    this.#unknown.push({ layer: layer.name, op: key, reason: "no rule" });
    return [];
  }

  #enter(layer: Layer, key: string): readonly KnownTensor[] {
    const flow = CONTROL_TABLE[key]!({
      ...contextOf(layer, this.#opsetOf(layer), this),
      tripCount: this.#tripCount,
      infer: (body, inputs) => new Walk(body, inputs, this, this.#tripCount).run(),
    });
    this.#bodies.set(layer.name, flow.bodies);
    this.#assumptions.push(...flow.assumptions);
    if (flow.unknown !== undefined) this.#unknown.push({ layer: layer.name, op: key, reason: flow.unknown });
    for (const { shaped } of flow.bodies) {
      this.#unknown.push(...shaped.unknown.map((entry) => ({ ...entry, layer: `${layer.name}/${entry.layer}` })));
      this.#assumptions.push(...shaped.assumptions);
    }
    return flow.outputs;
  }

  #opsetOf(layer: Layer): number {
    const domain = layer.domain === "ai.onnx" ? "" : layer.domain;
    const own = this.#graph.opsets.get(domain);
    return own ?? (this.#outer === undefined ? NEWEST_OPSET : this.#outer.#opsetOf(layer));
  }

  /** Keeps what was inferred of a tensor, completed by what the file declares of it. */
  #learn(name: string, inferred: TensorType | undefined, value: ConstantValue | undefined): void {
    const type = completed(inferred, this.#graph.tensors.get(name));
    if (type !== undefined) this.#types.set(name, type);
    if (value !== undefined) this.#constants.set(name, value);
  }
}

/** The first sentence, and how many more there are. */
function summary([first, ...more]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  return [more.length === 0 ? first : `${first} (and ${more.length} more such)`];
}

/** True when the shapes differ in rank, or in a length that both know. */
function contradicts(inferred: Shape | undefined, declared: Shape | undefined): boolean {
  if (inferred === undefined || declared === undefined) return false;
  if (inferred.length !== declared.length) return true;
  return inferred.some((dim, i) => typeof dim === "number" && typeof declared[i] === "number" && dim !== declared[i]);
}

/** The inferred type, its gaps filled from the declared one. */
function completed(inferred: TensorType | undefined, declared: TensorType | undefined): TensorType | undefined {
  if (inferred === undefined || declared === undefined) return inferred ?? declared;
  if (declared.shape === undefined) return inferred;
  const { dtype, shape } = inferred;
  if (shape === undefined) return { dtype, shape: declared.shape };
  if (shape.length !== declared.shape.length || !shape.includes(UNKNOWN_DIM)) return inferred;
  return { dtype, shape: shape.map((dim, i) => (dim === UNKNOWN_DIM ? declared.shape![i]! : dim)) };
}

/** Most floats that shape arithmetic has at once (scales of a Resize); more of them are biases and tokens, which no shape needs. */
const MOST_FLOATS = 16;

/** True for numbers that serve shapes and settings, so that making them costs nothing at run time. */
function isArithmetic(value: ConstantValue | undefined): boolean {
  return value !== undefined && (!isFloat(value.dtype) || value.data.length <= MOST_FLOATS);
}

/** The numbers of a small weight that is at hand. */
function inlineValue(ref: WeightRef, type: TensorType | undefined): ConstantValue | undefined {
  const count = elementCount(type);
  if (ref.kind !== "inline" || type === undefined || count === undefined) return undefined;
  if (count > (isFloat(type.dtype) ? MOST_FLOATS : MAX_FOLDED_ELEMENTS) || !hasCodec(type.dtype)) return undefined;
  return {
    dtype: type.dtype,
    shape: type.shape as readonly number[],
    data: decodeNumbers(type.dtype, ref.bytes, count),
  };
}
