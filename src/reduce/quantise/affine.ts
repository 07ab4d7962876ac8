// Real numbers as small integers: x ≈ scale·(q − zero point) [Jacob2018], and which scale suits which numbers.
// Activations have both ends of their range used; weights are symmetric about zero, so that products need no correction for them.
import type { Tensor } from "../../runtime/tensor.ts";

/** Least and greatest value that is to be told apart; what is outside is clipped. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export type ActivationType = "uint8" | "int8";

export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly dtype: ActivationType;
}

const LOWEST: Readonly<Record<ActivationType, number>> = { uint8: 0, int8: -128 };
const STEPS = 255;
/** Scales below are not normal float32 numbers, whose reciprocal is infinite. */
const LEAST_SCALE = 2 ** -100;

/** To the nearest whole number, halves to the even one, as QuantizeLinear does [ONNX]. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Scale and zero point for a range, widened so that 0 has a code of its own: padding and ReLU give exact zeros. */
export function affineOf({ low, high }: Range, dtype: ActivationType): Affine {
  const [from, to] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround(Math.max((to - from) / STEPS, LEAST_SCALE));
  const zeroPoint = LOWEST[dtype] + clamp(roundEven(-from / scale), 0, STEPS);
  return { scale: to === from ? 1 : scale, zeroPoint, dtype };
}

export interface WeightCodes {
  readonly values: Int8Array;
  /** One, or one per channel. */
  readonly scales: Float32Array;
}

export interface WeightPlan {
  /** Axis of the output channels for a scale per channel. Default: one scale for all. */
  readonly axis?: number;
  /** Greatest code: 127, or 63 where sums of two products must fit in 16 bits. Default 127. */
  readonly largest?: number;
  /** Least scale of a channel, so that its bias fits into 32 bits. Default 0. */
  readonly leastScale?: (channel: number) => number;
}

/** Elements after the axis: a channel's index is floor(i / inner) mod channels. */
function strideOf(shape: readonly number[], axis: number): number {
  return shape.slice(axis + 1).reduce((product, length) => product * length, 1);
}

/** Weights as int8 with zero point 0. */
export function quantiseWeight({ shape, data }: Tensor, plan: WeightPlan = {}): WeightCodes {
  const { axis, largest = 127, leastScale = () => 0 } = plan;
  const numbers = data as Float32Array;
  const channels = axis === undefined ? 1 : shape[axis]!;
  const inner = axis === undefined ? numbers.length : strideOf(shape, axis);
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const greatest = new Float64Array(channels);
  for (let i = 0; i < numbers.length; i++) {
    const c = channelOf(i);
    greatest[c] = Math.max(greatest[c]!, Math.abs(numbers[i]!));
  }
  const scales = Float32Array.from(greatest, (size, c) => {
    const scale = Math.max(size / largest, leastScale(c));
    return scale < LEAST_SCALE ? 1 : scale; // a channel of zeros, whatever its scale
  });
  const values = Int8Array.from(numbers, (value, i) =>
    clamp(roundEven(value / scales[channelOf(i)]!), -largest, largest),
  );
  return { values, scales };
}
