// Rayleigh fading without memory: complex Gaussian gains and their powers. How a gain moves in time is jakes.ts.
import type { Random } from "../../math/random.ts";

/** Complex numbers as two arrays of one length. */
export interface ComplexSeries {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function complexSeries(length: number): ComplexSeries {
  return { re: new Float64Array(length), im: new Float64Array(length) };
}

/**
 * Block Rayleigh fading: `count` independent draws of |h|², one per block; exponential with mean `meanGainRatio`.
 * @param meanGainRatio path gain that the fading multiplies. Default 1
 */
export function rayleighGains(count: number, random: Random, meanGainRatio = 1): Float64Array {
  return Float64Array.from({ length: count }, () => -meanGainRatio * Math.log(1 - random.uniform()));
}
