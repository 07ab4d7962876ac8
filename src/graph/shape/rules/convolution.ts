// Convolutions of 1, 2 or 3 spatial axes: [N, C, …] with weights [M, C/group, …]; transposed, integer, deformable [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import type { DataType } from "../../dtype.ts";
import { type Dim, type TensorType, UNKNOWN_DIM } from "../../graph.ts";
import {
  contradiction,
  lengthOrThrow,
  mapDim,
  multiplyDims,
  printShape,
  type Shape,
  shapeAtLeast,
  typed,
} from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";
import { slidLength, type Window, windowOf } from "./windows.ts";

/** Data and weight shapes of the same rank. */
function operands(c: ShapeContext, data: number, weight: number): { x: Shape | undefined; w: Shape | undefined } {
  const x = shapeAtLeast(c, data, 3);
  const w = shapeAtLeast(c, weight, 3);
  if (x !== undefined && w !== undefined && x.length !== w.length)
    throw contradiction(c, `input ${printShape(x)} and weight ${printShape(w)} differ in their number of axes`);
  return { x, w };
}

function checkChannels(c: ShapeContext, x: Shape, w: Shape, channels: Dim): void {
  const input = x[1]!;
  if (typeof input === "number" && typeof channels === "number" && input !== channels)
    throw contradiction(
      c,
      `input ${printShape(x)} has ${input} channels, weight ${printShape(w)} with group ${intAttribute(c.layer, "group", 1)} expects ${channels}`,
    );
}

/** Shape of a convolution whose data is input `data` and weight input `weight`. */
export function convolved(c: ShapeContext, data: number, weight: number): Shape | undefined {
  const { x, w } = operands(c, data, weight);
  const rank = (x ?? w)?.length;
  if (rank === undefined) return undefined;
  const group = intAttribute(c.layer, "group", 1);
  const window = windowOf(c, rank - 2, w?.slice(2));
  const filters = w?.[0] ?? UNKNOWN_DIM;
  if (typeof filters === "number" && filters % group !== 0)
    throw contradiction(c, `${filters} filters cannot be divided into ${group} groups`);
  if (x !== undefined && w !== undefined) checkChannels(c, x, w, multiplyDims(w[1]!, group));
  const spatial = window.kernel.map((_, i) => slidLength(c, x?.[i + 2] ?? UNKNOWN_DIM, window, i));
  return [x?.[0] ?? UNKNOWN_DIM, filters, ...spatial];
}

/** A convolution that answers in its data's element type (or `dtype`). */
const convolution =
  (data: number, weight: number, dtype?: DataType): ShapeRule =>
  (c) => [typed(dtype ?? c.inputs[data]?.dtype, convolved(c, data, weight))];

/** stride·(L - 1) + output_padding + reach - pads; SAME: stride·L [ONNX ConvTranspose]. */
function spreadLength(c: ShapeContext, dim: Dim, window: Window, i: number, outputPadding: number): Dim {
  const kernel = window.kernel[i]!;
  const stride = window.strides[i]!;
  if (window.autoPad.startsWith("SAME")) return multiplyDims(dim, stride);
  if (typeof kernel !== "number") return UNKNOWN_DIM;
  const reach = (kernel - 1) * window.dilations[i]! + 1;
  const pads = window.autoPad === "VALID" ? 0 : window.pads[i]! + window.pads[window.kernel.length + i]!;
  const extra = outputPadding + reach - stride - pads;
  if (stride === 1 && extra === 0) return dim;
  return mapDim(dim, (length) => lengthOrThrow(c, stride * length + extra, "the output's length"));
}

const transposed: ShapeRule = (c) => {
  const { x, w } = operands(c, 0, 1);
  const rank = (x ?? w)?.length;
  if (rank === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  if (x !== undefined && w !== undefined) checkChannels(c, x, w, w[0]!);
  const window = windowOf(c, rank - 2, w?.slice(2));
  const padding = intsAttribute(c.layer, "output_padding") ?? [];
  const given = intsAttribute(c.layer, "output_shape")?.slice(-(rank - 2));
  const spatial =
    given ?? window.kernel.map((_, i) => spreadLength(c, x?.[i + 2] ?? UNKNOWN_DIM, window, i, padding[i] ?? 0));
  const filters = w === undefined ? UNKNOWN_DIM : multiplyDims(w[1]!, intAttribute(c.layer, "group", 1));
  return [typed(c.inputs[0]?.dtype, [x?.[0] ?? UNKNOWN_DIM, filters, ...spatial])];
};

/** Column to image: [N, C·Πblock, L] → [N, C, …image]. */
const columnsToImage: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 3);
  const image = c.constant(1)?.data;
  const block = c.constant(2)?.data;
  if (x === undefined || image === undefined || block === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const cells = block.reduce((a, b) => a * b, 1);
  return [typed(c.inputs[0]?.dtype, [x[0]!, mapDim(x[1], (channels) => channels / cells), ...image])];
};

const channelsFirst = (shape: Shape): Shape => [shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)];

/** Weights are [M, C/group, …] as in Conv, or [M, …, C/group] as some exporters write them: the channels tell. */
function weightsLast(c: ShapeContext, x: Shape, w: Shape): boolean {
  const channels = x.at(-1);
  const group = intAttribute(c.layer, "group", 1);
  return multiplyDims(w[1]!, group) !== channels && multiplyDims(w.at(-1)!, group) === channels;
}

/** Data [N, …, C] [com.microsoft]. */
const nhwcConvolution: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 3);
  const w = shapeAtLeast(c, 1, 3);
  if (x === undefined || w === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const inputs: (TensorType | undefined)[] = [
    typed(c.inputs[0]?.dtype, channelsFirst(x)),
    typed(c.inputs[1]?.dtype, weightsLast(c, x, w) ? channelsFirst(w) : w),
  ];
  const y = convolved({ ...c, inputs }, 0, 1)!;
  return [typed(c.inputs[0]?.dtype, [y[0]!, ...y.slice(2), y[1]!])];
};

/** com.microsoft's QLinearConv: data may be channel-last, the weights never are. */
const qLinearOrChannelsLast: ShapeRule = (c) => {
  const dtype = c.inputs[7]?.dtype ?? c.inputs[0]?.dtype;
  if (intAttribute(c.layer, "channels_last", 0) === 0) return [typed(dtype, convolved(c, 0, 3))];
  const x = shapeAtLeast(c, 0, 3);
  if (x === undefined) return [typed(dtype, undefined)];
  const first = typed(c.inputs[0]?.dtype, channelsFirst(x));
  const y = convolved({ ...c, inputs: [first, ...c.inputs.slice(1)] }, 0, 3)!;
  return [typed(dtype, [y[0]!, ...y.slice(2), y[1]!])];
};

export const CONVOLUTION: ShapeTable = {
  Conv: { shape: convolution(0, 1) },
  ConvTranspose: { shape: transposed },
  ConvInteger: { shape: convolution(0, 1, "int32") },
  DeformConv: { shape: convolution(0, 1) },
  Col2Im: { shape: columnsToImage },
  QLinearConv: { shape: (c) => [typed(c.inputs[7]?.dtype ?? c.inputs[0]?.dtype, convolved(c, 0, 3))] },
  "com.microsoft.FusedConv": { shape: convolution(0, 1) },
  "com.microsoft.NhwcConv": { shape: nhwcConvolution },
  "com.microsoft.NhwcFusedConv": { shape: nhwcConvolution },
  "com.microsoft.QLinearConv": { shape: qLinearOrChannelsLast },
  "com.microsoft.ConvTransposeWithDynamicPads": {
    shape: (c) => {
      const pads = c.constant(2)?.data;
      if (pads === undefined && c.inputs[2] !== undefined) return [typed(c.inputs[0]?.dtype, undefined)];
      const attributes = new Map(c.layer.attributes);
      if (pads !== undefined) attributes.set("pads", { kind: "ints", value: pads });
      return transposed({ ...c, layer: { ...c.layer, attributes } });
    },
  },
};
