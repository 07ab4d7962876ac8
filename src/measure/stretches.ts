// Where a trace may be believed: stretches of readings without a gap. Nothing is integrated here.
import type { SourceInfo } from "./power-source.ts";
import type { Trace } from "./trace.ts";
import { type Series, unwrap } from "./wrap.ts";

/** Shortest time without a valid reading that counts as a gap, s; longer where the poll period is long. */
export const GAP_FLOOR_S = 1;
/** A gap is also at least so many poll periods. */
export const GAP_PERIODS = 3;
/** At the ends of a trace the curve goes on for so many poll periods: the process ends between two reads. */
const END_PERIODS = 1.5;

/** Readings without a gap, and the time that they speak for. */
export interface Stretch extends Series {
  /** Time that the stretch covers, s: its readings, and at the ends of a trace a little more. */
  readonly fromS: number;
  readonly toS: number;
  /** Stretches with the same number come from one unbroken counter: their joules have one origin. */
  readonly series: number;
}

/** A trace as its believable stretches, with the rhythm that was found in it. */
export interface Stretches {
  readonly info: SourceInfo;
  readonly stretches: readonly Stretch[];
  /** Median time between valid readings, s; NaN with fewer than two. */
  readonly pollPeriodS: number;
  /** Time between two new values, s: as stated by the source, else as seen; at most the poll period where every read is new. */
  readonly updatePeriodS: number;
  /** Readings further apart than this are not bridged, s. */
  readonly gapLimitS: number;
  readonly failedReads: number;
  readonly remarks: readonly string[];
}

/** Median of many numbers; NaN of none. Typed arrays, because an hour at 100 Hz is 360,000 readings. */
function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Positive times between readings. */
function steps(series: readonly Series[]): number[] {
  const found: number[] = [];
  for (const { timeS } of series)
    for (let i = 1; i < timeS.length; i++) if (timeS[i]! > timeS[i - 1]!) found.push(timeS[i]! - timeS[i - 1]!);
  return found;
}

/** Times between changes of the value; the first change of a series only starts the clock. */
export function changePeriods(series: readonly Series[]): number[] {
  const found: number[] = [];
  for (const { timeS, values } of series) {
    let changedS: number | undefined;
    for (let i = 1; i < timeS.length; i++) {
      if (values[i] === values[i - 1]) continue;
      if (changedS !== undefined) found.push(timeS[i]! - changedS);
      changedS = timeS[i]!;
    }
  }
  return found;
}

function seenUpdatePeriodS(series: readonly Series[], pollPeriodS: number): number {
  const periods = changePeriods(series);
  const seenS = periods.length >= 4 ? medianOf(periods) : pollPeriodS;
  return seenS > 1.5 * pollPeriodS ? seenS : pollPeriodS;
}

function cut({ timeS, values }: Series, gapLimitS: number): Series[] {
  const starts = [0];
  for (let i = 1; i < timeS.length; i++) if (timeS[i]! - timeS[i - 1]! > gapLimitS) starts.push(i);
  return starts.map((start, i) => ({
    timeS: timeS.slice(start, starts[i + 1]),
    values: values.slice(start, starts[i + 1]),
  }));
}

/** Cuts a trace at resets and at gaps longer than max(3 × median poll period, 1 s). */
export function stretchesOf(trace: Trace): Stretches {
  const { series, failedReads, remarks } = unwrap(trace);
  const pollPeriodS = medianOf(steps(series));
  const gapLimitS = Math.max(GAP_PERIODS * (pollPeriodS || 0), GAP_FLOOR_S);
  const updatePeriodS = trace.info.updatePeriodS ?? (seenUpdatePeriodS(series, pollPeriodS) || 0);
  const pieces = series
    .flatMap((one, number) => cut(one, gapLimitS).map((part) => ({ ...part, series: number })))
    .filter(({ timeS }) => timeS.length > 1);
  const more = END_PERIODS * Math.max(pollPeriodS || 0, trace.info.reads === "power" ? updatePeriodS : 0);
  const stretches = pieces.map((piece, i) => ({
    ...piece,
    fromS: piece.timeS[0]! - (i === 0 ? more : 0),
    toS: piece.timeS.at(-1)! + (i === pieces.length - 1 ? more : 0),
  }));
  return { info: trace.info, stretches, pollPeriodS, updatePeriodS, gapLimitS, failedReads, remarks };
}
