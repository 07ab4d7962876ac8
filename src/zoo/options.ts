// The options of a zoo network, checked and applied. What an option means for a family is said in that family's file.
import { InputError } from "../units/input-error.ts";

/** `channels` times `width`, rounded, at least one. */
export function scaled(channels: number, width: number): number {
  return Math.max(1, Math.round(channels * width));
}

/** Largest width multiplier. */
const MAX_WIDTH = 64;

/** Largest value of each option that counts something; beyond them a network is a slip of the keyboard and fills the memory. */
const MAX_COUNT = {
  /** blocks or layers */
  depth: 1000,
  /** tokens */
  sequence: 131_072,
  antennas: 1024,
  /** per resource element */
  bits: 64,
  subcarriers: 100_000,
  /** OFDM symbols */
  symbols: 10_000,
} as const;

/** The width multiplier, default 1. @throws InputError unless it is a number above 0 and at most 64 */
export function widthOf(options: { readonly width?: number }): number {
  const { width = 1 } = options;
  if (!(width > 0 && width <= MAX_WIDTH))
    throw new InputError(
      "bad-width",
      `width is ${width}, expected a number above 0, at most ${MAX_WIDTH}`,
      "1 is the published width",
    );
  return width;
}

/** The option `name` as a whole number from 1 to its largest value. @throws InputError otherwise */
export function countOf(name: keyof typeof MAX_COUNT, value: number): number {
  const most = MAX_COUNT[name];
  if (!(Number.isInteger(value) && value >= 1 && value <= most))
    throw new InputError(
      `bad-${name}`,
      `${name} is ${value}, expected a whole number of at least 1, at most ${most}`,
      "leave it out for the published form",
    );
  return value;
}
