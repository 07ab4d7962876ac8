// Binds the symbols of a network's inputs to numbers: --batch and --dim. What follows inside the network is shape/infer.ts.
import { InputError } from "../units/input-error.ts";
import { nearest } from "../units/nearest.ts";
import { intAttribute } from "./attributes.ts";
import { type Dim, elementCount, type Graph, type Layer, operatorKey, type TensorType, UNKNOWN_DIM } from "./graph.ts";
import { MAX_ELEMENTS, MAX_LENGTH } from "./limits.ts";

export interface BindOptions {
  /** Samples in one pass; 1 or more. Default: the file's own number, 1 where the file leaves it open. */
  readonly batch?: number | undefined;
  /** Lengths by symbol ("seq") or by input axis ("input.2"); 1 or more. */
  readonly dims?: Readonly<Record<string, number>> | undefined;
}

export interface BoundGraph {
  /** With numbers for all axes of its inputs, and `bound` filled in. */
  readonly graph: Graph;
  /** What was taken for granted: 'batch = 1 (input images, axis "batch")'. */
  readonly assumptions: readonly string[];
}

/** One axis of one input. */
interface Axis {
  readonly input: string;
  readonly index: number;
  readonly dim: Dim;
}

/** Lengths by symbol, and by input axis ("input.2"), which come before symbols. */
type Lengths = Map<string, number>;

const keyOf = ({ input, index }: Axis): string => `${input}.${index}`;
const isSymbol = (dim: Dim): dim is string => typeof dim === "string" && dim !== UNKNOWN_DIM;

/** "past + seq", "2*seq": exporters write lengths that follow from others as sums of products. */
const isExpression = (dim: Dim): boolean => typeof dim === "string" && /[+*]/.test(dim);

/** The length of a symbol, or of a sum of products of symbols and numbers; undefined while one of them is not bound. */
function lengthOf(dim: string, lengths: Lengths): number | undefined {
  const bound = lengths.get(dim);
  if (bound !== undefined || !isExpression(dim)) return bound;
  const factor = (text: string) => (/^\d+$/.test(text) ? Number(text) : (lengths.get(text) ?? Number.NaN));
  const term = (text: string) => text.split("*").reduce((product, part) => product * factor(part.trim()), 1);
  const sum = dim.split("+").reduce((total, part) => total + term(part.trim()), 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** "input images, axis "batch"" or "input images, axis 0". */
const describe = ({ input, index, dim }: Axis): string => `input ${input}, axis ${isSymbol(dim) ? `"${dim}"` : index}`;

/**
 * Gives every axis of the inputs a length. The batch is the axis whose symbol contains "batch", else the second one where
 * a recurrent layer reads the input as [length, batch, features], else the first one, of every input with two or more
 * axes; it becomes `batch`, or 1 where the file leaves it open. A fixed batch is overwritten only when no input leaves
 * its batch open, and said among the assumptions when it is not 1.
 * @throws InputError "bad-dimension" for lengths that cannot be, "unbound-dimension" for symbols without a length,
 *   "unknown-dimension" for names that are not there
 */
export function bindDimensions(graph: Graph, options: BindOptions = {}): BoundGraph {
  const axes = axesOf(graph);
  const candidates = batchAxes(graph, axes);
  const lengths: Lengths = new Map();
  const assumptions: string[] = [];
  for (const [name, length] of Object.entries(options.dims ?? {})) bindNamed(axes, lengths, name, length);
  const rewritten = bindBatch(candidates, lengths, options.batch, assumptions);
  const stale = rewritten || axes.some((axis) => typeof axis.dim === "number" && lengths.has(keyOf(axis)));
  checkBound(axes, lengths);
  const inside = replace(graph, lengths, stale);
  for (const input of graph.inputs) {
    if (inside.tensors.get(input)?.shape === undefined)
      assumptions.push(`input ${input}: the file does not say its shape`);
    else checkSize(input, inside.tensors.get(input));
  }
  const batch = lengthAt(inside, mainAxis(candidates));
  return { graph: { ...inside, bound: { batch, chosen: lengths.size > 0 } }, assumptions };
}

/** Samples in one pass: of a graph with bound dimensions as bound, else what it says itself; 1 where it does not say. */
export function batchOf(graph: Graph): number {
  return graph.bound?.batch ?? lengthAt(graph, mainAxis(batchAxes(graph, axesOf(graph))));
}

/** The axis that says how many samples run: the first one that is open, else the first one. */
const mainAxis = (candidates: readonly Axis[]): Axis | undefined =>
  candidates.find(({ dim }) => typeof dim === "string") ?? candidates[0];

function lengthAt(graph: Graph, axis: Axis | undefined): number {
  const dim = axis && graph.tensors.get(axis.input)?.shape?.[axis.index];
  return typeof dim === "number" ? dim : 1;
}

function axesOf(graph: Graph): readonly Axis[] {
  return graph.inputs.flatMap((input) =>
    (graph.tensors.get(input)?.shape ?? []).map((dim, index) => ({ input, index, dim })),
  );
}

/** @param least 1 for the batch; other axes may be empty, as the past of a decoder's first step is */
function checkLength(name: string, length: number, least: 0 | 1): void {
  if (Number.isInteger(length) && length >= least && length <= MAX_LENGTH) return;
  const hint = "give a whole number, such as --batch 8 or --dim seq=128";
  throw new InputError(
    "bad-dimension",
    `${name} is ${length}, expected a whole number from ${least} to ${MAX_LENGTH}`,
    hint,
  );
}

/** One `--dim name=length`: a symbol, or one axis of one input. */
function bindNamed(axes: readonly Axis[], lengths: Lengths, name: string, length: number): void {
  checkLength(`dimension ${name}`, length, 0);
  const known = axes.some((axis) => axis.dim === name || keyOf(axis) === name);
  if (name === UNKNOWN_DIM || !known) {
    const names = [...new Set(axes.map((axis) => (isSymbol(axis.dim) ? axis.dim : keyOf(axis))))];
    const near = names.length > 0 ? `; nearest: ${nearest(name, names).join(", ")}` : "";
    const hint =
      names.length > 0 ? `dimensions of this network: ${names.join(", ")}` : "this network has no dimension to give";
    throw new InputError("unknown-dimension", `unknown dimension "${name}"${near}`, hint);
  }
  lengths.set(name, length);
}

/** The batch axis of every input of rank 2 or more: the one called so, else that of its recurrent layer, else the first. */
function batchAxes(graph: Graph, axes: readonly Axis[]): readonly Axis[] {
  const inputs = new Map<string, Axis[]>();
  for (const axis of axes) inputs.set(axis.input, [...(inputs.get(axis.input) ?? []), axis]);
  const second = lengthFirst(graph);
  return [...inputs]
    .filter(([, all]) => all.length >= 2)
    .map(([input, all]) => {
      const named = all.find(({ dim }) => isSymbol(dim) && !isExpression(dim) && /batch/i.test(dim));
      return named ?? all[second.has(input) && all.length === 3 ? 1 : 0]!;
    })
    .filter(({ dim }) => !isExpression(dim));
}

const RECURRENT = new Set(["RNN", "LSTM", "GRU", "com.microsoft.DynamicQuantizeLSTM"]);

const readsLengthFirst = (layer: Layer): boolean =>
  RECURRENT.has(operatorKey(layer)) && intAttribute(layer, "layout", 0) === 0;

/**
 * Inputs whose first reader, but for Shape, is a recurrent layer of layout 0: sequences [length, batch, features] and
 * states [directions, batch, hidden] [ONNX].
 */
function lengthFirst({ inputs, layers }: Graph): ReadonlySet<string> {
  const unread = new Set(inputs);
  const found = new Set<string>();
  for (const layer of layers) {
    if (unread.size === 0) break;
    if (operatorKey(layer) === "Shape") continue;
    for (const name of layer.inputs) if (unread.delete(name) && readsLengthFirst(layer)) found.add(name);
  }
  return found;
}

/** Binds the batch. True when a number of the file was overwritten. */
function bindBatch(
  candidates: readonly Axis[],
  lengths: Lengths,
  batch: number | undefined,
  assumptions: string[],
): boolean {
  if (batch !== undefined) checkLength("batch", batch, 1);
  if (batch !== undefined && batch !== 1 && candidates.length === 0)
    throw new InputError("bad-dimension", `batch is ${batch}, but no input has a batch axis`, "leave --batch out");
  const open = candidates.filter((axis) => typeof axis.dim === "string");
  for (const axis of open) {
    const key = isSymbol(axis.dim) ? axis.dim : keyOf(axis);
    const given = lengths.get(keyOf(axis)) ?? lengths.get(key);
    if (given === undefined) {
      lengths.set(key, batch ?? 1);
      assumptions.push(`batch = ${batch ?? 1} (${describe(axis)})`);
    } else if (given === 0) {
      checkLength(`batch (${describe(axis)})`, given, 1);
    } else if (batch !== undefined && given !== batch) {
      const message = `the batch is ${batch} by --batch and ${given} by --dim (${describe(axis)})`;
      throw new InputError("bad-dimension", message, "leave one of them out");
    }
  }
  if (open.length > 0) return false;
  return batch === undefined
    ? keepBatch(candidates[0], lengths, assumptions)
    : rewriteBatch(candidates, lengths, batch, assumptions);
}

/** The batch that the file fixes, or --dim sets by place, holds: 1 or more, said when it is another than 1. */
function keepBatch(axis: Axis | undefined, lengths: Lengths, assumptions: string[]): false {
  if (axis === undefined) return false;
  const given = lengths.get(keyOf(axis));
  const length = given ?? axis.dim;
  if (length === 0) checkLength(`batch (${describe(axis)})`, length, 1);
  if (given === undefined && length !== 1) assumptions.push(`batch = ${length} (${describe(axis)}, fixed in the file)`);
  return false;
}

/** `batch` over the number that the first input and those like it have in the file. */
function rewriteBatch(candidates: readonly Axis[], lengths: Lengths, batch: number, assumptions: string[]): boolean {
  const file = candidates[0]?.dim;
  const fixed = candidates.filter((axis) => axis.dim === file && axis.dim !== batch && !lengths.has(keyOf(axis)));
  for (const axis of fixed) {
    lengths.set(keyOf(axis), batch);
    assumptions.push(`batch = ${batch} instead of the file's ${axis.dim} (${describe(axis)})`);
  }
  return fixed.length > 0;
}

function checkBound(axes: readonly Axis[], lengths: Lengths): void {
  const isOpen = ({ dim }: Axis): boolean => isSymbol(dim) && lengthOf(dim, lengths) === undefined;
  const unbound = axes.filter((axis) => !lengths.has(keyOf(axis)) && (axis.dim === UNKNOWN_DIM || isOpen(axis)));
  if (unbound.length === 0) return;
  const names = [...new Set(unbound.map((axis) => (isSymbol(axis.dim) ? axis.dim : keyOf(axis))))];
  const places = unbound.map(({ input, index, dim }) => `"${dim}" (input ${input}, axis ${index})`);
  throw new InputError(
    "unbound-dimension",
    `the length of ${places.join(", ")} is not known`,
    `add ${names.map((name) => `--dim ${/^[\w.-]+$/.test(name) ? `${name}=…` : `"${name}=…"`}`).join(" ")} with the lengths you run the network with`,
  );
}

function checkSize(input: string, type: TensorType | undefined): void {
  for (const dim of type?.shape ?? []) {
    if (typeof dim === "number" && (!Number.isInteger(dim) || dim < 0 || dim > MAX_LENGTH))
      throw new InputError(
        "bad-dimension",
        `input ${input} has the shape [${type?.shape?.join(", ")}], expected lengths from 0 to ${MAX_LENGTH}`,
        "the file is damaged; export it again",
      );
  }
  const count = elementCount(type);
  if (count !== undefined && count > MAX_ELEMENTS)
    throw new InputError(
      "bad-dimension",
      `input ${input} would have ${count} elements, expected at most ${MAX_ELEMENTS}`,
      "give a smaller --batch or --dim",
    );
}

/**
 * The graph with the lengths put in, at every place where a bound symbol stands. `stale`: numbers of the file were
 * overwritten, so the shapes it declares inside the network no longer hold and are forgotten.
 */
function replace(graph: Graph, lengths: Lengths, stale: boolean): Graph {
  const inputs = new Set(graph.inputs);
  const tensors = new Map<string, TensorType>();
  for (const [name, type] of graph.tensors) {
    if (graph.weights.has(name) || type.shape === undefined) tensors.set(name, type);
    else if (inputs.has(name))
      tensors.set(name, {
        ...type,
        shape: type.shape.map((dim, i) => lengths.get(`${name}.${i}`) ?? symbolLength(dim, lengths)),
      });
    else if (stale) tensors.set(name, { ...type, shape: undefined });
    else if (type.shape.some(isSymbol))
      tensors.set(name, { ...type, shape: type.shape.map((dim) => symbolLength(dim, lengths)) });
    else tensors.set(name, type);
  }
  return { ...graph, tensors };
}

const symbolLength = (dim: Dim, lengths: Lengths): Dim => (isSymbol(dim) ? (lengthOf(dim, lengths) ?? dim) : dim);
