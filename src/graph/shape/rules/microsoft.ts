// com.microsoft: the operators that ONNX Runtime's optimiser puts in the place of several, and its blocked NCHWc layout.
// Fused forms of convolutions, products, normalisations, attention and quantised operators stand with their families.
import { intAttribute } from "../../attributes.ts";
import { UNKNOWN_DIM } from "../../graph.ts";
import { divideDim, type Shape, shapeAtLeast, typed } from "../dims.ts";
import type { OperatorShape, ShapeRule, ShapeTable } from "../rule.ts";
import { convolved } from "./convolution.ts";
import { LAYOUT } from "./layout.ts";
import { POOL } from "./pool.ts";
import { blockedUpsample } from "./resize.ts";

const keep: OperatorShape = { shape: (c) => [c.inputs[0]] };

/** Activations, softmaxes and additions that keep the shape of input 0. */
const KEEPING = [...["Gelu", "FastGelu", "BiasGelu", "QuickGelu", "BiasSoftmax", "BiasAdd", "Trilu", "Inverse"]];

/** Half of the last axis gates the other half. */
const biasSplitGelu: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 1);
  return [typed(c.inputs[0]?.dtype, x?.with(-1, divideDim(c, x.at(-1)!, 2, "the last axis")))];
};

/** data + bias (+ residual), and the mask. */
const biasDropout: ShapeRule = (c) => {
  const shape = c.inputs[0]?.shape;
  return [typed(c.inputs[0]?.dtype, shape), { dtype: "bool", shape }];
};

/** Convolution of blocked data: channels are padded to whole blocks, so neither they nor the groups are compared. */
const blockedConvolution: ShapeRule = (c) => {
  const x = c.inputs[0];
  const open = typed(
    x?.dtype,
    x?.shape?.map((dim, i) => (i === 1 ? UNKNOWN_DIM : dim)),
  );
  const attributes = new Map(c.layer.attributes).set("group", { kind: "int", value: 1 });
  const layer = { ...c.layer, attributes };
  return [typed(x?.dtype, convolved({ ...c, layer, inputs: [open, ...c.inputs.slice(1)] }, 0, 1))];
};

const channelsLast = (shape: Shape): Shape => [shape[0]!, ...shape.slice(2), shape[1]!];
const channelsFirst = (shape: Shape): Shape => [shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)];

/** Into blocks: the shape is still written [N, C, …]. */
const reorderInput: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 3);
  const last = intAttribute(c.layer, "channels_last", 0) === 1;
  return [typed(c.inputs[0]?.dtype, last && x !== undefined ? channelsFirst(x) : x)];
};

/** Out of blocks, to the true number of channels. */
const reorderOutput: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 3);
  const channels = intAttribute(c.layer, "channels");
  const shape = x && channels !== undefined ? x.with(1, channels) : x;
  const last = intAttribute(c.layer, "channels_last", 0) === 1;
  return [typed(c.inputs[0]?.dtype, last && shape !== undefined ? channelsLast(shape) : shape)];
};

/** A new axis of length 1 at the place that input 1 says. */
const expandDims: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape;
  const axis = c.constant(1)?.data[0];
  if (x === undefined || axis === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  return [typed(c.inputs[0]?.dtype, x.toSpliced(axis < 0 ? axis + x.length + 1 : axis, 0, 1))];
};

const blocked = (name: string): ShapeTable => ({ [`com.microsoft.nchwc.${name}`]: POOL[name]! });

export const MICROSOFT: ShapeTable = {
  ...Object.fromEntries(KEEPING.map((name) => [`com.microsoft.${name}`, keep])),
  "com.microsoft.BiasSplitGelu": { shape: biasSplitGelu },
  "com.microsoft.BiasDropout": { shape: biasDropout },
  "com.microsoft.BitmaskDropout": { shape: biasDropout },
  "com.microsoft.ExpandDims": { shape: expandDims },
  "com.microsoft.Pad": LAYOUT.Pad!,
  "com.microsoft.nchwc.Conv": { shape: blockedConvolution },
  "com.microsoft.nchwc.ReorderInput": { shape: reorderInput },
  "com.microsoft.nchwc.ReorderOutput": { shape: reorderOutput },
  "com.microsoft.nchwc.Upsample": { shape: blockedUpsample },
  ...blocked("MaxPool"),
  ...blocked("AveragePool"),
  ...blocked("GlobalMaxPool"),
  ...blocked("GlobalAveragePool"),
};
