// From a received point to log-likelihood ratios, log P(bit is 1)/P(bit is 0): positive means 1. Gray QAM is two amplitudes, so each axis is
// demapped alone. Max-log takes the nearest amplitude with each bit value; which these are changes only at whole numbers (the middles between
// odd ones), so a table by whole-number cell holds the ratio as a straight line of the position.
import type { Constellation } from "./qam.ts";

/** Writes the ratios of one axis: bit i goes to `into[at + i·2·stride]`. */
export type AxisDemapper = (
  position: number,
  certainty: number,
  into: Float32Array,
  at: number,
  stride: number,
) => void;

/** "max-log": the nearest point for each bit value; "exact": the sum over all points. */
export type DemapRule = "max-log" | "exact";

function nearestLevel(position: number, levels: readonly number[], bit: number, value: number, bits: number): number {
  let best = Number.NaN;
  for (const [label, level] of levels.entries()) {
    if (((label >> (bits - 1 - bit)) & 1) !== value) continue;
    if (!(Math.abs(level - position) >= Math.abs(best - position))) best = level;
  }
  return best;
}

function maxLog(levels: readonly number[]): AxisDemapper {
  const side = levels.length;
  const bits = Math.log2(side);
  const slopes = new Float64Array(2 * side * bits);
  const offsets = new Float64Array(2 * side * bits);
  for (let cell = 0; cell < 2 * side; cell++)
    for (let bit = 0; bit < bits; bit++) {
      const middle = cell - side + 0.5;
      const zero = nearestLevel(middle, levels, bit, 0, bits);
      const one = nearestLevel(middle, levels, bit, 1, bits);
      // (u − zero)² − (u − one)²
      slopes[cell * bits + bit] = 2 * (one - zero);
      offsets[cell * bits + bit] = zero * zero - one * one;
    }
  return (position, certainty, into, at, stride) => {
    const cell = Math.max(0, Math.min(2 * side - 1, Math.floor(position) + side));
    for (let bit = 0; bit < bits; bit++) {
      const i = cell * bits + bit;
      into[at + 2 * bit * stride] = (slopes[i]! * position + offsets[i]!) * certainty;
    }
  };
}

function exact(levels: readonly number[]): AxisDemapper {
  const side = levels.length;
  const bits = Math.log2(side);
  const weights = new Float64Array(side);
  return (position, certainty, into, at, stride) => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < side; i++) {
      weights[i] = certainty * (position - levels[i]!) ** 2;
      if (weights[i]! < least) least = weights[i]!;
    }
    for (let i = 0; i < side; i++) weights[i] = Math.exp(least - weights[i]!);
    for (let bit = 0; bit < bits; bit++) {
      let [zero, one] = [0, 0];
      for (let i = 0; i < side; i++) {
        if ((i >> (bits - 1 - bit)) & 1) one += weights[i]!;
        else zero += weights[i]!;
      }
      // a sum that underflows is e^-745 of the other at most
      into[at + 2 * bit * stride] = Math.log(one || Number.MIN_VALUE) - Math.log(zero || Number.MIN_VALUE);
    }
  };
}

const RULES: Readonly<Record<DemapRule, (levels: readonly number[]) => AxisDemapper>> = { "max-log": maxLog, exact };
const made = new Map<string, AxisDemapper>();

/**
 * The demapper of one axis. `position` is in the units of `constellation.levels`, `certainty` is 1/(N0·scale²): the Gaussian exponent per
 * squared unit, where N0 is the complex noise power after equalisation.
 */
export function axisDemapper(constellation: Constellation, rule: DemapRule = "max-log"): AxisDemapper {
  const key = `${constellation.name} ${rule}`;
  const known = made.get(key) ?? RULES[rule](constellation.levels);
  made.set(key, known);
  return known;
}
