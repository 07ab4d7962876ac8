// Counting bit errors, slot by slot, and what the count says: the ratio and its 95 % interval from the spread BETWEEN slots. Bits of one slot
// share its channel, so a binomial interval over bits would be far too narrow in fading.
import { studentQuantile } from "../../math/distribution.ts";
import type { Slot } from "../slot.ts";

/** Sums over slots with equally many bits. */
export interface Tally {
  readonly slots: number;
  readonly bits: number;
  readonly errors: number;
  /** Σ (errors of a slot)². */
  readonly squares: number;
}

export const NOTHING: Tally = { slots: 0, bits: 0, errors: 0, squares: 0 };

export function added(a: Tally, b: Tally): Tally {
  return {
    slots: a.slots + b.slots,
    bits: a.bits + b.bits,
    errors: a.errors + b.errors,
    squares: a.squares + b.squares,
  };
}

/** Bits of a slot that ratios decide wrongly. A ratio of exactly 0 is read as bit 0. */
export function countErrors({ grid, constellation, labels }: Slot, llrs: Float32Array): number {
  const { data, size } = grid;
  const { bits } = constellation;
  let errors = 0;
  for (let bit = 0; bit < bits; bit++) {
    const shift = bits - 1 - bit;
    const row = bit * size;
    for (let i = 0; i < data.length; i++) {
      const element = data[i]!;
      if (((labels[element]! >> shift) & 1) !== (llrs[row + element]! > 0 ? 1 : 0)) errors++;
    }
  }
  return errors;
}

export function tallyOf(slot: Slot, errors: number): Tally {
  return { slots: 1, bits: slot.grid.data.length * slot.constellation.bits, errors, squares: errors * errors };
}

export interface BitErrorRatio {
  readonly ber: number;
  readonly lowBer: number;
  readonly highBer: number;
}

const CONFIDENCE = 0.95;

/**
 * The ratio with its 95 % interval. It is symmetric in the logarithm, ber·e^{±t·s/ber}, where s is the standard error between slots: ratios of
 * fading are skewed and never below 0; its degrees of freedom are those of the slots that hold the errors. Of a single slot nothing is known but the ratio. Without any error the upper bound is that of the slots:
 * less than 1 − 0.05^(1/slots) of them have errors, and half of such a slot's bits are wrong at most; where bits are disturbed independently
 * of each other it is the same of bits.
 * @param independent true where every bit has its own noise and fading (AWGN, a draw per element)
 */
export function ratioOf({ slots, bits, errors, squares }: Tally, independent: boolean): BitErrorRatio {
  const ber = errors / bits;
  if (errors === 0) {
    const bound = -Math.expm1(Math.log(1 - CONFIDENCE) / (independent ? bits : slots));
    return { ber, lowBer: 0, highBer: independent ? bound : bound / 2 };
  }
  if (slots === 1) return { ber, lowBer: 0, highBer: 1 };
  const mean = errors / slots;
  const spread = Math.max(0, squares - slots * mean * mean) / (slots - 1);
  const relative = Math.sqrt(spread / slots) / mean;
  // Where a few slots hold most errors, as many slots as share them evenly is what is known of the spread: (Σe)²/Σe².
  const effective = Math.min(slots, errors ** 2 / squares);
  const factor = Math.exp(studentQuantile((1 + CONFIDENCE) / 2, Math.max(1, effective - 1)) * relative);
  return { ber, lowBer: ber / factor, highBer: Math.min(1, ber * factor) };
}
