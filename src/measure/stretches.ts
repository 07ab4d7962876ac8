// Where a trace may be believed: stretches of readings without a gap. Nothing is integrated here.
import type { SourceInfo } from "./power-source.ts";
import type { Trace } from "./trace.ts";
import { type Series, unwrap } from "./wrap.ts";

/** Shortest time without a valid reading that counts as a gap, s; longer where the poll period is long. */
const GAP_FLOOR_S = 1;
/** A gap is also at least so many poll periods. */
const GAP_PERIODS = 3;
/** Shortest time after which a counter that does not move is called still, s; longer where it moves seldom. */
const STILL_FLOOR_S = 1;
const STILL_PERIODS = 10;
/** A step so many times what the last interval alone would hold tells that the counter went on and only showed it late. */
const LATE_STEPS = 3;
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
  /** Median time between scheduled readings, s: extra ones, as at a window's edge, are left out. NaN with fewer than two readings. */
  readonly pollPeriodS: number;
  /** Time between two new values, s: as stated by the source, else as seen; at most the poll period where every read is new. */
  readonly updatePeriodS: number;
  /** Readings further apart than this are not bridged, s. */
  readonly gapLimitS: number;
  /** Times in which a counter stood still although there was time to move, [from, to] in s: not believed, and so not covered. */
  readonly still: readonly (readonly [fromS: number, toS: number])[];
  readonly failedReads: number;
  readonly remarks: readonly string[];
}

/** Median of many numbers; NaN of none. Typed arrays, because an hour at 100 Hz is 360,000 readings. */
function medianOf(values: ArrayLike<number>): number {
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

/** Rhythm of the schedule: half of the reads at most come between two scheduled ones, so the upper median is no time to an edge. */
function scheduledPeriodS(series: readonly Series[]): number {
  const waits = Float64Array.from(steps(series)).sort();
  const upperS = waits[waits.length >> 1];
  return upperS === undefined ? Number.NaN : medianOf(waits.filter((waitS) => waitS >= upperS / 2));
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

/** Indices [first, last] of equal values, as long as they can be. */
function plateaus({ values }: Series): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let first = 0, i = 1; i <= values.length; i++) {
    if (values[i] === values[first]) continue;
    if (i - 1 > first) found.push([first, i - 1]);
    first = i;
  }
  return found;
}

/** Mean power while a counter moves, W. */
function movingPowerW({ timeS, values }: Series): number {
  let [energyJ, spentS] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    if (values[i] === values[i - 1]) continue;
    energyJ += values[i]! - values[i - 1]!;
    spentS += timeS[i]! - timeS[i - 1]!;
  }
  return spentS > 0 ? energyJ / spentS : 0;
}

/** Indices between which a counter did not count: still for at least `limitS`, and then no step that makes up for it. */
function stillIn(one: Series, limitS: number): (readonly [number, number])[] {
  const { timeS, values } = one;
  const movingW = movingPowerW(one);
  return plateaus(one).filter(([first, last]) => {
    if (timeS[last]! - timeS[first]! < limitS) return false;
    const next = last + 1;
    if (next === values.length) return true;
    return values[next]! - values[last]! < LATE_STEPS * movingW * (timeS[next]! - timeS[last]!);
  });
}

/** A series without its still parts, nor the steps before and after one: the counter may have counted in a part of them only. */
function withoutStill({ timeS, values }: Series, still: readonly (readonly [number, number])[]): Series[] {
  const starts = [0, ...still.map(([, last]) => last + 1)];
  const ends = [...still.map(([first]) => first), values.length];
  return starts.map((start, i) => ({ timeS: timeS.slice(start, ends[i]), values: values.slice(start, ends[i]) }));
}

function cut({ timeS, values }: Series, gapLimitS: number): Series[] {
  const starts = [0];
  for (let i = 1; i < timeS.length; i++) if (timeS[i]! - timeS[i - 1]! > gapLimitS) starts.push(i);
  return starts.map((start, i) => ({
    timeS: timeS.slice(start, starts[i + 1]),
    values: values.slice(start, starts[i + 1]),
  }));
}

/** Cuts a trace at resets, at gaps longer than max(3 × poll period, 1 s), and where a counter stood still. */
export function stretchesOf(trace: Trace): Stretches {
  const { info } = trace;
  const { series, failedReads, remarks } = unwrap(trace);
  const pollPeriodS = scheduledPeriodS(series);
  const gapLimitS = Math.max(GAP_PERIODS * (pollPeriodS || 0), GAP_FLOOR_S);
  const seenS = seenUpdatePeriodS(series, pollPeriodS) || 0;
  const updatePeriodS = info.updatePeriodS ?? seenS;
  // A counter that never moved has told nothing, however short the time.
  const hasMoved = series.some(({ values }) => values.some((value) => value !== values[0]));
  const slowS = seenS > pollPeriodS ? Math.max(seenS, updatePeriodS) : updatePeriodS;
  const stillLimitS = hasMoved ? Math.max(STILL_FLOOR_S, STILL_PERIODS * slowS) : 0;
  const counting = series.map((one) => ({ one, still: info.reads === "energy" ? stillIn(one, stillLimitS) : [] }));
  const pieces = counting
    .flatMap(({ one, still }) => withoutStill(one, still))
    .flatMap((one, number) => cut(one, gapLimitS).map((part) => ({ ...part, series: number })))
    .filter(({ timeS }) => timeS.length > 1);
  const [firstS, lastS] = [series[0]?.timeS[0], series.at(-1)?.timeS.at(-1)];
  const more = END_PERIODS * Math.max(pollPeriodS || 0, info.reads === "power" ? updatePeriodS : 0);
  const stretches = pieces.map((piece) => ({
    ...piece,
    fromS: piece.timeS[0]! - (piece.timeS[0] === firstS ? more : 0),
    toS: piece.timeS.at(-1)! + (piece.timeS.at(-1) === lastS ? more : 0),
  }));
  const still = counting.flatMap(({ one: { timeS }, still: found }) =>
    found.map(([first, last]) => [timeS[first - 1] ?? timeS[0]!, timeS[last + 1] ?? timeS[last]!] as const),
  );
  return { info, stretches, pollPeriodS, updatePeriodS, gapLimitS, still, failedReads, remarks };
}
