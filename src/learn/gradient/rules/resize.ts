// Resize by nearest neighbour or linear interpolation: a linear map along each axis, built as ONNX defines it [ONNX Resize].
import { intAttribute, intsAttribute, stringAttribute } from "../../../graph/attributes.ts";
import { productOf } from "../emitter.ts";
import { type AxisMap, linearMap } from "../linear-map.ts";
import {
  dyOf,
  type GradientTable,
  inputShape,
  knownInput,
  type LayerContext,
  notDifferentiable,
  type OperatorGradient,
} from "../rule.ts";

type Coordinate = (place: number, scale: number, length: number, resized: number) => number;

const COORDINATES: Readonly<Record<string, Coordinate>> = {
  half_pixel: (i, scale) => (i + 0.5) / scale - 0.5,
  pytorch_half_pixel: (i, scale, _length, resized) => (resized > 1 ? (i + 0.5) / scale - 0.5 : 0),
  align_corners: (i, _scale, length, resized) => (resized > 1 ? (i * (length - 1)) / (resized - 1) : 0),
  asymmetric: (i, scale) => i / scale,
};

const ROUNDINGS: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

const within = (place: number, length: number): number => Math.min(Math.max(place, 0), length - 1);

function axisMap(c: LayerContext, length: number, resized: number, scale: number): AxisMap {
  const mode = stringAttribute(c.layer, "mode", "nearest");
  const kind = stringAttribute(c.layer, "coordinate_transformation_mode", "half_pixel");
  const coordinate = COORDINATES[kind];
  const round = ROUNDINGS[stringAttribute(c.layer, "nearest_mode", "round_prefer_floor")];
  if (coordinate === undefined || round === undefined || !["nearest", "linear"].includes(mode))
    throw notDifferentiable(
      c,
      `mode ${mode} with ${kind}, expected nearest or linear with ${Object.keys(COORDINATES).join(", ")}`,
    );
  return Array.from({ length: resized }, (_, i) => {
    const at = coordinate(i, scale, length, resized);
    if (mode === "nearest") return [{ from: within(round(at), length), weight: 1 }];
    const low = Math.floor(at);
    const rest = at - low;
    return [
      { from: within(low, length), weight: 1 - rest },
      { from: within(low + 1, length), weight: rest },
    ];
  });
}

const resize: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const shape = inputShape(c);
    const resized = e.shape(dyOf(c));
    if (intAttribute(c.layer, "antialias", 0) === 1) throw notDifferentiable(c, "antialias is 1, expected 0");
    const axes = intsAttribute(c.layer, "axes") ?? shape.map((_, axis) => axis);
    const scales = knownInput(c, 2) ?? [];
    const scaleOf = (axis: number): number => scales[axes.indexOf(axis)] ?? resized[axis]! / shape[axis]!;
    const whole = shape.map((length, axis) => resized[axis]! / length);
    const repeats =
      stringAttribute(c.layer, "mode", "nearest") === "nearest" &&
      whole.every((factor, axis) => Number.isInteger(factor) && isRepetition(c, shape[axis]!, factor, scaleOf(axis)));
    if (repeats) {
      const apart = shape.flatMap((length, axis) => [length, whole[axis]!]);
      const copies = shape.flatMap((_, axis) => (whole[axis] === 1 ? [] : [2 * axis + 1]));
      return [e.reshape(e.sum(e.reshape(dyOf(c), apart), copies), shape)];
    }
    const maps = shape.map((length, axis) => axisMap(c, length, resized[axis]!, scaleOf(axis)));
    return [linearMap(e, dyOf(c), shape, maps)];
  },
};

/** True when every element is only repeated `factor` times. */
function isRepetition(c: LayerContext, length: number, factor: number, scale: number): boolean {
  const map = axisMap(c, length, productOf([length, factor]), scale);
  return map.every((row, i) => row[0]!.from === Math.floor(i / factor));
}

export const RESIZE_GRADIENTS: GradientTable = { Resize: resize };
