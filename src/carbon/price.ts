// What a kilowatt-hour costs, as people type it: "0.20EUR". There is no default: prices are the user's own.
import { InputError } from "../units/input-error.ts";

export interface Price {
  /** Money per kWh. */
  readonly perKwh: number;
  /** ISO 4217 code as given, in capitals. Default "EUR". */
  readonly currency: string;
}

const DEFAULT_CURRENCY = "EUR";

const SYMBOLS: Readonly<Record<string, string>> = { "€": "EUR", $: "USD", "£": "GBP", "¥": "JPY", "₹": "INR" };

const NUMBER = String.raw`(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)`;
const CURRENCY = "([A-Za-z]{3}|[€$£¥₹])";
const AFTER = new RegExp(String.raw`^${NUMBER}\s*${CURRENCY}?$`, "u");
const BEFORE = new RegExp(String.raw`^${CURRENCY}\s*${NUMBER}$`, "u");

const codeOf = (currency: string | undefined): string =>
  currency === undefined ? DEFAULT_CURRENCY : (SYMBOLS[currency] ?? currency.toUpperCase());

/**
 * Reads a price per kilowatt-hour.
 * @param text "0.20EUR", "0.2", "EUR 0.2", "$0.12", with or without "/kWh"
 * @throws InputError "bad-price"
 */
export function parsePrice(text: string): Price {
  const bare = text.trim().replace(/\s*\/\s*kwh$/iu, "");
  const after = AFTER.exec(bare);
  const before = BEFORE.exec(bare);
  const perKwh = Number(after?.[1] ?? before?.[2]);
  if ((after ?? before) && Number.isFinite(perKwh)) return { perKwh, currency: codeOf(after?.[2] ?? before?.[1]) };
  throw new InputError(
    "bad-price",
    `price: "${text}" is not an amount of money per kWh`,
    'write it like "0.20EUR" (a three-letter currency; EUR if none is given)',
  );
}
