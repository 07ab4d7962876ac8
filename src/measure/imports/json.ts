// Reading JSON of other tools: objects one per line or one after another without commas, and fields that must be numbers.
import { InputError } from "../../units/input-error.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The error for an entry that cannot be read. */
export const badEntry = (format: string, entry: number, problem: string): InputError =>
  new InputError("bad-import", `${format}, entry ${entry}: ${problem}`, "mend or remove that entry and import again");

/** Cuts text into its top-level objects, whatever stands between them: arrays, commas, line ends or nothing. */
function objectTexts(text: string): string[] {
  const found: string[] = [];
  let [depth, start, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" && depth++ === 0) start = i;
    else if (char === "}" && --depth === 0) found.push(text.slice(start, i + 1));
  }
  return found;
}

/** All top-level objects of a text, in order. An unfinished last one (the tool was killed) is left out. @throws InputError */
export function objectsIn(text: string, format: string): { readonly [key: string]: Json }[] {
  return objectTexts(text).map((one, i) => {
    try {
      return JSON.parse(one) as { readonly [key: string]: Json };
    } catch {
      throw badEntry(format, i + 1, `not JSON: ${one.slice(0, 60)}`);
    }
  });
}

/** A number in a field; NaN where the field is absent or null. @throws InputError when it is something else */
export function fieldNumber(
  object: { readonly [key: string]: Json },
  field: string,
  format: string,
  entry: number,
): number {
  const value = object[field];
  if (value === undefined || value === null) return Number.NaN;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw badEntry(format, entry, `field "${field}" is ${JSON.stringify(value)}, not a number`);
}

/** As fieldNumber, but there must be one. */
export function knownField(
  object: { readonly [key: string]: Json },
  field: string,
  format: string,
  entry: number,
): number {
  const value = fieldNumber(object, field, format, entry);
  if (Number.isFinite(value)) return value;
  throw badEntry(format, entry, `field "${field}" is missing`);
}
