// Reading option values: text as the user typed it → numbers and lists, with errors that name the option.
import { InputError } from "../units/input-error.ts";
import { parseCount, parseQuantity, parseWithin, unitText } from "../units/parse.ts";
import type { OptionValues } from "./command.ts";

/** "--max-j" → "maxJ", as commander names its values. */
function keyOf(flag: string): string {
  return flag.replace(/^--/, "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export function textOption(options: OptionValues, flag: string): string | undefined {
  const value = options[keyOf(flag)];
  return typeof value === "string" ? value : undefined;
}

export function flagOption(options: OptionValues, flag: string): boolean {
  return options[keyOf(flag)] === true;
}

/** True when the "--no-…" option was given: commander turns "--no-save" into save = false. */
export function offOption(options: OptionValues, flag: string): boolean {
  return options[keyOf(flag.replace(/^--no-/, "--"))] === false;
}

export function repeatedOption(options: OptionValues, flag: string): readonly string[] {
  const value = options[keyOf(flag)];
  return Array.isArray(value) ? value : [];
}

/** A comma-separated list; empty parts are an error. */
export function listOption(options: OptionValues, flag: string): readonly string[] | undefined {
  const text = textOption(options, flag);
  const parts = text?.split(",").map((part) => part.trim());
  if (parts?.includes(""))
    throw new InputError("empty-name", `${flag} "${text}" has an empty name`, "separate names by single commas");
  return parts;
}

export function countOption(options: OptionValues, flag: string, low = 1): number | undefined {
  const text = textOption(options, flag);
  return text === undefined ? undefined : parseCount(text, low, flag);
}

export function quantityOption(
  options: OptionValues,
  flag: string,
  unit: string,
  low = 0,
  high = Number.POSITIVE_INFINITY,
): number | undefined {
  const text = textOption(options, flag);
  return text === undefined ? undefined : parseWithin(text, unit, low, high, flag);
}

/** A quantity above 0. */
export function positiveOption(options: OptionValues, flag: string, unit: string): number | undefined {
  const text = textOption(options, flag);
  const value = text === undefined ? undefined : parseQuantity(text, unit, flag);
  if (value === undefined || value > 0) return value;
  throw new InputError("out-of-range", `${flag}: ${text} is out of range`, `give a number above 0${unitText(unit)}`);
}

/** A share above 0 and up to 1, such as "0.5" or "50%". */
export function shareOption(options: OptionValues, flag: string): number | undefined {
  const value = positiveOption(options, flag, "ratio");
  if (value === undefined || value <= 1) return value;
  throw new InputError("out-of-range", `${flag}: ${value} is out of range`, "give a share above 0 and up to 1");
}

/** A long time, such as "4y" or "30d": the unit must be there, since a bare number of seconds is hardly meant. */
export function periodOption(options: OptionValues, flag: string): number | undefined {
  const text = textOption(options, flag);
  if (text !== undefined && Number.isFinite(Number(text)))
    throw new InputError("no-unit", `${flag}: "${text}" has no unit`, "write days or years, such as 30d or 4y");
  return positiveOption(options, flag, "s");
}

/** "4000/s", "10/min" or a bare number per second → per second. */
export function rateOption(options: OptionValues, flag: string): number | undefined {
  const text = textOption(options, flag);
  if (text === undefined) return undefined;
  const [number = "", per = "s"] = text.split("/");
  const value = Number(number) / parseQuantity(`1${per.trim()}`, "s", flag);
  if (number.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InputError(
    "bad-rate",
    `${flag}: "${text}" is not a rate above 0`,
    'write inferences per second such as "2000" or "5/min"',
  );
}

/** Repeated "name=value" pairs with whole values: --dim seq=128 --dim h=224. */
export function dimensionsOption(options: OptionValues, flag: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    repeatedOption(options, flag)
      .flatMap((text) => text.split(","))
      .map((text) => {
        const [name = "", value = ""] = text.split("=");
        if (name.trim() === "" || value.trim() === "")
          throw new InputError("bad-dimension", `${flag}: "${text}" is not name=value`, `write ${flag} seq=128`);
        return [name.trim(), parseCount(value, 0, `${flag} ${name.trim()}`)];
      }),
  );
}
