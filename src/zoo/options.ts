// The options of a zoo network, checked and applied. What an option means for a family is said in that family's file.
import { InputError } from "../units/input-error.ts";

/** `channels` times `width`, rounded, at least one. */
export function scaled(channels: number, width: number): number {
  return Math.max(1, Math.round(channels * width));
}

/** The width multiplier, default 1. @throws InputError unless it is a finite number above 0 */
export function widthOf(options: { readonly width?: number }): number {
  const { width = 1 } = options;
  if (!(width > 0 && Number.isFinite(width)))
    throw new InputError("bad-width", `width is ${width}, expected a number above 0`, "1 is the published width");
  return width;
}

/** The option `name` as a whole number of at least 1. @throws InputError otherwise */
export function countOf(name: string, value: number): number {
  if (!(Number.isInteger(value) && value >= 1))
    throw new InputError(
      `bad-${name}`,
      `${name} is ${value}, expected a whole number of at least 1`,
      "leave it out for the published form",
    );
  return value;
}
