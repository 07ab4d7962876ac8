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
/** What a line is made of, in this order. */
const PARTS = ["label", "bar", "amount", "rate", "left"] as const;
type Part = (typeof PARTS)[number];
/** What a narrow terminal does without, first to last. */
const LEFT_OUT: readonly Part[] = ["rate", "bar", "amount", "left"];

function bar(ratio: number): string {
  const full = Math.round(Math.min(1, Math.max(0, ratio)) * BAR_WIDTH);
  return "━".repeat(full) + "─".repeat(BAR_WIDTH - full);
}

/**
 * "estimating  ━━━━━━──────  12 of 67 layers  38 layers/s  1.45 s left", in at most `width` columns (default 80) and padded
 * to it, so that it covers the line before. What does not fit is left out: the rate first, the time that is left last. A rate below one
 * a second is not shown at all: the time that is left says more.
 */
export function formatProgress(progress: Progress, width = 80): string {
  const { done, total, unit, elapsedS } = progress;
  const amount = (value: number) => (unit === "B" ? formatQuantity(value, "B") : formatCount(value));
  const rate = elapsedS > 0 ? done / elapsedS : 0;
  const named = unit === "B" ? "" : ` ${unit}`;
  const parts: Record<Part, string | undefined> = {
    label: shorten(harmless(progress.label), width),
    bar: total !== undefined && total > 0 ? bar(done / total) : undefined,
    amount: total === undefined ? `${amount(done)}${named}` : `${amount(done)} of ${amount(total)}${named}`,
    rate:
      rate < 1
        ? undefined
        : unit === "B"
          ? formatQuantity(rate, "B/s")
          : `${formatQuantity(rate, "").trim()} ${unit}/s`,
    left: rate > 0 && total !== undefined && total > done ? `${formatDuration((total - done) / rate)} left` : undefined,
  };
  const line = () => PARTS.flatMap((part) => parts[part] ?? []).join("  ");
  for (const part of LEFT_OUT) if (displayWidth(line()) > width) parts[part] = undefined;
  return pad(line(), width);
}
