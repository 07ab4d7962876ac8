// Arithmetic on dimensions that may be symbols: what every shape rule stands on. A symbol passes through untouched or
// becomes UNKNOWN_DIM; two numbers that cannot both be true are a contradiction. Not here: what an operator does.
import { InputError } from "../../units/input-error.ts";
import type { DataType } from "../dtype.ts";
import { type Dim, type Layer, operatorKey, type TensorType, UNKNOWN_DIM } from "../graph.ts";
import type { ShapeContext } from "./rule.ts";

export type Shape = readonly Dim[];

const CONTRADICTION_HINT =
  "the file may be damaged, or exported for one fixed batch or length: leave out --batch and --dim, or export it again with dynamic axes";

/** The error for a layer whose inputs or attributes cannot all be true. */
export function contradiction(c: { readonly layer: Layer }, what: string): InputError {
  const { layer } = c;
  return new InputError(
    "shape-contradiction",
    `layer "${layer.name}" (${operatorKey(layer)}): ${what}`,
    CONTRADICTION_HINT,
  );
}

/** "[1, 3, height, width]", for messages. */
export function printShape(shape: Shape | undefined): string {
  return shape === undefined ? "(shape not known)" : `[${shape.join(", ")}]`;
}

/** A tensor type, or undefined while the element type is not known. */
export function typed(dtype: DataType | undefined, shape: Shape | undefined): TensorType | undefined {
  return dtype === undefined ? undefined : { dtype, shape };
}

/** Shape of input `index`; of the given rank, or a contradiction. */
export function shapeOf(c: ShapeContext, index: number, rank?: number): Shape | undefined {
  const shape = c.inputs[index]?.shape;
  if (shape !== undefined && rank !== undefined && shape.length !== rank)
    throw contradiction(c, `input ${index} has shape ${printShape(shape)}, expected ${rank} axes`);
  return shape;
}

/** Shape of input `index`, which must have at least `rank` axes. */
export function shapeAtLeast(c: ShapeContext, index: number, rank: number): Shape | undefined {
  const shape = c.inputs[index]?.shape;
  if (shape !== undefined && shape.length < rank)
    throw contradiction(c, `input ${index} has shape ${printShape(shape)}, expected at least ${rank} axes`);
  return shape;
}

/** True when the layer has input `index`, its type known or not. */
export function hasInput(c: ShapeContext, index: number): boolean {
  return (c.layer.inputs[index] ?? "") !== "";
}

/** An axis in 0 … rank-1 from one that may count from the end. */
export function axisOf(c: ShapeContext, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank)
    throw contradiction(c, `axis ${axis} does not exist in a tensor of ${rank} axes`);
  return positive;
}

/** f of a number; of a symbol nothing can be told. */
export function mapDim(dim: Dim | undefined, f: (length: number) => number): Dim {
  return typeof dim === "number" ? f(dim) : UNKNOWN_DIM;
}

export function addDims(a: Dim, b: Dim): Dim {
  if (a === 0) return b;
  if (b === 0) return a;
  return typeof a === "number" && typeof b === "number" ? a + b : UNKNOWN_DIM;
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1) return a;
  if (a === 0 || b === 0) return 0;
  return typeof a === "number" && typeof b === "number" ? a * b : UNKNOWN_DIM;
}

/** Product of dimensions; 1 for none. */
export function productOf(dims: Shape): Dim {
  return dims.reduce<Dim>(multiplyDims, 1);
}

/** a / b, which must come out whole. */
export function divideDim(c: ShapeContext, a: Dim, b: number, what: string): Dim {
  if (b === 1) return a;
  if (typeof a !== "number") return UNKNOWN_DIM;
  if (b <= 0 || a % b !== 0) throw contradiction(c, `${what} ${a} is not divisible by ${b}`);
  return a / b;
}

/** A length that an operator computed: none may be negative. */
export function lengthOrThrow(c: ShapeContext, length: number, what: string): number {
  if (!(length >= 0)) throw contradiction(c, `${what} would be ${length}, expected 0 or more`);
  return length;
}

/** Two names of the same length: the better known one; a contradiction when the numbers differ. */
export function sameDim(c: ShapeContext, a: Dim, b: Dim, what: string): Dim {
  if (typeof a === "number") {
    if (typeof b === "number" && a !== b) throw contradiction(c, `${what}: ${a} and ${b} must be equal`);
    return a;
  }
  return a === UNKNOWN_DIM || typeof b === "number" ? b : a;
}

/** Broadcasting of one axis: 1 stretches, equal stays, a number over 1 wins against a symbol. */
export function broadcastDim(c: ShapeContext, a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") {
    if (typeof b === "number") throw contradiction(c, `lengths ${a} and ${b} do not broadcast`);
    return a;
  }
  return typeof b === "number" ? b : UNKNOWN_DIM;
}

/** Two shapes broadcast together, axes aligned at the end. */
function broadcastPair(c: ShapeContext, a: Shape, b: Shape): Shape {
  if (a.length < b.length) return broadcastPair(c, b, a);
  const lead = a.length - b.length;
  return a.map((dim, i) => (i < lead ? dim : broadcastDim(c, dim, b[i - lead]!)));
}

/** Multidirectional broadcasting of all shapes; undefined while one is not known. */
export function broadcast(c: ShapeContext, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const known = shapes.filter((shape) => shape !== undefined);
  try {
    const result = known.reduce((a, b) => broadcastPair(c, a, b), []);
    return known.length === shapes.length ? result : undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw contradiction(c, `shapes ${known.map(printShape).join(" and ")} do not broadcast`);
  }
}

/** The shape with one axis replaced. */
export function withAxis(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.with(axis, dim);
}

/** Axes as an attribute (older opsets) or as input `index`: numbers, or why there are none. */
export function axesOf(c: ShapeContext, index: number, attribute = "axes"): readonly number[] | "absent" | "unknown" {
  const given = c.layer.attributes.get(attribute);
  if (given?.kind === "ints") return given.value;
  if (!hasInput(c, index)) return "absent";
  return c.constant(index)?.data ?? "unknown";
}

/** A shape tensor given as input `index`: its numbers, else as many unknown axes as it has elements, else undefined. */
export function shapeInput(c: ShapeContext, index: number): Shape | undefined {
  const value = c.constant(index);
  if (value !== undefined) {
    for (const length of value.data) lengthOrThrow(c, length, "a length of the output");
    return value.data;
  }
  const count = c.inputs[index]?.shape?.[0];
  return typeof count === "number" ? unknownShape(count) : undefined;
}

/** More axes than any tensor has; a larger rank comes from a broken file. */
const MAX_RANK = 64;

/** `rank` axes of unknown length. */
export function unknownShape(rank: number): Shape | undefined {
  return rank >= 0 && rank <= MAX_RANK ? new Array<Dim>(rank).fill(UNKNOWN_DIM) : undefined;
}
