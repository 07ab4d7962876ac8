// Normalisations keep their input's shape; some also answer with statistics [ONNX, com.microsoft].
import { intAttribute } from "../../attributes.ts";
import type { TensorType } from "../../graph.ts";
import { axisOf, broadcast, contradiction, printShape, type Shape, shapeAtLeast, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

const keep: ShapeRule = (c) => [c.inputs[0]];

/** One number per channel in each of the inputs `from` … `to`. */
function checkChannels(c: ShapeContext, from: number, to: number): void {
  const x = shapeAtLeast(c, 0, 1);
  const channels = x?.[1];
  if (x === undefined || typeof channels !== "number") return;
  for (let i = from; i <= to; i++) {
    const length = c.inputs[i]?.shape?.[0];
    if (typeof length === "number" && length !== channels)
      throw contradiction(c, `input ${printShape(x)} has ${channels} channels, input ${i} has ${length} numbers`);
  }
}

/** Y, then the running (and, before opset 14, saved) statistics in training. */
const batchNormalization: ShapeRule = (c) => {
  checkChannels(c, 1, 4);
  const statistics: (TensorType | undefined)[] = [c.inputs[3], c.inputs[4], c.inputs[3], c.inputs[4]];
  return [c.inputs[0], ...statistics];
};

const instanceNormalization: ShapeRule = (c) => {
  checkChannels(c, 1, 2);
  return [c.inputs[0]];
};

/** Scale and bias must broadcast to the input without growing it. */
function checkScale(c: ShapeContext, x: Shape | undefined, index: number): void {
  const scale = c.inputs[index]?.shape;
  if (x === undefined || scale === undefined) return;
  const total = broadcast(c, [x, scale])!;
  const grown =
    total.length > x.length ||
    total.some((dim, i) => typeof dim === "number" && x[i] !== dim && typeof x[i] === "number");
  if (grown)
    throw contradiction(c, `scale or bias ${printShape(scale)} does not broadcast to the input ${printShape(x)}`);
}

/** Shape of mean and inverse deviation: the normalised axes are 1. */
const statisticsShape = (c: ShapeContext, x: Shape | undefined): Shape | undefined => {
  if (x === undefined) return undefined;
  const axis = axisOf(c, intAttribute(c.layer, "axis", -1), x.length);
  return x.map((dim, i) => (i < axis ? dim : 1));
};

const layerNormalization: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 1);
  checkScale(c, x, 1);
  checkScale(c, x, 2);
  const statistics: TensorType = { dtype: "float32", shape: statisticsShape(c, x) };
  return [c.inputs[0], statistics, statistics];
};

const rmsNormalization: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 1);
  checkScale(c, x, 1);
  return [c.inputs[0], { dtype: "float32", shape: statisticsShape(c, x) }];
};

/** input + skip (+ bias), normalised: output, mean, inverse deviation, and the sum itself [com.microsoft]. */
const skipLayerNormalization: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape ?? c.inputs[1]?.shape;
  const statistics: TensorType = { dtype: "float32", shape: x && [...x.slice(0, -1), 1] };
  return [c.inputs[0] ?? c.inputs[1], statistics, statistics, c.inputs[0] ?? c.inputs[1]];
};

/** X + skip (+ bias) as second output [com.microsoft]. */
const skipGroupNorm: ShapeRule = (c) => [c.inputs[0], c.inputs[0]];

/** Word, position and segment embeddings summed and normalised: [batch, length, hidden] and mask index [com.microsoft]. */
const embedLayerNormalization: ShapeRule = (c) => {
  const ids = c.inputs[0]?.shape;
  const hidden = c.inputs[2]?.shape?.[1];
  const shape = ids !== undefined && hidden !== undefined ? [...ids, hidden] : undefined;
  const dtype = c.inputs[2]?.dtype;
  return [typed(dtype, shape), { dtype: "int32", shape: ids && [ids[0]!] }, typed(dtype, shape)];
};

export const NORMALISE: ShapeTable = {
  BatchNormalization: { shape: batchNormalization },
  InstanceNormalization: { shape: instanceNormalization },
  LayerNormalization: { shape: layerNormalization },
  RMSNormalization: { shape: rmsNormalization },
  SimplifiedLayerNormalization: { shape: rmsNormalization },
  GroupNormalization: { shape: keep },
  LRN: { shape: keep },
  MeanVarianceNormalization: { shape: keep },
  LpNormalization: { shape: keep },
  "com.microsoft.LayerNormalization": { shape: layerNormalization },
  "com.microsoft.SimplifiedLayerNormalization": { shape: rmsNormalization },
  "com.microsoft.SkipLayerNormalization": { shape: skipLayerNormalization },
  "com.microsoft.SkipSimplifiedLayerNormalization": { shape: skipLayerNormalization },
  "com.microsoft.EmbedLayerNormalization": { shape: embedLayerNormalization },
  "com.microsoft.GroupNorm": { shape: keep },
  "com.microsoft.SkipGroupNorm": { shape: skipGroupNorm },
};
