// A raw energy counter becomes joules that only rise: wraps corrected, failed reads skipped, resets cut. Not the integral over a
// window (that is energy.ts). RAPL counters are 32 bits wide and wrap within minutes to hours [IntelSDM, vol. 3B, 16.10].
import type { SourceInfo } from "./power-source.ts";
import type { Trace } from "./trace.ts";

/** Default time between two reads, s: 10 Hz. */
const DEFAULT_POLL_S = 0.1;
/** Shortest time between two reads that is offered, s: 1 kHz. */
const SHORTEST_POLL_S = 1e-3;
/** A limit that the maker states for sustained power is passed for moments: turbo, power averaging windows. */
const POWER_MARGIN = 2;

/** Where neither the source nor its meter states a most power, W: no single component draws more for long. */
const FALLBACK_POWER_W = 1000;

/** One unbroken series of valid readings. Cumulative joules for a counter, watts for a gauge. */
export interface Series {
  readonly timeS: readonly number[];
  readonly values: readonly number[];
}

/** Readings without failed ones, cut where the counter was reset. */
export interface Unwrapped {
  readonly series: readonly Series[];
  readonly failedReads: number;
  readonly wraps: number;
  readonly remarks: readonly string[];
}

/**
 * Longest time between two reads of a counter, s, so that two wraps cannot hide between them; where no power limit is known,
 * FALLBACK_POWER_W is taken. Undefined for a counter without a known range, and for gauges.
 */
export function longestPollPeriodS({ wrapJ, maxPowerW, assumedPowerW }: SourceInfo): number | undefined {
  const mostW = maxPowerW || assumedPowerW || FALLBACK_POWER_W;
  return wrapJ === undefined ? undefined : wrapJ / mostW / 2;
}

/**
 * Time between two reads of a source, s.
 * @param wantedS what the user asks for, s; default 0.1 (10 Hz); raised to 0.001 (1 kHz), lowered so that no two wraps can hide
 */
export function pollPeriodS(info: SourceInfo, wantedS: number = DEFAULT_POLL_S): number {
  const longest = longestPollPeriodS(info) ?? Number.POSITIVE_INFINITY;
  return Math.max(SHORTEST_POLL_S, Math.min(wantedS, longest));
}

/** What happened between two valid readings of a counter: joules, or the reason why they are not known. */
function counted(info: SourceInfo, before: number, after: number, elapsedS: number): number | string {
  const { wrapJ, maxPowerW, resolution = 0, updatePeriodS = 0 } = info;
  const mostJ =
    maxPowerW === undefined
      ? Number.POSITIVE_INFINITY
      : POWER_MARGIN * (maxPowerW * (elapsedS + updatePeriodS) + resolution);
  const step = after - before;
  if (step < 0 && wrapJ === undefined) return "counter fell and has no known range: taken as a reset";
  if (wrapJ !== undefined && (maxPowerW || info.assumedPowerW || FALLBACK_POWER_W) * elapsedS > wrapJ)
    return "too long without a reading: the counter may have wrapped more than once";
  const energyJ = step < 0 ? step + wrapJ! : step;
  const limitJ = step < 0 ? Math.min(mostJ, maxPowerW === undefined ? wrapJ! / 2 : mostJ) : mostJ;
  if (energyJ < 0 || energyJ > limitJ) return "counter jumped by more than the source can draw: taken as a reset";
  return energyJ;
}

/** A failed read is NaN; anything else that is not finite is no reading either. */
function validReadings(trace: Trace): { timeS: number[]; values: number[] } {
  const timeS: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < trace.values.length; i++) {
    const value = trace.values[i]!;
    if (!Number.isFinite(value)) continue;
    timeS.push(trace.timeS[i]!);
    values.push(value);
  }
  return { timeS, values };
}

/** Valid readings of a gauge as one series; those of a counter made cumulative, with a new series after each reset. */
export function unwrap(trace: Trace): Unwrapped {
  const { info } = trace;
  const { timeS, values } = validReadings(trace);
  const failedReads = trace.values.length - values.length;
  if (info.reads === "power" || values.length === 0)
    return { series: values.length > 0 ? [{ timeS, values }] : [], failedReads, wraps: 0, remarks: [] };

  const remarks = new Set<string>();
  if (info.wrapJ !== undefined && !(info.maxPowerW || info.assumedPowerW))
    remarks.add(`no power limit is known: wraps are corrected up to ${FALLBACK_POWER_W} W`);
  const series: Series[] = [];
  let times = [timeS[0]!];
  let joules = [0];
  let wraps = 0;
  for (let i = 1; i < values.length; i++) {
    const energyJ = counted(info, values[i - 1]!, values[i]!, timeS[i]! - timeS[i - 1]!);
    if (typeof energyJ === "string") {
      remarks.add(energyJ);
      series.push({ timeS: times, values: joules });
      times = [timeS[i]!];
      joules = [0];
      continue;
    }
    if (values[i]! < values[i - 1]!) wraps++;
    times.push(timeS[i]!);
    joules.push(joules[joules.length - 1]! + energyJ);
  }
  series.push({ timeS: times, values: joules });
  return { series, failedReads, wraps, remarks: [...remarks] };
}
