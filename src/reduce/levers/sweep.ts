// One setting, several values, each tried: which needs the least joules per sample, and is it worth changing? What a trial is comes in
// as a function (runner.ts), so that this is arithmetic only. Where no joules could be read the clock decides, and the answer says so.

/** What one trial told, per sample. */
export interface Trial {
  /** Median and quartiles of the time, s. */
  readonly perSampleS: number;
  readonly lowS: number;
  readonly highS: number;
  /** Joules with their 95 % interval; undefined where nothing could be read. */
  readonly joules:
    | { readonly perSampleJ: number; readonly lowJ: number; readonly highJ: number; readonly kind: string }
    | undefined;
}

export interface SweepRow extends Trial {
  /** Value of the setting. */
  readonly value: number;
}

/** As in the command line's contract of `advise`. */
export type Verdict = "do" | "perhaps" | "will not help";

export interface SweepResult {
  /** In the order tried. */
  readonly rows: readonly SweepRow[];
  readonly current: SweepRow;
  /** Least joules per sample, or least time where joules are not known of all. */
  readonly best: SweepRow;
  /** What was compared. */
  readonly by: "joules" | "time";
  /** Share saved from current to best, in [0, 1). */
  readonly savedRatio: number;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly why: string;
}

/** Savings below are not worth a change. */
const WORTH_RATIO = 0.03;

interface Compared {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const COMPARED: Readonly<Record<SweepResult["by"], (row: SweepRow) => Compared>> = {
  joules: ({ joules }) => ({ value: joules!.perSampleJ, low: joules!.lowJ, high: joules!.highJ }),
  time: ({ perSampleS, lowS, highS }) => ({ value: perSampleS, low: lowS, high: highS }),
};

function verdictOf(
  name: string,
  current: SweepRow,
  best: SweepRow,
  by: SweepResult["by"],
): Pick<SweepResult, "verdict" | "why"> {
  const [now, then] = [COMPARED[by](current), COMPARED[by](best)];
  const percent = `${(100 * (1 - then.value / now.value)).toFixed(0)} % less ${by === "time" ? "time" : "energy"} per sample`;
  const basis = by === "time" ? "; no meter told joules" : "";
  if (best === current)
    return { verdict: "will not help", why: `${name} ${current.value} is the best of those tried already` };
  if (1 - then.value / now.value < WORTH_RATIO)
    return { verdict: "will not help", why: `${name} ${best.value} saves less than ${100 * WORTH_RATIO} %` };
  const isApart = then.high < now.low;
  const change = `${name} ${best.value} instead of ${current.value}: ${percent}`;
  return isApart
    ? { verdict: "do", why: `${change}${basis}` }
    : { verdict: "perhaps", why: `${change}, but the intervals overlap${basis}` };
}

/**
 * Tries every value and compares it with the one in use.
 * @param name of the setting, in words: "batch"
 * @param values to try; `current` is tried as well
 */
export async function sweep(
  name: string,
  values: readonly number[],
  current: number,
  run: (value: number) => Promise<Trial>,
): Promise<SweepResult> {
  const rows: SweepRow[] = [];
  for (const value of new Set([current, ...values])) rows.push({ value, ...(await run(value)) });
  const by = rows.every(({ joules }) => joules !== undefined) ? "joules" : "time";
  const compared = COMPARED[by];
  const now = rows[0]!;
  const best = rows.reduce((a, b) => (compared(b).value < compared(a).value ? b : a));
  const savedRatio = 1 - compared(best).value / compared(now).value;
  return { rows, current: now, best, by, savedRatio, ...verdictOf(name, now, best, by) };
}
