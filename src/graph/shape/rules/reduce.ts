// Reductions over axes, given as attribute or input; ArgMax, TopK, CumSum, softmax and what else works along one axis [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { axesOf, axisOf, contradiction, printShape, type Shape, shapeAtLeast, typed, unknownShape } from "../dims.ts";
import { foldedTensor, stridesOf } from "../fold.ts";
import type { FoldRule, ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** The axes reduced: all when none are given, unless noop_with_empty_axes; undefined when not known. */
function reducedAxes(c: ShapeContext, rank: number): ReadonlySet<number> | undefined {
  const axes = axesOf(c, 1);
  if (axes === "unknown") return undefined;
  if (axes === "absent" || axes.length === 0) {
    const nothing = intAttribute(c.layer, "noop_with_empty_axes", 0) === 1;
    return new Set(nothing ? [] : Array.from({ length: rank }, (_, i) => i));
  }
  return new Set(axes.map((axis) => axisOf(c, axis, rank)));
}

const without = (shape: Shape, axes: ReadonlySet<number>, keep: boolean): Shape =>
  keep ? shape.map((dim, i) => (axes.has(i) ? 1 : dim)) : shape.filter((_, i) => !axes.has(i));

const keepsAxes = (c: ShapeContext): boolean => intAttribute(c.layer, "keepdims", 1) === 1;

function reducedShape(c: ShapeContext): Shape | undefined {
  const input = c.inputs[0]?.shape;
  if (input === undefined) return undefined;
  const keep = keepsAxes(c);
  const axes = reducedAxes(c, input.length);
  if (axes !== undefined) return without(input, axes, keep);
  if (keep) return unknownShape(input.length);
  const count = c.inputs[1]?.shape?.[0];
  return typeof count === "number" && count > 0 && count <= input.length
    ? unknownShape(input.length - count)
    : undefined;
}

const reduced: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, reducedShape(c))];

const foldReduced =
  (f: (a: number, b: number) => number, start: number): FoldRule =>
  (c) => {
    const value = c.constant(0);
    const axes = value && reducedAxes(c, value.shape.length);
    if (value === undefined || axes === undefined) return undefined;
    const kept = without(value.shape, axes, true) as readonly number[];
    const strides = stridesOf(value.shape);
    const targets = stridesOf(kept);
    const sums = new Array<number>(kept.reduce((a, b) => a * b, 1)).fill(start);
    for (const [index, x] of value.data.entries()) {
      let at = 0;
      for (let axis = 0; axis < kept.length; axis++) {
        if (!axes.has(axis)) at += (Math.floor(index / strides[axis]!) % value.shape[axis]!) * targets[axis]!;
      }
      sums[at] = f(sums[at]!, x);
    }
    if (!sums.every(Number.isFinite)) return undefined;
    const shape = without(value.shape, axes, keepsAxes(c)) as readonly number[];
    return [foldedTensor(value.dtype, shape, (i) => sums[i]!)];
  };

/** Scales and zero points where the plain operators have axes, which are an attribute here [com.microsoft]. */
const quantisedReduced: ShapeRule = (c) => {
  const input = c.inputs[0];
  const axes = intsAttribute(c.layer, "axes") ?? [];
  if (input?.shape === undefined) return [typed(input?.dtype, undefined)];
  const rank = input.shape.length;
  const reducedOnes = axes.length === 0 ? input.shape.map((_, i) => i) : axes.map((axis) => axisOf(c, axis, rank));
  return [typed(input.dtype, without(input.shape, new Set(reducedOnes), keepsAxes(c)))];
};

/** The position of the largest or smallest element along one axis. */
const positionAlong: ShapeRule = (c) => {
  const input = shapeAtLeast(c, 0, 1);
  if (input === undefined) return [{ dtype: "int64", shape: undefined }];
  const axes = new Set([axisOf(c, intAttribute(c.layer, "axis", 0), input.length)]);
  return [{ dtype: "int64", shape: without(input, axes, keepsAxes(c)) }];
};

/** Values and indices of the k largest along an axis; k is an attribute before opset 10. */
const largest: ShapeRule = (c) => {
  const input = shapeAtLeast(c, 0, 1);
  const k: Dim = intAttribute(c.layer, "k") ?? c.constant(1)?.data[0] ?? UNKNOWN_DIM;
  if (input === undefined) return [typed(c.inputs[0]?.dtype, undefined), { dtype: "int64", shape: undefined }];
  const axis = axisOf(c, intAttribute(c.layer, "axis", -1), input.length);
  const length = input[axis]!;
  if (typeof k === "number" && (k < 0 || (typeof length === "number" && k > length)))
    throw contradiction(c, `k is ${k}, expected 0 to ${length}: axis ${axis} of ${printShape(input)}`);
  const shape = input.with(axis, k);
  return [typed(c.inputs[0]?.dtype, shape), { dtype: "int64", shape }];
};

/** Along an axis that must exist; the shape stays. */
const alongAxis =
  (fallback: number): ShapeRule =>
  (c) => {
    const input = c.inputs[0]?.shape;
    if (input !== undefined && input.length > 0) axisOf(c, intAttribute(c.layer, "axis", fallback), input.length);
    return [c.inputs[0]];
  };

const softmax: ShapeRule = (c) => alongAxis(c.opset < 13 ? 1 : -1)(c);

const keep: ShapeRule = (c) => [c.inputs[0]];

/** Coordinates of the elements that are not 0, one column each; how many, only the numbers say. */
const nonZero: ShapeRule = (c) => {
  const rank = c.inputs[0]?.shape?.length ?? UNKNOWN_DIM;
  const count = c.constant(0)?.data.filter((x) => x !== 0).length;
  return [{ dtype: "int64", shape: [rank, count ?? UNKNOWN_DIM] }];
};

/** Older exporters write a range as the places of the elements of a tensor of ones. */
const foldNonZero: FoldRule = (c) => {
  const value = c.constant(0);
  if (value === undefined) return undefined;
  const strides = stridesOf(value.shape);
  const found = [...value.data.keys()].filter((i) => value.data[i] !== 0);
  const data = value.shape.flatMap((length, axis) => found.map((i) => Math.floor(i / strides[axis]!) % length));
  const shape = [value.shape.length, found.length];
  return [foldedTensor("int64", shape, (i) => data[i]!)];
};

/** Values without repetition, and three index tensors. */
const unique: ShapeRule = (c) => {
  const input = c.inputs[0]?.shape;
  const axis = intAttribute(c.layer, "axis");
  const along: Dim = axis === undefined ? UNKNOWN_DIM : (input?.[axisOf(c, axis, input.length)] ?? UNKNOWN_DIM);
  const count = input?.reduce<Dim>((a, b) => (typeof a === "number" && typeof b === "number" ? a * b : UNKNOWN_DIM), 1);
  const values = axis === undefined ? [UNKNOWN_DIM] : input?.with(axisOf(c, axis, input.length), UNKNOWN_DIM);
  const indices = { dtype: "int64", shape: [UNKNOWN_DIM] } as const;
  const inverse = { dtype: "int64", shape: [axis === undefined ? (count ?? UNKNOWN_DIM) : along] } as const;
  return [typed(c.inputs[0]?.dtype, values), indices, inverse, indices];
};

const FOLDED: Readonly<Record<string, FoldRule>> = {
  ReduceSum: foldReduced((a, b) => a + b, 0),
  ReduceProd: foldReduced((a, b) => a * b, 1),
  ReduceMax: foldReduced(Math.max, Number.NEGATIVE_INFINITY),
  ReduceMin: foldReduced(Math.min, Number.POSITIVE_INFINITY),
};

const PLAIN = ["ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"];

export const REDUCE: ShapeTable = {
  ...Object.fromEntries(PLAIN.map((name) => [name, { shape: reduced }])),
  ...Object.fromEntries(Object.entries(FOLDED).map(([name, fold]) => [name, { shape: reduced, fold }])),
  "com.microsoft.QLinearReduceMean": { shape: quantisedReduced },
  ArgMax: { shape: positionAlong },
  ArgMin: { shape: positionAlong },
  TopK: { shape: largest },
  CumSum: { shape: keep },
  CumProd: { shape: keep },
  Softmax: { shape: softmax },
  LogSoftmax: { shape: softmax },
  Hardmax: { shape: softmax },
  NonZero: { shape: nonZero, fold: foldNonZero },
  Unique: { shape: unique },
};
