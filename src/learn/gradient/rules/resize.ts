// Resize by nearest neighbour, linear or cubic interpolation: a linear map along each axis, built as ONNX defines it [ONNX Resize].
import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from "../../../graph/attributes.ts";
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

/** The weights of the four neighbours [Keys1981], at distances 1 + t, t, 1 − t and 2 − t. */
function cubic(c: LayerContext, length: number, low: number, t: number): AxisMap[number] {
  const a = floatAttribute(c.layer, "cubic_coeff_a", -0.75);
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const weights = [far(1 + t), near(t), near(1 - t), far(2 - t)];
  const taken = weights.map((weight, i) => ({ place: low - 1 + i, weight }));
  if (intAttribute(c.layer, "exclude_outside", 0) === 0)
    return taken.map(({ place, weight }) => ({ from: within(place, length), weight }));
  const inside = taken.filter(({ place }) => place >= 0 && place < length);
  const sum = inside.reduce((total, { weight }) => total + weight, 0);
  return inside.map(({ place, weight }) => ({ from: place, weight: weight / sum }));
}

function axisMap(c: LayerContext, length: number, resized: number, scale: number): AxisMap {
  const mode = stringAttribute(c.layer, "mode", "nearest");
  const kind = stringAttribute(c.layer, "coordinate_transformation_mode", "half_pixel");
  const coordinate = COORDINATES[kind];
  const round = ROUNDINGS[stringAttribute(c.layer, "nearest_mode", "round_prefer_floor")];
  if (coordinate === undefined || round === undefined || !["nearest", "linear", "cubic"].includes(mode))
    throw notDifferentiable(
      c,
      `mode ${mode} with ${kind}, expected nearest, linear or cubic with ${Object.keys(COORDINATES).join(", ")}`,
    );
  return Array.from({ length: resized }, (_, i) => {
    const at = coordinate(i, scale, length, resized);
    if (mode === "nearest") return [{ from: within(round(at), length), weight: 1 }];
    const low = Math.floor(at);
    const rest = at - low;
    if (mode === "cubic") return cubic(c, length, low, rest);
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
