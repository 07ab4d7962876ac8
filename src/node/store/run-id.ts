// Names of runs: short, unique, and in the order of time when sorted as text. Crockford's base 32 (no i, l, o, u).
import { randomInt } from "node:crypto";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 9;
const DICE_DIGITS = 3;

/** What every id looks like: nine digits of time (to the year 3084), three of chance. */
export const RUN_ID = /^[0-9a-hjkmnp-tv-z]{12}$/;

function base32(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = DIGITS[rest % 32] + text;
  return text;
}

/**
 * A new id.
 * @param nowMs wall clock, ms since 1970
 * @param dice an integer in [0, below)
 */
export function newRunId(nowMs: number = Date.now(), dice: (below: number) => number = (n) => randomInt(n)): string {
  return base32(Math.floor(nowMs), TIME_DIGITS) + base32(dice(32 ** DICE_DIGITS), DICE_DIGITS);
}
