// Tensors that come from shapes or from nothing: Constant, Shape, Range, ConstantOfShape, random numbers, casts [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import type { DataType } from "../../dtype.ts";
import { type ConstantValue, elementCount, type TensorType, UNKNOWN_DIM } from "../../graph.ts";
import { decodeNumbers, hasCodec } from "../../numbers.ts";
import { contradiction, hasInput, lengthOrThrow, shapeInput, typed } from "../dims.ts";
import { foldedTensor, MAX_FOLDED_ELEMENTS } from "../fold.ts";
import type { FoldRule, OperatorShape, ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** TensorProto.DataType numbers, as `to` and `dtype` attributes hold them [ONNX onnx.proto]. */
const WIRE_TYPES: Readonly<Record<number, DataType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
  24: "float8e8m0",
  25: "uint2",
  26: "int2",
};

/** The element type that an integer attribute names; a contradiction for a number ONNX does not know. */
export function dtypeAttribute(c: ShapeContext, name: string, fallback: DataType | undefined): DataType | undefined {
  const given = intAttribute(c.layer, name);
  if (given === undefined || given === 0) return fallback;
  const dtype = WIRE_TYPES[given];
  if (dtype === undefined) throw contradiction(c, `${name} is ${given}, expected an ONNX element type from 1 to 26`);
  return dtype;
}

/** The small tensor in attribute `name`: type, and numbers when they are here. */
function tensorAttribute(
  c: ShapeContext,
  name: string,
): { type: TensorType; value: ConstantValue | undefined } | undefined {
  const attribute = c.layer.attributes.get(name);
  if (attribute?.kind !== "tensor") return undefined;
  const { type, value: ref } = attribute;
  const count = elementCount(type);
  const readable = ref.kind === "inline" && hasCodec(type.dtype) && count !== undefined && count <= MAX_FOLDED_ELEMENTS;
  if (!readable) return { type, value: undefined };
  return {
    type,
    value: {
      dtype: type.dtype,
      shape: type.shape as readonly number[],
      data: decodeNumbers(type.dtype, ref.bytes, count),
    },
  };
}

/** What a Constant holds: one of seven attributes. */
function constantOf(c: ShapeContext): { type: TensorType; value: ConstantValue | undefined } | undefined {
  const list = (dtype: DataType, data: readonly number[], shape: readonly number[]) => ({
    type: { dtype, shape },
    value: data.length <= MAX_FOLDED_ELEMENTS ? { dtype, shape, data } : undefined,
  });
  const { attributes } = c.layer;
  const int = attributes.get("value_int");
  const ints = attributes.get("value_ints");
  const float = attributes.get("value_float");
  const floats = attributes.get("value_floats");
  const strings = attributes.get("value_strings");
  if (int?.kind === "int") return list("int64", [int.value], []);
  if (ints?.kind === "ints") return list("int64", ints.value, [ints.value.length]);
  if (float?.kind === "float") return list("float32", [float.value], []);
  if (floats?.kind === "floats") return list("float32", floats.value, [floats.value.length]);
  if (attributes.has("value_string")) return { type: { dtype: "string", shape: [] }, value: undefined };
  if (strings?.kind === "strings")
    return { type: { dtype: "string", shape: [strings.value.length] }, value: undefined };
  return tensorAttribute(c, "value");
}

/** Lengths of the input, from `start` to `end` as in a slice. */
const shapeSlice = (c: ShapeContext): readonly (number | string)[] | undefined =>
  c.inputs[0]?.shape?.slice(intAttribute(c.layer, "start", 0), intAttribute(c.layer, "end"));

const foldShape: FoldRule = (c) => {
  const dims = shapeSlice(c);
  if (dims === undefined || !dims.every((dim) => typeof dim === "number")) return undefined;
  return [{ dtype: "int64", shape: [dims.length], data: dims }];
};

const foldSize: FoldRule = (c) => {
  const count = elementCount(c.inputs[0]);
  return count === undefined ? undefined : [{ dtype: "int64", shape: [], data: [count] }];
};

/** A tensor of one value (default float 0) whose shape is input 0. */
const constantOfShape: ShapeRule = (c) => [
  { dtype: tensorAttribute(c, "value")?.type.dtype ?? "float32", shape: shapeInput(c, 0) },
];

const foldConstantOfShape: FoldRule = (c) => {
  const shape = c.constant(0)?.data;
  const fill = tensorAttribute(c, "value");
  if (shape === undefined || (fill !== undefined && fill.value === undefined)) return undefined;
  return [foldedTensor(fill?.type.dtype ?? "float32", shape, () => fill?.value?.data[0] ?? 0)];
};

/** max(0, ceil((limit - start) / delta)) numbers. */
/** delta, which com.microsoft's form may leave out. */
const rangeStep = (c: ShapeContext): number | undefined => (hasInput(c, 2) ? c.constant(2)?.data[0] : 1);

function rangeLength(c: ShapeContext): number | undefined {
  const [start, limit, delta] = [c.constant(0)?.data[0], c.constant(1)?.data[0], rangeStep(c)];
  if (start === undefined || limit === undefined || delta === undefined) return undefined;
  if (delta === 0) throw contradiction(c, "delta is 0, expected any other number");
  return Math.max(0, Math.ceil((limit - start) / delta));
}

const foldRange: FoldRule = (c) => {
  const length = rangeLength(c);
  const start = c.constant(0);
  if (length === undefined || start === undefined) return undefined;
  const [from, delta] = [start.data[0]!, rangeStep(c)!];
  return [foldedTensor(start.dtype, [length], (i) => from + i * delta)];
};

const range: OperatorShape = {
  shape: (c) => [typed(c.inputs[0]?.dtype, [rangeLength(c) ?? UNKNOWN_DIM])],
  fold: foldRange,
};

const foldCast =
  (dtypeOf: (c: ShapeContext) => DataType | undefined): FoldRule =>
  (c) => {
    const value = c.constant(0);
    const dtype = dtypeOf(c);
    if (value === undefined || dtype === undefined || !hasCodec(dtype)) return undefined;
    return [foldedTensor(dtype, value.shape, (i) => value.data[i]!)];
  };

const castType = (c: ShapeContext): DataType | undefined => dtypeAttribute(c, "to", undefined);
const castLikeType = (c: ShapeContext): DataType | undefined => c.inputs[1]?.dtype;

/** Random numbers of the attribute `shape`. */
const random: ShapeRule = (c) => [
  { dtype: dtypeAttribute(c, "dtype", "float32")!, shape: intsAttribute(c.layer, "shape") },
];

/** Random numbers, or a pattern, of input 0's shape; its type unless `dtype` says otherwise. */
const like: ShapeRule = (c) => [typed(dtypeAttribute(c, "dtype", c.inputs[0]?.dtype), c.inputs[0]?.shape)];

/** [batch, classes] → [batch, sample_size]. */
const multinomial: ShapeRule = (c) => [
  {
    dtype: dtypeAttribute(c, "dtype", "int32")!,
    shape: [c.inputs[0]?.shape?.[0] ?? UNKNOWN_DIM, intAttribute(c.layer, "sample_size", 1)],
  },
];

/** Indices with a new axis of length `depth`. */
const oneHot: ShapeRule = (c) => {
  const indices = c.inputs[0]?.shape;
  const dtype = c.inputs[2]?.dtype;
  if (indices === undefined) return [typed(dtype, undefined)];
  const depth = c.constant(1)?.data[0];
  const axis = intAttribute(c.layer, "axis", -1);
  const at = axis < 0 ? axis + indices.length + 1 : axis;
  if (at < 0 || at > indices.length)
    throw contradiction(c, `axis ${axis} does not exist in a tensor of ${indices.length + 1} axes`);
  const length = depth === undefined ? UNKNOWN_DIM : lengthOrThrow(c, depth, "the depth");
  return [typed(dtype, indices.toSpliced(at, 0, length))];
};

/** A window function's samples: input 0 is their number. */
const windowFunction: ShapeRule = (c) => [
  {
    dtype: dtypeAttribute(c, "output_datatype", "float32")!,
    shape: [c.constant(0)?.data[0] ?? UNKNOWN_DIM],
  },
];

export const GENERATE: ShapeTable = {
  Constant: {
    shape: (c) => [constantOf(c)?.type],
    fold: (c) => [constantOf(c)?.value],
  },
  Shape: {
    shape: (c) => [{ dtype: "int64", shape: [shapeSlice(c)?.length ?? UNKNOWN_DIM] }],
    fold: foldShape,
  },
  Size: { shape: () => [{ dtype: "int64", shape: [] }], fold: foldSize },
  ConstantOfShape: { shape: constantOfShape, fold: foldConstantOfShape },
  Range: range,
  "com.microsoft.Range": range,
  Cast: { shape: (c) => [typed(castType(c), c.inputs[0]?.shape)], fold: foldCast(castType) },
  CastLike: { shape: (c) => [typed(castLikeType(c), c.inputs[0]?.shape)], fold: foldCast(castLikeType) },
  BitCast: { shape: (c) => [typed(castType(c), c.inputs[0]?.shape)] },
  EyeLike: { shape: like },
  RandomNormal: { shape: random },
  RandomUniform: { shape: random },
  RandomNormalLike: { shape: like },
  RandomUniformLike: { shape: like },
  Bernoulli: { shape: like },
  Multinomial: { shape: multinomial },
  OneHot: { shape: oneHot },
  HannWindow: { shape: windowFunction },
  HammingWindow: { shape: windowFunction },
  BlackmanWindow: { shape: windowFunction },
};
