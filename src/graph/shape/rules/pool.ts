// Pooling: windows over [N, C, …] (max, mean, Lp), whole-image pooling, regions of interest, and unpooling [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import { type Dim, type TensorType, UNKNOWN_DIM } from "../../graph.ts";
import { contradiction, lengthOrThrow, mapDim, type Shape, shapeAtLeast, shapeOf, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";
import { slidLength, windowOf } from "./windows.ts";

/** Shape of input 0 after its windows; kernel_shape is required. */
function pooled(c: ShapeContext, x: Shape | undefined): Shape | undefined {
  const kernel = intsAttribute(c.layer, "kernel_shape");
  if (kernel === undefined) throw contradiction(c, "kernel_shape is missing, expected one length per spatial axis");
  if (x === undefined) return undefined;
  const window = windowOf(c, x.length - 2);
  return [x[0]!, x[1]!, ...window.kernel.map((_, i) => slidLength(c, x[i + 2]!, window, i))];
}

const pooling: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, pooled(c, shapeAtLeast(c, 0, 3)))];

/** Values and, when asked, their flat indices. */
const maxPooling: ShapeRule = (c) => {
  const shape = pooled(c, shapeAtLeast(c, 0, 3));
  return [typed(c.inputs[0]?.dtype, shape), { dtype: "int64", shape }];
};

/** [N, C, …] → [N, C, 1, …]. */
const globalPooling: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 2);
  return [
    typed(
      c.inputs[0]?.dtype,
      x?.map((dim, i) => (i < 2 ? dim : 1)),
    ),
  ];
};

/** [N, …, C] forms: the channels are moved to the front for the rule and back for its answer. */
function channelsLast(c: ShapeContext, rule: ShapeRule): readonly (TensorType | undefined)[] {
  const x = shapeAtLeast(c, 0, 3);
  if (x === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const first = typed(c.inputs[0]?.dtype, [x[0]!, x.at(-1)!, ...x.slice(1, -1)]);
  return rule({ ...c, inputs: [first, ...c.inputs.slice(1)] }).map((type) =>
    typed(type?.dtype, type?.shape && [type.shape[0]!, ...type.shape.slice(2), type.shape[1]!]),
  );
}

const whereSaid =
  (rule: ShapeRule): ShapeRule =>
  (c) =>
    intAttribute(c.layer, "channels_last", 0) === 1 ? channelsLast(c, rule) : rule(c);

/** stride·(L - 1) + k - pads, or the shape given as input 2. */
const unpooling: ShapeRule = (c) => {
  const dtype = c.inputs[0]?.dtype;
  const given = c.constant(2)?.data;
  if (given !== undefined) return [typed(dtype, given)];
  const x = shapeAtLeast(c, 0, 3);
  if (x === undefined) return [typed(dtype, undefined)];
  if ((c.layer.inputs[2] ?? "") !== "")
    return [typed(dtype, [x[0]!, x[1]!, ...x.slice(2).map((): Dim => UNKNOWN_DIM)])];
  const { kernel, strides, pads } = windowOf(c, x.length - 2);
  const spatial = x.slice(2).map((dim, i) =>
    mapDim(dim, (length) => {
      const reach = mapDim(kernel[i], (k) => strides[i]! * (length - 1) + k - pads[i]! - pads[kernel.length + i]!);
      return lengthOrThrow(c, reach as number, "the output's length");
    }),
  );
  return [typed(dtype, [x[0]!, x[1]!, ...spatial])];
};

/** [regions, C, h, w]; h and w are attributes. */
const maxRoiPool: ShapeRule = (c) => {
  const size = intsAttribute(c.layer, "pooled_shape") ?? [];
  return [
    typed(c.inputs[0]?.dtype, [shapeOf(c, 1, 2)?.[0] ?? UNKNOWN_DIM, shapeOf(c, 0, 4)?.[1] ?? UNKNOWN_DIM, ...size]),
  ];
};

const roiAlign: ShapeRule = (c) => [
  typed(c.inputs[0]?.dtype, [
    shapeOf(c, 1, 2)?.[0] ?? UNKNOWN_DIM,
    shapeOf(c, 0, 4)?.[1] ?? UNKNOWN_DIM,
    intAttribute(c.layer, "output_height", 1),
    intAttribute(c.layer, "output_width", 1),
  ]),
];

export const POOL: ShapeTable = {
  MaxPool: { shape: maxPooling },
  AveragePool: { shape: pooling },
  LpPool: { shape: pooling },
  GlobalMaxPool: { shape: globalPooling },
  GlobalAveragePool: { shape: globalPooling },
  GlobalLpPool: { shape: globalPooling },
  MaxUnpool: { shape: unpooling },
  MaxRoiPool: { shape: maxRoiPool },
  RoiAlign: { shape: roiAlign },
  "com.microsoft.NhwcMaxPool": { shape: (c) => channelsLast(c, pooling) },
  "com.microsoft.QLinearAveragePool": { shape: whereSaid(pooling) },
  "com.microsoft.QLinearGlobalAveragePool": { shape: whereSaid(globalPooling) },
};
