// Other resolutions of the same image: Resize and Upsample in all their opsets, GridSample, AffineGrid, CenterCropPad [ONNX].
import { intsAttribute, stringAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import {
  axisOf,
  contradiction,
  hasInput,
  lengthOrThrow,
  mapDim,
  printShape,
  type Shape,
  shapeAtLeast,
  typed,
  unknownShape,
} from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** Numbers of an optional input: undefined when it is absent or empty, "unknown" when they come from data. */
function optionalNumbers(c: ShapeContext, index: number): readonly number[] | undefined | "unknown" {
  if (!hasInput(c, index)) return undefined;
  const value = c.constant(index);
  if (value !== undefined) return value.data.length === 0 ? undefined : value.data;
  return c.inputs[index]?.shape?.[0] === 0 ? undefined : "unknown";
}

/** floor(length × scale), in float32 as runtimes compute it. */
const scaled = (c: ShapeContext, dim: Dim, scale: number): Dim =>
  scale === 1
    ? dim
    : mapDim(dim, (length) =>
        lengthOrThrow(c, Math.floor(Math.fround(length * Math.fround(scale))), "the scaled length"),
      );

function perAxis(
  c: ShapeContext,
  numbers: readonly number[],
  axes: readonly number[],
  what: string,
): readonly number[] {
  if (numbers.length !== axes.length)
    throw contradiction(c, `${numbers.length} ${what} for ${axes.length} axes, expected one per axis`);
  return numbers;
}

/** Lengths asked for, one scale for all axes where the aspect ratio is to be kept. */
function keepRatio(x: Shape, axes: readonly number[], sizes: readonly number[], policy: string): Shape {
  const ratios = axes.map((axis, i) => (typeof x[axis] === "number" ? sizes[i]! / x[axis] : Number.NaN));
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) =>
    Number.isNaN(scale) ? UNKNOWN_DIM : mapDim(x[axis], (length) => Math.floor(length * scale + 0.5)),
  );
}

const resized: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape;
  const dtype = c.inputs[0]?.dtype;
  if (x === undefined) return [typed(dtype, undefined)];
  const old = c.opset < 11;
  const scales = optionalNumbers(c, old ? 1 : 2);
  const sizes = old ? undefined : optionalNumbers(c, 3);
  const axes = intsAttribute(c.layer, "axes")?.map((axis) => axisOf(c, axis, x.length)) ?? x.map((_, i) => i);
  const shape = [...x];
  if (sizes === "unknown" || scales === "unknown" || (sizes === undefined && scales === undefined)) {
    for (const axis of axes) shape[axis] = UNKNOWN_DIM;
  } else if (sizes !== undefined) {
    const policy = stringAttribute(c.layer, "keep_aspect_ratio_policy", "stretch");
    const asked = perAxis(c, sizes, axes, "sizes");
    const lengths = policy === "stretch" ? asked : keepRatio(x, axes, asked, policy);
    axes.forEach((axis, i) => {
      const length = lengths[i]!;
      shape[axis] = typeof length === "number" ? lengthOrThrow(c, length, "a size") : length;
    });
  } else if (scales !== undefined) {
    const factors = perAxis(c, scales, axes, "scales");
    axes.forEach((axis, i) => {
      shape[axis] = scaled(c, x[axis]!, factors[i]! * croppedShare(c, axes.length, i));
    });
  }
  return [typed(dtype, shape)];
};

/** The part of an axis that tf_crop_and_resize keeps: roi end minus start; 1 in all other modes. */
function croppedShare(c: ShapeContext, count: number, i: number): number {
  if (stringAttribute(c.layer, "coordinate_transformation_mode", "half_pixel") !== "tf_crop_and_resize") return 1;
  const roi = c.constant(1)?.data;
  return roi?.length === 2 * count ? roi[count + i]! - roi[i]! : 1;
}

/** Scales as attribute (opset 7) or input (opset 9). */
const upsampled: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape;
  const attribute = c.layer.attributes.get("scales");
  const scales = attribute?.kind === "floats" || attribute?.kind === "ints" ? attribute.value : c.constant(1)?.data;
  if (x === undefined || scales === undefined) return [typed(c.inputs[0]?.dtype, x && unknownShape(x.length))];
  perAxis(
    c,
    scales,
    x.map((_, i) => i),
    "scales",
  );
  return [
    typed(
      c.inputs[0]?.dtype,
      x.map((dim, i) => scaled(c, dim, scales[i]!)),
    ),
  ];
};

/** [N, C, …] sampled at grid [N, …, axes] → [N, C, grid's …]. */
const gridSample: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 3);
  const grid = shapeAtLeast(c, 1, 3);
  if (x === undefined || grid === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  if (x.length !== grid.length)
    throw contradiction(c, `input ${printShape(x)} and grid ${printShape(grid)} differ in their number of axes`);
  return [typed(c.inputs[0]?.dtype, [x[0]!, x[1]!, ...grid.slice(1, -1)])];
};

/** Size [N, C, …] → [N, …, number of spatial axes]. */
const affineGrid: ShapeRule = (c) => {
  const size = c.constant(1)?.data;
  const rank = size?.length ?? c.inputs[1]?.shape?.[0];
  const dtype = c.inputs[0]?.dtype;
  if (size !== undefined) return [typed(dtype, [size[0]!, ...size.slice(2), size.length - 2])];
  return [typed(dtype, typeof rank === "number" ? unknownShape(rank) : undefined)];
};

const centerCropPad: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape;
  const target = c.constant(1)?.data;
  if (x === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const axes = intsAttribute(c.layer, "axes")?.map((axis) => axisOf(c, axis, x.length)) ?? x.map((_, i) => i);
  if (target !== undefined) perAxis(c, target, axes, "lengths");
  const shape = [...x];
  axes.forEach((axis, i) => {
    shape[axis] = target?.[i] ?? UNKNOWN_DIM;
  });
  return [typed(c.inputs[0]?.dtype, shape)];
};

/** [N, C·r², …] of a blocked layout upsampled by whole factors [com.microsoft.nchwc]. */
export const blockedUpsample: ShapeRule = (c) => {
  const x = c.inputs[0]?.shape;
  const scales = intsAttribute(c.layer, "scales") ?? [];
  return [
    typed(
      c.inputs[0]?.dtype,
      x?.map((dim, i) => scaled(c, dim, scales[i] ?? 1)),
    ),
  ];
};

/** Decoded image: height and width are in the data. */
const decodedImage: ShapeRule = (c) => [
  {
    dtype: "uint8",
    shape: [UNKNOWN_DIM, UNKNOWN_DIM, stringAttribute(c.layer, "pixel_format", "RGB") === "Grayscale" ? 1 : 3],
  },
];

/** [boxes, C, h, w] cut out of images and resized; h and w are input 3 [com.microsoft]. */
const cropAndResize: ShapeRule = (c) => {
  const size = c.constant(3)?.data;
  const channels = c.inputs[0]?.shape?.[1] ?? UNKNOWN_DIM;
  const boxes = c.inputs[1]?.shape?.[0] ?? UNKNOWN_DIM;
  return [typed(c.inputs[0]?.dtype, [boxes, channels, size?.[0] ?? UNKNOWN_DIM, size?.[1] ?? UNKNOWN_DIM])];
};

export const RESIZE: ShapeTable = {
  Resize: { shape: resized },
  Upsample: { shape: upsampled },
  GridSample: { shape: gridSample },
  AffineGrid: { shape: affineGrid },
  CenterCropPad: { shape: centerCropPad },
  ImageDecoder: { shape: decodedImage },
  "com.microsoft.GridSample": { shape: gridSample },
  "com.microsoft.CropAndResize": { shape: cropAndResize },
};
