// To and from small integers, and operators that work on them elementwise [ONNX, com.microsoft]. Quantised convolutions,
// products, poolings and attention stand with their families.
import { intAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { addDims, axisOf, broadcast, mapDim, type Shape, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";
import { dtypeAttribute } from "./generate.ts";

/** Type of the zero point, of the attribute, or uint8. */
const quantize: ShapeRule = (c) => [
  typed(c.inputs[2]?.dtype ?? dtypeAttribute(c, "output_dtype", "uint8"), c.inputs[0]?.shape),
];

/** Type of the scale, unless the attribute says otherwise. */
const dequantize: ShapeRule = (c) => [
  typed(dtypeAttribute(c, "output_dtype", c.inputs[1]?.dtype ?? "float32"), c.inputs[0]?.shape),
];

const dynamicQuantize: ShapeRule = (c) => [
  { dtype: "uint8", shape: c.inputs[0]?.shape },
  { dtype: "float32", shape: [] },
  { dtype: "uint8", shape: [] },
];

const keep: ShapeRule = (c) => [c.inputs[0]];

/** A, its scale and zero point, B, its scale and zero point, …. */
const binary: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, broadcast(c, [c.inputs[0]?.shape, c.inputs[3]?.shape]))];

/** Output scale and zero point, then (tensor, scale, zero point) for each part. */
const concatenated: ShapeRule = (c) => {
  const parts = c.inputs.filter((_, i) => i >= 2 && (i - 2) % 3 === 0);
  const first = parts[0]?.shape;
  const dtype = c.inputs[1]?.dtype ?? parts[0]?.dtype;
  if (first === undefined) return [typed(dtype, undefined)];
  const axis = axisOf(c, intAttribute(c.layer, "axis", 1), first.length);
  const joined = parts.reduce<Dim>((sum, part) => addDims(sum, part?.shape?.[axis] ?? UNKNOWN_DIM), 0);
  return [typed(dtype, first.with(axis, joined))];
};

/** condition, x, its scale and zero point, y, its scale and zero point. */
const where: ShapeRule = (c) => [
  typed(c.inputs[1]?.dtype, broadcast(c, [c.inputs[0]?.shape, c.inputs[1]?.shape, c.inputs[4]?.shape])),
];

/** Rows of a table of 4- or 8-bit blocks, as numbers of the scales' type; uint8 data holds two 4-bit numbers to a byte. */
const gatherBlocks: ShapeRule = (c) => {
  const [data, indices] = [c.inputs[0]?.shape, c.inputs[1]?.shape];
  const dtype = c.inputs[2]?.dtype;
  if (data === undefined || indices === undefined || data.length === 0) return [typed(dtype, undefined)];
  const axis = axisOf(c, intAttribute(c.layer, "gather_axis", 0), data.length);
  const packed = c.inputs[0]?.dtype === "uint8" && intAttribute(c.layer, "bits", 4) === 4;
  const whole: Shape = packed
    ? data.with(
        -1,
        mapDim(data.at(-1), (bytes) => 2 * bytes),
      )
    : data;
  return [typed(dtype, [...whole.slice(0, axis), ...indices, ...whole.slice(axis + 1)])];
};

/** Embedding lookup in int8 tables, normalised [com.microsoft]. */
const embedLayerNormalization: ShapeRule = (c: ShapeContext) => {
  const ids = c.inputs[0]?.shape;
  const hidden = c.inputs[2]?.shape?.[1];
  return [
    typed("float32", ids && hidden !== undefined ? [...ids, hidden] : undefined),
    { dtype: "int32", shape: ids && [ids[0]!] },
  ];
};

export const QUANTISED: ShapeTable = {
  QuantizeLinear: { shape: quantize },
  DequantizeLinear: { shape: dequantize },
  DynamicQuantizeLinear: { shape: dynamicQuantize },
  "com.microsoft.QuantizeLinear": { shape: quantize },
  "com.microsoft.DequantizeLinear": { shape: dequantize },
  "com.microsoft.QLinearAdd": { shape: binary },
  "com.microsoft.QLinearMul": { shape: binary },
  "com.microsoft.QLinearWhere": { shape: where },
  "com.microsoft.QLinearConcat": { shape: concatenated },
  "com.microsoft.QLinearSigmoid": { shape: keep },
  "com.microsoft.QLinearLeakyRelu": { shape: keep },
  "com.microsoft.QLinearSoftmax": { shape: keep },
  "com.microsoft.QGelu": { shape: keep },
  "com.microsoft.GatherBlockQuantized": { shape: gatherBlocks },
  "com.microsoft.QEmbedLayerNormalization": { shape: embedLayerNormalization },
};
