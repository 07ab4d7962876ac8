// One line that says how far long work is. Pure formatting: the caller has the clock and decides when to write it
// (after a second, on a terminal, never with --quiet) and overwrites it with a carriage return.
import { formatCount, formatDuration, formatQuantity } from "../units/format.ts";
import { displayWidth, harmless, pad, shorten } from "./width.ts";

export interface Progress {
  /** What is being done: "estimating". */
  readonly label: string;
  readonly done: number;
  /** Undefined: not known how much there is. */
  readonly total?: number | undefined;
  /** What is counted: "layers", "B". Bytes get SI prefixes. */
  readonly unit: string;
  /** Time since the start, s. */
  readonly elapsedS: number;
}

const BAR_WIDTH = 16;

function bar(ratio: number): string {
  const full = Math.round(Math.min(1, Math.max(0, ratio)) * BAR_WIDTH);
  return "━".repeat(full) + "─".repeat(BAR_WIDTH - full);
}

/**
 * "estimating  ━━━━━━──────  12 of 67 layers  38 layers/s  1.45 s left", in at most `width` columns (default 80) and padded
 * to it, so that it covers the line before. Parts that do not fit are left out from the end, and a rate below one a second: the time
 * that is left says more.
 */
export function formatProgress(progress: Progress, width = 80): string {
  const { done, total, unit, elapsedS } = progress;
  const amount = (value: number) => (unit === "B" ? formatQuantity(value, "B") : formatCount(value));
  const rate = elapsedS > 0 ? done / elapsedS : 0;
  const parts = [shorten(harmless(progress.label), width)];
  if (total !== undefined && total > 0) parts.push(bar(done / total));
  const named = unit === "B" ? "" : ` ${unit}`;
  parts.push(total === undefined ? `${amount(done)}${named}` : `${amount(done)} of ${amount(total)}${named}`);
  if (rate >= 1)
    parts.push(unit === "B" ? `${formatQuantity(rate, "B/s")}` : `${formatQuantity(rate, "").trim()} ${unit}/s`);
  if (rate > 0 && total !== undefined && total > done) parts.push(`${formatDuration((total - done) / rate)} left`);
  let line = parts[0]!;
  for (const part of parts.slice(1)) {
    if (displayWidth(line) + 2 + displayWidth(part) > width) break;
    line += `  ${part}`;
  }
  return pad(line, width);
}
