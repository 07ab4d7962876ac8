// Pooling. Maximum: the gradient goes to the element that was taken. Mean: it is shared evenly among the window's elements.
import { intAttribute, intsAttribute } from "../../../graph/attributes.ts";
import { productOf } from "../emitter.ts";
import {
  type BackwardContext,
  dyOf,
  type ForwardContext,
  type GradientTable,
  inputShape,
  type OperatorGradient,
} from "../rule.ts";
import { type FixedWindow, fixedWindow, positionsOf, transposedAttributes } from "../window.ts";

const spatialOf = (shape: readonly number[]): readonly number[] => shape.slice(2);

function windowOf(c: BackwardContext): FixedWindow {
  const kernel = intsAttribute(c.layer, "kernel_shape") ?? [];
  return fixedWindow(c.layer, kernel, spatialOf(inputShape(c)), spatialOf(c.e.shape(dyOf(c))));
}

const overlaps = ({ kernel, strides, dilations }: FixedWindow): boolean =>
  kernel.some((k, i) => (k - 1) * dilations[i]! + 1 > strides[i]!);

/** Asks the operator for its indices besides, when a gradient is wanted. */
function withIndices(c: ForwardContext) {
  if (!c.wanted) return undefined;
  const { layer, e } = c;
  const attributes = Object.fromEntries([...layer.attributes].filter(([name]) => name !== "storage_order"));
  const [y, indices] = e.b.layers("MaxPool", layer.inputs, 2, { attributes });
  return { outputs: [y!], kept: { indices: indices! } };
}

/** Indices count through the whole tensor. MaxUnpool writes, so it serves only where windows do not overlap; else they add up. */
const maxPool: OperatorGradient = {
  forward: withIndices,
  backward: (c) => {
    const { e } = c;
    const shape = inputShape(c);
    const [dy, indices] = [dyOf(c), c.kept("indices")];
    const window = windowOf(c);
    if (!overlaps(window) && shape.length === 4 && e.dtype(dy) === "float32") {
      // padding only lowers the size that the operator checks against the one it is given
      const pads = [...window.before, ...window.after.map((length) => Math.max(0, length))];
      const attributes = { kernel_shape: window.kernel, strides: window.strides, pads };
      return [e.op("MaxUnpool", [dy, indices, e.ints(...shape)], attributes)];
    }
    const flat = (x: string): string => e.reshape(x, [productOf(e.shape(x))]);
    const added = e.op("ScatterElements", [e.zeros([productOf(shape)], dy), flat(indices), flat(dy)], {
      axis: 0,
      reduction: "add",
    });
    return [e.reshape(added, shape)];
  },
};

/** How many elements each window averages over: without padding where it is not counted, never what rounding up adds. */
function windowCounts(c: BackwardContext, window: FixedWindow): readonly number[] {
  const { kernel, strides, dilations, before } = window;
  const input = spatialOf(inputShape(c));
  const counted = intAttribute(c.layer, "count_include_pad", 0) === 1;
  const pads = intsAttribute(c.layer, "pads") ?? [];
  const end = (i: number): number => input[i]! + (counted ? (pads[kernel.length + i] ?? window.after[i]!) : 0);
  const start = (i: number): number => (counted ? -before[i]! : 0);
  const perAxis = spatialOf(c.e.shape(dyOf(c))).map((stops, i) =>
    Array.from({ length: stops }, (_, stop) => {
      const places = Array.from({ length: kernel[i]! }, (_, k) => stop * strides[i]! - before[i]! + k * dilations[i]!);
      return places.filter((place) => place >= start(i) && place < end(i)).length;
    }),
  );
  return positionsOf(perAxis.map((row) => row.length)).map((at) => productOf(at.map((stop, i) => perAxis[i]![stop]!)));
}

const averagePool: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const window = windowOf(c);
    const [channels, shape] = [inputShape(c)[1]!, inputShape(c)];
    const dy = dyOf(c);
    const counts = windowCounts(c, window);
    const even = counts.every((count) => count === counts[0]);
    const spatial = spatialOf(e.shape(dy));
    const shares = even ? e.mul(dy, 1 / counts[0]!) : e.div(dy, e.constant(e.dtype(dy), counts, [1, 1, ...spatial]));
    const tiled = window.kernel.every(
      (k, i) => k === window.strides[i] && window.before[i] === 0 && window.after[i] === 0 && window.dilations[i] === 1,
    );
    if (tiled) {
      // [N, C, h, w] → [N, C, h, k, w, k]
      const lead = shape.slice(0, 2);
      const apart = [...lead, ...spatial.flatMap((length) => [length, 1])];
      const filled = [...lead, ...spatial.flatMap((length, i) => [length, window.kernel[i]!])];
      return [e.reshape(e.expand(e.reshape(shares, apart), filled), shape)];
    }
    const ones = e.expand(e.scalar(1, dy), [channels, 1, ...window.kernel]);
    return [e.op("ConvTranspose", [shares, ones], transposedAttributes(window, channels))];
  },
};

const globalAverage: OperatorGradient = {
  backward: (c) => {
    const shape = inputShape(c);
    return [c.e.expand(c.e.mul(dyOf(c), 1 / productOf(spatialOf(shape))), shape)];
  },
};

/** Equal maxima share the gradient. */
const globalMax: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const axes = inputShape(c).flatMap((_, axis) => (axis < 2 ? [] : [axis]));
    const taken = e.equal(c.layer.inputs[0]!, c.layer.outputs[0]!);
    return [e.mul(taken, e.div(dyOf(c), e.sum(taken, axes)))];
  },
};

export const POOLING_GRADIENTS: GradientTable = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAverage,
  GlobalMaxPool: globalMax,
};
