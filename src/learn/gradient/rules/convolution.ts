// Convolutions. Which form is fast was measured (bench/learn): dX as a Conv with the weights transposed and turned around
// (ConvTranspose only where there is a stride), dW as one product of the columns of X (shifted slices) with dY, or, where the
// runtime has blocked convolutions and dY fits a core's cache, as a convolution of X with dY.
import { intAttribute } from "../../../graph/attributes.ts";
import { type Emitter, productOf } from "../emitter.ts";
import { type BackwardContext, dyOf, type GradientTable, inputShape, type OperatorGradient } from "../rule.ts";
import { type FixedWindow, fixedWindow, positionsOf, transposedAttributes } from "../window.ts";

/** Σ over batch and positions: the gradient of a bias [channels]. */
function biasGradient(e: Emitter, dy: string): string {
  const shape = e.shape(dy);
  const spatial = e.reshape(dy, [shape[0]!, shape[1]!, productOf(shape.slice(2))]);
  return e.sum(e.sum(spatial, [2], false), [0], false);
}

/** [M, C/g, …] with the kernel turned around and input and output channels swapped in each group: [C, M/g, …]. */
function turned(e: Emitter, w: string, group: number): string {
  const [out, inside, ...kernel] = e.shape(w) as [number, number, ...number[]];
  const spatial = kernel.map((_, i) => i + 2);
  const reversed = e.reverse(w, spatial);
  if (group === 1) return e.transpose(reversed, [1, 0, ...spatial]);
  const grouped = e.reshape(reversed, [group, out / group, inside, ...kernel]);
  const swapped = e.transpose(grouped, [0, 2, 1, ...spatial.map((axis) => axis + 1)]);
  return e.reshape(swapped, [group * inside, out / group, ...kernel]);
}

function inputGradient(e: Emitter, dy: string, w: string, window: FixedWindow, group: number): string {
  const { kernel, strides, dilations, before, after } = window;
  const reach = kernel.map((k, i) => (k - 1) * dilations[i]!);
  const pads = [...reach.map((r, i) => r - before[i]!), ...reach.map((r, i) => r - after[i]!)];
  if (strides.some((stride) => stride !== 1) || pads.some((length) => length < 0))
    return e.op("ConvTranspose", [dy, w], transposedAttributes(window, group));
  return e.op("Conv", [dy, turned(e, w, group)], { kernel_shape: kernel, strides, dilations, group, pads });
}

/** The elements that each position of the window meets: one [N, C, …output] per position. */
function shiftedSlices(e: Emitter, x: string, window: FixedWindow, output: readonly number[]): string[] {
  const { kernel, strides, dilations, before, after } = window;
  const padded = e.pad(x, [0, 0, ...before], [0, 0, ...after.map((length) => Math.max(0, length))]);
  return positionsOf(kernel).map((position) =>
    position.reduce((part, at, i) => {
      const start = at * dilations[i]!;
      return e.slice(part, i + 2, start, start + (output[i]! - 1) * strides[i]! + 1, strides[i]!);
    }, padded),
  );
}

/** [N, C, …] → [C, N·positions]. */
function channelRows(e: Emitter, x: string): string {
  const [n, channels, ...spatial] = e.shape(x) as [number, number, ...number[]];
  const length = productOf(spatial);
  return e.reshape(e.transpose(e.reshape(x, [n, channels, length]), [1, 0, 2]), [channels, n * length]);
}

/** dW [M, C, …] = (columns of X · dYᵀ)ᵀ: one Gemm with the column matrix [k·C, N·L] as the first operand. */
function denseWeightGradient(e: Emitter, x: string, dy: string, window: FixedWindow): string {
  const [, out, ...output] = e.shape(dy) as [number, number, ...number[]];
  const { kernel, strides, before, after } = window;
  const channels = e.shape(x)[1]!;
  const pointwise = kernel.every((k, i) => k === 1 && strides[i] === 1 && before[i] === 0 && after[i] === 0);
  // channels first before cutting, so that the slices are the columns already
  const rows = pointwise ? channelRows(e, x) : columnRows(e, x, window, output);
  const product = e.op("Gemm", [rows, channelRows(e, dy)], { transB: 1 });
  const positions = productOf(kernel);
  const apart = e.reshape(product, [positions, channels, out]);
  return e.reshape(e.transpose(apart, [2, 1, 0]), [out, channels, ...kernel]);
}

/** Most bytes of dY, as the kernel of a convolution, that are read again and again without leaving the cache. */
const CACHED_BYTES = 2 ** 22;
/** Output channels that a blocked convolution makes at once. */
const CHANNELS_AT_ONCE = 64;

/** True where dW as a blocked convolution, samples in the place of channels, is faster than a product of columns. */
function isConvolved(e: Emitter, dy: string, window: FixedWindow): boolean {
  const { block } = e;
  if (block === undefined || e.dtype(dy) !== "float32" || window.kernel.length !== 2) return false;
  const [n, out, ...output] = e.shape(dy) as [number, number, ...number[]];
  const bytes = 4 * n * Math.min(out, CHANNELS_AT_ONCE) * productOf(output);
  return productOf(window.kernel) > 1 && out % block === 0 && (n < block || n % block === 0) && bytes <= CACHED_BYTES;
}

/** [N, C, …] → [C, N, …]. */
function samplesAsChannels(e: Emitter, x: string): string {
  const axes = e.shape(x).map((_, axis) => axis);
  return e.transpose(x, axes.with(0, 1).with(1, 0));
}

/** dWᵀ [C, M, …] = Xᵀ convolved with dYᵀ as the kernel, stride and dilation exchanged; padded beforehand, which is faster. */
function convolvedWeightGradient(e: Emitter, x: string, dy: string, window: FixedWindow): string {
  const { kernel, strides, dilations, before, after } = window;
  const over = after.map((length) => Math.max(0, length));
  const samples = e.pad(samplesAsChannels(e, x), [0, 0, ...before], [0, 0, ...over]);
  const turned = samplesAsChannels(e, dy);
  const full = e.op("Conv", [samples, turned], {
    kernel_shape: e.shape(dy).slice(2),
    strides: dilations,
    dilations: strides,
  });
  // rows that no window reached give positions beyond the kernel: cut off
  const cut = kernel.reduce((g, length, i) => e.slice(g, i + 2, 0, length), full);
  return samplesAsChannels(e, cut);
}

function columnRows(e: Emitter, x: string, window: FixedWindow, output: readonly number[]): string {
  const [n, channels] = e.shape(x) as [number, number];
  const slices = shiftedSlices(e, samplesAsChannels(e, x), window, output);
  return e.reshape(e.concat(slices, 0), [slices.length * channels, n * productOf(output)]);
}

/** The same for every group at once, as a batched product. */
function groupedWeightGradient(e: Emitter, x: string, dy: string, window: FixedWindow, group: number): string {
  const [n, channels] = e.shape(x) as [number, number];
  const [, out, ...output] = e.shape(dy) as [number, number, ...number[]];
  const [inside, outside, length] = [channels / group, out / group, productOf(output)];
  const positions = productOf(window.kernel);
  const columns = shiftedSlices(e, x, window, output).map((part) => e.reshape(part, [n, group, inside, 1, length]));
  // [N, g, C/g, k, L] → [g, C/g·k, N·L]
  const rows = e.reshape(e.transpose(e.concat(columns, 3), [1, 2, 3, 0, 4]), [group, inside * positions, n * length]);
  const gradients = e.reshape(e.transpose(e.reshape(dy, [n, group, outside, length]), [1, 0, 3, 2]), [
    group,
    n * length,
    outside,
  ]);
  const product = e.op("MatMul", [rows, gradients]);
  return e.reshape(e.transpose(product, [0, 2, 1]), [out, inside, ...window.kernel]);
}

/**
 * One input channel per group: a convolution with the samples in the place of channels, dY as the kernel, stride and dilation
 * exchanged.
 */
function depthwiseWeightGradient(e: Emitter, x: string, dy: string, window: FixedWindow): string {
  const { kernel, strides, dilations, before, after } = window;
  const [n, channels, ...input] = e.shape(x) as [number, number, ...number[]];
  const [, out, ...output] = e.shape(dy) as [number, number, ...number[]];
  const swap = [1, 0, ...input.map((_, i) => i + 2)];
  const samples = e.reshape(e.transpose(x, swap), [1, channels * n, ...input]);
  const inputs = [samples, e.transpose(dy, swap)];
  const attributes = {
    kernel_shape: output,
    strides: dilations,
    dilations: strides,
    group: channels,
    pads: [...before, ...after.map((length) => Math.max(0, length))],
  };
  // rows that no window reached give positions beyond the kernel: cut off
  const full = e.op("Conv", inputs, attributes);
  const cut = kernel.reduce((g, length, i) => e.slice(g, i + 2, 0, length), full);
  return e.reshape(cut, [out, 1, ...kernel]);
}

function weightGradient(e: Emitter, x: string, dy: string, window: FixedWindow, group: number): string {
  if (group === 1)
    return (isConvolved(e, dy, window) ? convolvedWeightGradient : denseWeightGradient)(e, x, dy, window);
  const depthwise = e.shape(x)[1] === group;
  return depthwise ? depthwiseWeightGradient(e, x, dy, window) : groupedWeightGradient(e, x, dy, window, group);
}

const spatialOf = (shape: readonly number[]): readonly number[] => shape.slice(2);

const conv: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [x, w] = c.layer.inputs as [string, string];
    const group = intAttribute(c.layer, "group", 1);
    const dy = dyOf(c);
    const window = fixedWindow(c.layer, spatialOf(e.shape(w)), spatialOf(e.shape(x)), spatialOf(e.shape(dy)));
    return [
      c.wants(0) ? inputGradient(e, dy, w, window, group) : undefined,
      c.wants(1) ? weightGradient(e, x, dy, window, group) : undefined,
      c.wants(2) ? biasGradient(e, dy) : undefined,
    ];
  },
};

/** Weights [C, M/g, …]: the operator is the gradient of a convolution from its output to its input, so the roles are exchanged. */
const convTranspose: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [x, w] = c.layer.inputs as [string, string];
    const group = intAttribute(c.layer, "group", 1);
    const dy = dyOf(c);
    const window = transposedWindow(c, spatialOf(e.shape(w)), spatialOf(e.shape(dy)));
    return [
      c.wants(0) ? alongWindow(e, dy, w, window, group) : undefined,
      c.wants(1) ? weightGradient(e, dy, x, window, group) : undefined,
      c.wants(2) ? biasGradient(e, dy) : undefined,
    ];
  },
};

/** The window by which the output's gradient [longer] is convolved to the input's. */
function transposedWindow(c: BackwardContext, kernel: readonly number[], output: readonly number[]): FixedWindow {
  return fixedWindow(c.layer, kernel, output, spatialOf(inputShape(c)));
}

function alongWindow(e: Emitter, dy: string, w: string, window: FixedWindow, group: number): string {
  const { kernel, strides, dilations, before, after } = window;
  const pads = [...before, ...after.map((length) => Math.max(0, length))];
  const cut = after.reduce((g, length, i) => {
    const whole = e.shape(g)[i + 2]!;
    return length < 0 ? e.slice(g, i + 2, 0, whole + length) : g;
  }, dy);
  return e.op("Conv", [cut, w], { kernel_shape: kernel, strides, dilations, group, pads });
}

export const CONVOLUTION_GRADIENTS: GradientTable = { Conv: conv, ConvTranspose: convTranspose };
