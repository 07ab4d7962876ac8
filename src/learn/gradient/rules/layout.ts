// Operators that only move numbers: the gradient moves them back. What was copied is summed, what was cut off gets zeros.
import { intAttribute, intsAttribute, stringAttribute } from "../../../graph/attributes.ts";
import { linearMap } from "../linear-map.ts";
import {
  axisFrom,
  type BackwardContext,
  dyOf,
  type GradientTable,
  inputShape,
  knownInput,
  type LayerContext,
  notDifferentiable,
  type OperatorGradient,
} from "../rule.ts";

/** The same numbers in the shape of the input: Reshape, Flatten, Squeeze, Unsqueeze. */
const reshaped: OperatorGradient = { backward: (c) => [c.e.reshape(dyOf(c), inputShape(c))] };

const transpose: OperatorGradient = {
  backward: (c) => {
    const rank = inputShape(c).length;
    const perm = intsAttribute(c.layer, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    const inverse = perm.map((_, axis) => perm.indexOf(axis));
    return [c.e.transpose(dyOf(c), inverse)];
  },
};

const expand: OperatorGradient = { backward: (c) => [c.e.unbroadcast(dyOf(c), inputShape(c))] };

/** Copies along each axis: [r·n] seen as [r, n], summed over r. */
const tile: OperatorGradient = {
  backward: (c) => {
    const shape = inputShape(c);
    const repeats = knownInput(c, 1) ?? [];
    const apart = shape.flatMap((length, axis) => [repeats[axis] ?? 1, length]);
    const copies = shape.map((_, axis) => 2 * axis);
    return [c.e.sum(c.e.reshape(dyOf(c), apart), copies, false)];
  },
};

const concat: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const axis = axisFrom(intAttribute(c.layer, "axis", 0), inputShape(c).length);
    const sizes = c.layer.inputs.map((_, i) => inputShape(c, i)[axis]!);
    if (sizes.every((_, i) => c.wants(i))) return e.split(dyOf(c), sizes, axis);
    let start = 0;
    return sizes.map((size, i) => {
      start += size;
      return c.wants(i) ? e.slice(dyOf(c), axis, start - size, start) : undefined;
    });
  },
};

const split: OperatorGradient = {
  backward: (c) => {
    const { e, layer } = c;
    const axis = axisFrom(intAttribute(layer, "axis", 0), inputShape(c).length);
    const parts = layer.outputs.map((output, i) => c.given[i] ?? e.zeros(e.shape(output), layer.inputs[0]!));
    return [e.concat(parts, axis)];
  },
};

/** dy spread to every `step`-th place of `length`, from `start`; the rest is 0. */
function spread(c: BackwardContext, dy: string, axis: number, start: number, step: number, length: number): string {
  const { e } = c;
  const shape = e.shape(dy);
  const count = shape[axis]!;
  const zeros = shape.map(() => 0);
  let g = dy;
  let width = count;
  if (step > 1) {
    const apart = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
    const gap = apart.map(() => 0).with(axis + 1, step - 1);
    const padded = e.pad(
      e.reshape(g, apart),
      apart.map(() => 0),
      gap,
    );
    width = count * step;
    g = e.reshape(padded, shape.with(axis, width));
  }
  return e.pad(g, zeros.with(axis, start), zeros.with(axis, length - start - width));
}

const slice: OperatorGradient = {
  backward: (c) => {
    const shape = inputShape(c);
    const starts = knownInput(c, 1)!;
    const axes = knownInput(c, 3) ?? starts.map((_, i) => i);
    const steps = knownInput(c, 4) ?? starts.map(() => 1);
    let g = dyOf(c);
    for (const [i, rawAxis] of axes.entries()) {
      const axis = axisFrom(rawAxis, shape.length);
      const [length, step] = [shape[axis]!, steps[i]!];
      const given = starts[i]! < 0 ? starts[i]! + length : starts[i]!;
      const start = Math.min(Math.max(given, 0), step < 0 ? length - 1 : length);
      const count = c.e.shape(g)[axis]!;
      if (step > 0) g = spread(c, g, axis, start, step, length);
      else g = spread(c, c.e.reverse(g, [axis]), axis, start + (count - 1) * step, -step, length);
    }
    return [g];
  },
};

/** Zeros: cut off again. Reflected or repeated edges: a linear map along each axis. */
const pad: OperatorGradient = {
  backward: (c) => {
    const shape = inputShape(c);
    const axes = (knownInput(c, 3) ?? shape.map((_, i) => i)).map((axis) => axisFrom(axis, shape.length));
    const pads = knownInput(c, 1)!;
    const before = shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis)]! : 0));
    const after = shape.map((_, axis) => (axes.includes(axis) ? pads[axes.length + axes.indexOf(axis)]! : 0));
    const mode = stringAttribute(c.layer, "mode", "constant");
    const back = (sizes: readonly number[]) => sizes.map((size) => -size);
    if (mode === "constant") return [c.e.pad(dyOf(c), back(before), back(after))];
    const maps = shape.map((length, axis) => {
      const places = Array.from({ length: length + before[axis]! + after[axis]! }, (_, i) =>
        sourceOf(c, mode, i - before[axis]!, length),
      );
      return places.map((place) => [{ from: place, weight: 1 }]);
    });
    return [linearMap(c.e, dyOf(c), shape, maps)];
  },
};

/** Which element of an axis stands at `place`, which may lie outside. */
function sourceOf(c: LayerContext, mode: string, place: number, length: number): number {
  if (mode === "edge") return Math.min(Math.max(place, 0), length - 1);
  if (mode === "wrap") return ((place % length) + length) % length;
  if (mode !== "reflect") throw notDifferentiable(c, `mode ${mode}, expected constant, reflect, edge or wrap`);
  const period = Math.max(1, 2 * (length - 1));
  const inside = ((place % period) + period) % period;
  return inside < length ? inside : period - inside;
}

const depthToSpace: OperatorGradient = {
  backward: (c) => {
    const { e, layer } = c;
    const block = intAttribute(layer, "blocksize", 1);
    if (stringAttribute(layer, "mode", "DCR") === "DCR") return [e.op("SpaceToDepth", [dyOf(c)], { blocksize: block })];
    const [n, channels, rows, columns] = inputShape(c) as [number, number, number, number];
    const apart = e.reshape(dyOf(c), [n, channels / block ** 2, rows, block, columns, block]);
    return [e.reshape(e.transpose(apart, [0, 1, 3, 5, 2, 4]), [n, channels, rows, columns])];
  },
};

const spaceToDepth: OperatorGradient = {
  backward: (c) => [c.e.op("DepthToSpace", [dyOf(c)], { blocksize: intAttribute(c.layer, "blocksize", 1) })],
};

const trilu: OperatorGradient = {
  backward: (c) => {
    const inputs = [dyOf(c), ...c.layer.inputs.slice(1)];
    return [c.e.op("Trilu", inputs, { upper: intAttribute(c.layer, "upper", 1) })];
  },
};

export const LAYOUT_GRADIENTS: GradientTable = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
};
