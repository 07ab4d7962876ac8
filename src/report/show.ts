// Numbers as cells: what people read (units/format.ts) with the full-precision number behind it for CSV.

import { formatCount, formatDuration, formatNumber, formatQuantity, formatRatio, NOT_KNOWN } from "../units/format.ts";
import { JOULES_PER_KWH } from "../units/quantity.ts";
import type { Cell } from "./document.ts";

/** "–", set dim. */
export const NOT_KNOWN_CELL: Cell = { text: NOT_KNOWN, tone: "dim" };
const known = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value);

function numberCell(value: number | undefined, text: (value: number) => string, unit?: string): Cell {
  return known(value) ? { text: text(value), value, unit } : NOT_KNOWN_CELL;
}

/** "3.21 mJ". `unit` is SI and base: "J", "B", "Hz", "FLOP". */
export function quantityCell(value: number | undefined, unit: string): Cell {
  return numberCell(value, (number) => formatQuantity(number, unit), unit === "" ? undefined : unit);
}

/** "11,173,962": every digit. */
export function countCell(value: number | undefined): Cell {
  return numberCell(value, formatCount);
}

/** "5.31 G": a count too long to read in full. */
export function largeCountCell(value: number | undefined): Cell {
  return numberCell(value, (number) => (Math.abs(number) < 1000 ? formatNumber(number) : formatQuantity(number, "")));
}

/** "4.31": three significant digits, no unit. */
export function numberWithoutUnitCell(value: number | undefined): Cell {
  return numberCell(value, formatNumber);
}

/** "12.3 %" of a ratio. */
export function ratioCell(ratio: number | undefined): Cell {
  return numberCell(ratio, formatRatio);
}

/** "1.23 ms", "4.50 h" of seconds. */
export function durationCell(seconds: number | undefined): Cell {
  return numberCell(seconds, formatDuration, "s");
}

/** Joules as electricity is sold: "12.3 kWh"; the value is in kWh. */
export function electricityCell(energyJ: number | undefined): Cell {
  const kWh = known(energyJ) ? energyJ / JOULES_PER_KWH : undefined;
  return numberCell(kWh, (value) => formatQuantity(value * 1000, "Wh"), "kWh");
}

/** "3.21 mg", "1.20 kg", "4.50 t" of kilograms. */
export function massCell(kilograms: number | undefined): Cell {
  const text = (kg: number) => (Math.abs(kg) < 1000 ? formatQuantity(kg * 1000, "g") : formatQuantity(kg / 1000, "t"));
  return numberCell(kilograms, text, "kg");
}

/** An amount of money: "0.0123 EUR", or "0.0123" where the heading says `inCurrency` already. */
export function moneyCell(
  cost: { readonly amount: number; readonly currency: string } | undefined,
  inCurrency?: string | undefined,
): Cell {
  if (cost === undefined) return NOT_KNOWN_CELL;
  const digits = Math.abs(cost.amount) < 1e-3 ? 2 : 3;
  if (cost.currency === inCurrency) return numberCell(cost.amount, (amount) => formatNumber(amount, digits));
  return numberCell(cost.amount, (amount) => `${formatNumber(amount, digits)} ${cost.currency}`, cost.currency);
}

/** Words; undefined is "–". */
export function textCell(text: string | undefined, tone?: Cell["tone"]): Cell {
  return text === undefined ? NOT_KNOWN_CELL : { text, tone };
}

/** "1×3×224×224"; undefined is "–". */
export function shapeCell(shape: readonly (number | string)[] | undefined): Cell {
  if (shape === undefined) return NOT_KNOWN_CELL;
  return { text: shape.length === 0 ? "scalar" : shape.join("×") };
}

/** "2.90–3.50 mJ", "-1.20 to 3.50 mJ", or "890 µJ–1.20 mJ" where the prefixes differ. */
export function rangeText(low: number | undefined, high: number | undefined, unit: string): string {
  if (!known(low) || !known(high)) return NOT_KNOWN;
  const [from, to] = [formatQuantity(low, unit), formatQuantity(high, unit)];
  if (from === to) return to;
  const [number, ending] = [from.slice(0, from.lastIndexOf(" ")), from.slice(from.lastIndexOf(" "))];
  const dash = low < 0 ? " to " : "–"; // a dash and a minus would meet
  return to.endsWith(ending) && from.includes(" ") ? `${number}${dash}${to}` : `${from}${dash}${to}`;
}

/** A range for the eye; CSV has low and high in columns of their own. */
export function rangeCell(low: number | undefined, high: number | undefined, unit: string): Cell {
  const text = rangeText(low, high, unit);
  return text === NOT_KNOWN ? NOT_KNOWN_CELL : { text };
}

/** A number of any unit that a device is described in: counts as they are, kilograms as masses, the rest with prefixes. */
export function unitCell(value: number | undefined, unit: string): Cell {
  if (unit === "kg") return massCell(value);
  if (unit !== "") return quantityCell(value, unit);
  return value !== undefined && Number.isInteger(value) ? countCell(value) : numberWithoutUnitCell(value);
}
