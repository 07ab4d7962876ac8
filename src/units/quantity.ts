// Quantities: numbers that carry their SI unit in the type. Not a unit-conversion framework: src/ holds SI base units only.
// The brand is optional, so literals and arithmetic need no cast, yet watts passed as joules do not compile.

declare const unit: unique symbol;

/** A number of unit `U`. Plain numbers are accepted; a number of another unit is a compile error. */
export type Quantity<U extends string> = number & { readonly [unit]?: U };

export type Joules = Quantity<"J">;
export type Watts = Quantity<"W">;
export type Seconds = Quantity<"s">;
export type Hertz = Quantity<"Hz">;
export type Bytes = Quantity<"B">;
export type BitsPerSecond = Quantity<"bit/s">;
export type Kilograms = Quantity<"kg">;

/** Joules in one kilowatt-hour, exact. */
export const JOULES_PER_KWH = 3.6e6;
/** Floating-point operations in one multiply-accumulate: one multiplication and one addition. Written once, here. */
export const FLOPS_PER_MAC = 2;
/** Seconds in one Julian year of 365.25 days. */
export const SECONDS_PER_YEAR = 31_557_600;
