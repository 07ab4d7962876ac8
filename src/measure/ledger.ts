// A finished recording with its idle windows: from here every window becomes joules by the same baseline and wall factor.
// It only ties measure.ts, baseline.ts, repeats.ts and load.ts together, for those who account for many windows.
import { mean } from "../math/statistics.ts";
import { type Baseline, takeBaseline } from "./baseline.ts";
import type { Account } from "./energy.ts";
import { type LoadShare, loadIn } from "./load.ts";
import { accountsOf, measureWindow } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import { combineRepeats } from "./repeats.ts";
import type { Recording, Window } from "./trace.ts";
import { splitStart } from "./windows.ts";

/**
 * The first second of the runs, on average, beside the rest: starting up is part of what a run costs and stays in its joules, but a
 * reader should see how much of them it is.
 */
export interface FirstSecond {
  readonly grossJ: number;
  /** Mean power in that second, and after it, W. */
  readonly meanPowerW: number;
  readonly restPowerW: number;
}

/** Repeated runs of one thing. */
export interface Repeats {
  /** One per window, in their order. */
  readonly each: readonly Measurement[];
  /** Their mean. */
  readonly mean: Measurement;
  readonly load: readonly LoadShare[];
  /** Undefined where a run is shorter than 2 s or was not read in one of the two parts. */
  readonly firstSecond: FirstSecond | undefined;
}

export interface Ledger {
  /** Idle power by source; undefined where no idle time was recorded. */
  readonly baseline: ReadonlyMap<string, Baseline> | undefined;
  window(window: Window): Measurement;
  /** @throws InputError "no-runs" without a window */
  repeats(windows: readonly Window[]): Repeats;
  /** Mean powers in even steps over the whole recording, for a drawing; nothing where there are no readings. */
  power(): readonly PowerCourse[];
}

/** Power of one source over time. */
export interface PowerCourse {
  readonly id: string;
  /** Middle of a step, s, and its mean power, W. */
  readonly points: readonly (readonly [timeS: number, powerW: number])[];
}

/** Steps of a drawing; a step is never shorter than what the source can tell apart. */
const STEPS = 300;

function courseOf({ info, curves, rhythm }: Account): PowerCourse {
  const [fromS, toS] = [curves[0]?.fromS ?? 0, curves.at(-1)?.toS ?? 0];
  const stepS = Math.max((toS - fromS) / STEPS, rhythm.pollPeriodS || 0, rhythm.updatePeriodS);
  const count = stepS > 0 ? Math.floor((toS - fromS) / stepS) : 0;
  const points = Array.from({ length: count }, (_, i) => fromS + i * stepS).flatMap((startS) => {
    const curve = curves.find((one) => one.fromS <= startS && one.toS >= startS + stepS);
    if (curve === undefined) return [];
    return [[startS + stepS / 2, (curve.energyJ(startS + stepS) - curve.energyJ(startS)) / stepS] as const];
  });
  return { id: info.id, points };
}

function firstSecondOf(windows: readonly Window[], measure: (window: Window) => Measurement): FirstSecond | undefined {
  const parts = windows.map((window) => {
    const split = splitStart(window);
    return split && { start: measure(split.start), rest: measure(split.rest) };
  });
  const known = parts.flatMap((part) =>
    part?.start.grossJ === undefined || part.rest.grossJ === undefined
      ? []
      : [{ grossJ: part.start.grossJ, meanPowerW: part.start.meanPowerW!, restPowerW: part.rest.meanPowerW! }],
  );
  if (known.length < windows.length || known.length === 0) return undefined;
  return {
    grossJ: mean(known.map(({ grossJ }) => grossJ)),
    meanPowerW: mean(known.map(({ meanPowerW }) => meanPowerW)),
    restPowerW: mean(known.map(({ restPowerW }) => restPowerW)),
  };
}

/**
 * @param idle windows in which nothing was run
 * @param wallFactor wall power over the power that the sources see, ≥ 1. Default 1
 */
export function openLedger(recording: Recording, idle: readonly Window[], wallFactor = 1): Ledger {
  const accounts = accountsOf(recording);
  const baseline = idle.length === 0 ? undefined : takeBaseline(idle.map((window) => ({ recording, window })));
  const options = { wallFactor, ...(baseline !== undefined && { baseline }) };
  const measure = (window: Window) => measureWindow(accounts, window, options);
  return {
    baseline,
    window: measure,
    repeats: (windows) => {
      const each = windows.map(measure);
      return {
        each,
        mean: combineRepeats(each),
        load: loadIn(recording, windows),
        firstSecond: firstSecondOf(windows, measure),
      };
    },
    power: () => accounts.map(courseOf),
  };
}
