// Picking and placing: Slice, Gather and Scatter in their forms [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { axesOf, axisOf, contradiction, printShape, shapeAtLeast, typed, unknownShape } from "../dims.ts";
import { flatIndex, foldedMove } from "../fold.ts";
import type { FoldRule, ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** What a Slice says of one axis, not yet clamped to its length. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly end: number;
}

/** starts, ends, axes and steps of a Slice, from attributes (opset < 10) or inputs. */
function cuts(c: ShapeContext, rank: number): readonly Cut[] | undefined {
  const starts = intsAttribute(c.layer, "starts") ?? c.constant(1)?.data;
  const ends = intsAttribute(c.layer, "ends") ?? c.constant(2)?.data;
  const axes = axesOf(c, 3);
  const steps = axesOf(c, 4, "steps");
  if (starts === undefined || ends === undefined || axes === "unknown" || steps === "unknown") return undefined;
  return starts.map((start, i) => {
    const axis = axisOf(c, axes === "absent" ? i : axes[i]!, rank);
    const step = steps === "absent" ? 1 : steps[i]!;
    if (step === 0) throw contradiction(c, `step of axis ${axis} is 0, expected any other number`);
    return { axis, start, end: ends[i]!, step };
  });
}

/** Start and count of a cut in an axis of `length`, clamped as NumPy does. */
function resolved(cut: Cut, length: number): { readonly start: number; readonly count: number } {
  const [low, high] = cut.step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const start = clamp(cut.start);
  const end = clamp(cut.end);
  return { start, count: Math.max(0, Math.ceil((end - start) / cut.step)) };
}

/** A slice of a symbolic axis: all of it, or a number that holds for every length at least that long. */
function symbolicCut(cut: Cut, dim: string): Dim {
  return cut.start === 0 && cut.step === 1 && cut.end >= 2 ** 31 - 1 ? dim : UNKNOWN_DIM;
}

const sliced: ShapeRule = (c) => {
  const input = c.inputs[0]?.shape;
  const dtype = c.inputs[0]?.dtype;
  if (input === undefined) return [typed(dtype, undefined)];
  const all = cuts(c, input.length);
  if (all === undefined) {
    const axes = axesOf(c, 3);
    const touched = typeof axes === "string" ? undefined : new Set(axes.map((axis) => axisOf(c, axis, input.length)));
    return [
      typed(
        dtype,
        input.map((dim, i) => (touched === undefined || touched.has(i) ? UNKNOWN_DIM : dim)),
      ),
    ];
  }
  const shape = [...input];
  for (const cut of all) {
    const dim = shape[cut.axis]!;
    shape[cut.axis] = typeof dim === "number" ? resolved(cut, dim).count : symbolicCut(cut, dim);
  }
  return [typed(dtype, shape)];
};

const foldSliced: FoldRule = (c) => {
  const value = c.constant(0);
  const all = value && cuts(c, value.shape.length);
  if (value === undefined || all === undefined) return undefined;
  const shape = [...value.shape];
  const starts = value.shape.map(() => 0);
  const steps = value.shape.map(() => 1);
  for (const cut of all) {
    const { start, count } = resolved(cut, value.shape[cut.axis]!);
    shape[cut.axis] = count;
    starts[cut.axis] = start;
    steps[cut.axis] = cut.step;
  }
  return [
    foldedMove(value, shape, (at) =>
      flatIndex(
        value.shape,
        at.map((x, i) => starts[i]! + x * steps[i]!),
      ),
    ),
  ];
};

/** data[…, indices, …]: the axis is replaced by the shape of the indices. */
const gathered: ShapeRule = (c) => {
  const data = shapeAtLeast(c, 0, 1);
  const indices = c.inputs[1]?.shape;
  if (data === undefined || indices === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const axis = axisOf(c, intAttribute(c.layer, "axis", 0), data.length);
  const length = data[axis]!;
  const wrong = c.constant(1)?.data.find((i) => typeof length === "number" && (i >= length || i < -length));
  if (wrong !== undefined) throw contradiction(c, `index ${wrong} lies outside axis ${axis} of ${printShape(data)}`);
  return [typed(c.inputs[0]?.dtype, [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)])];
};

const foldGathered: FoldRule = (c) => {
  const value = c.constant(0);
  const indices = c.constant(1);
  if (value === undefined || indices === undefined) return undefined;
  const axis = axisOf(c, intAttribute(c.layer, "axis", 0), value.shape.length);
  const length = value.shape[axis]!;
  const depth = indices.shape.length;
  const shape = [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)];
  const moved = foldedMove(value, shape, (at) => {
    const index = indices.data[flatIndex(indices.shape, at.slice(axis, axis + depth))]!;
    return flatIndex(value.shape, [
      ...at.slice(0, axis),
      index < 0 ? index + length : index,
      ...at.slice(axis + depth),
    ]);
  });
  return [moved];
};

/** The indices say the shape. */
const gatheredElements: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, c.inputs[1]?.shape)];

/** [batch…, rest of the indices, data from the axes the last index axis addresses on]. */
const gatheredNd: ShapeRule = (c) => {
  const data = shapeAtLeast(c, 0, 1);
  const indices = shapeAtLeast(c, 1, 1);
  const dtype = c.inputs[0]?.dtype;
  const depth = indices?.at(-1);
  if (data === undefined || indices === undefined || typeof depth !== "number") return [typed(dtype, undefined)];
  const batch = intAttribute(c.layer, "batch_dims", 0);
  if (batch + depth > data.length)
    throw contradiction(c, `indices ${printShape(indices)} address ${batch + depth} axes of ${printShape(data)}`);
  return [typed(dtype, [...indices.slice(0, -1), ...data.slice(batch + depth)])];
};

const keep: ShapeRule = (c) => [c.inputs[0]];

/** data with updates[i] written at indices[i], whole rows when the last index axis is short. */
const foldScatteredNd: FoldRule = (c) => {
  const value = c.constant(0);
  const indices = c.constant(1);
  const updates = c.constant(2);
  const reduces = c.layer.attributes.get("reduction")?.value ?? "none";
  if (value === undefined || indices === undefined || updates === undefined || reduces !== "none") return undefined;
  const depth = indices.shape.at(-1) ?? 0;
  const row = value.shape.slice(depth).reduce((a, b) => a * b, 1);
  const data = [...value.data];
  for (let i = 0; i * depth < indices.data.length; i++) {
    const at = indices.data.slice(i * depth, (i + 1) * depth).map((x, axis) => (x < 0 ? x + value.shape[axis]! : x));
    const start = flatIndex(value.shape.slice(0, depth), at) * row;
    for (let j = 0; j < row; j++) data[start + j] = updates.data[i * row + j]!;
  }
  return [{ ...value, data }];
};

/** Rows of input 0 where a condition holds: how many, nobody knows before. */
const compressed: ShapeRule = (c) => {
  const input = c.inputs[0]?.shape;
  const axis = intAttribute(c.layer, "axis");
  if (axis === undefined) return [typed(c.inputs[0]?.dtype, unknownShape(1))];
  return [typed(c.inputs[0]?.dtype, input?.with(axisOf(c, axis, input.length), UNKNOWN_DIM))];
};

export const GATHER: ShapeTable = {
  Slice: { shape: sliced, fold: foldSliced },
  Gather: { shape: gathered, fold: foldGathered },
  GatherElements: { shape: gatheredElements },
  GatherND: { shape: gatheredNd },
  "com.microsoft.GatherND": { shape: gatheredNd },
  Scatter: { shape: keep },
  ScatterElements: { shape: keep },
  ScatterND: { shape: keep, fold: foldScatteredNd },
  TensorScatter: { shape: keep },
  Compress: { shape: compressed },
};
