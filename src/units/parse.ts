// "3.2 mJ" → 0.0032: quantities as people type them. The inverse of format.ts; a unit that does not fit is the user's to mend.
import { InputError } from "./input-error.ts";
import { JOULES_PER_KWH, SECONDS_PER_YEAR } from "./quantity.ts";

const PREFIX: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  m: 1e-3,
  u: 1e-6,
  µ: 1e-6,
  μ: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
};

/** Units that are no SI prefix of the base unit, by base unit. */
const NAMED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  J: { Wh: 3600, kWh: JOULES_PER_KWH, MWh: 3.6e9, mWh: 3.6 },
  s: {
    min: 60,
    h: 3600,
    d: 86_400,
    day: 86_400,
    days: 86_400,
    w: 604_800,
    y: SECONDS_PER_YEAR,
    year: SECONDS_PER_YEAR,
    years: SECONDS_PER_YEAR,
  },
  B: { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 },
  ratio: { "%": 0.01 },
};

/** Decibel units with a reference, by base unit. */
const LOGARITHMIC: Readonly<Record<string, Readonly<Record<string, number>>>> = { W: { dBm: 1e-3, dBW: 1 } };

/** "Units" of numbers that have none. */
const PLAIN: ReadonlySet<string> = new Set(["ratio", ""]);

/** " (W)" behind what a number should be; nothing where it has no unit. */
export const unitText = (unit: string): string => (PLAIN.has(unit) ? "" : ` (${unit})`);

const PATTERN = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*$/u;

/**
 * Reads a number with an optional unit and returns SI base units.
 * @param text such as "3.2 mJ", "15MHz", "0 dBm", "4y"; a bare number is taken as `unit`
 * @param unit the base unit: "J", "W", "s", "Hz", "B", "bit/s", "ratio", "kg", …
 * @param name what the number is for, used in the error: "--power"
 * @throws InputError with code "bad-quantity" when the text is no number or has another unit
 */
export function parseQuantity(text: string, unit: string, name = "value"): number {
  const match = PATTERN.exec(text);
  const given = match?.[2] ?? "";
  const number = Number(match?.[1]);
  if (match && Number.isFinite(number)) {
    if (given === "") return number;
    const reference = LOGARITHMIC[unit]?.[given];
    if (reference !== undefined) return reference * 10 ** (number / 10);
    const named = NAMED[unit]?.[given];
    if (named !== undefined) return number * named;
    if (given.endsWith(unit)) {
      const prefix = PREFIX[given.slice(0, given.length - unit.length)];
      if (prefix !== undefined) return number * prefix;
    }
  }
  throw PLAIN.has(unit)
    ? new InputError("bad-quantity", `${name}: "${text}" is not a number`, "write a plain number such as 0.5")
    : new InputError(
        "bad-quantity",
        `${name}: "${text}" is not a number of ${unit}`,
        `write it like "3.2${unit}" or as a bare number`,
      );
}

/** As parseQuantity, and the number must lie in [low, high]. */
export function parseWithin(text: string, unit: string, low: number, high: number, name = "value"): number {
  const value = parseQuantity(text, unit, name);
  if (value >= low && value <= high) return value;
  const range = high === Number.POSITIVE_INFINITY ? `at least ${low}` : `between ${low} and ${high}`;
  throw new InputError(
    "out-of-range",
    `${name}: ${text} is out of range`,
    `give a number of ${range}${unitText(unit)}`,
  );
}

/** A whole number of at least `low`: "1e6" → 1000000. */
export function parseCount(text: string, low: number, name = "value"): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= low) return value;
  throw new InputError(
    "bad-count",
    value > Number.MAX_SAFE_INTEGER
      ? `${name}: "${text}" is more than the ${Number.MAX_SAFE_INTEGER} that can be counted exactly`
      : `${name}: "${text}" is not a whole number of at least ${low}`,
    `give one such as ${Math.max(low, 1)}`,
  );
}
