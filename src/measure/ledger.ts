// A finished recording with its idle windows: from here every window becomes joules by the same baseline and wall factor.
// It only ties measure.ts, baseline.ts, repeats.ts and load.ts together, for those who account for many windows.
import { type Baseline, takeBaseline } from "./baseline.ts";
import type { Account } from "./energy.ts";
import { type LoadShare, loadIn } from "./load.ts";
import { accountsOf, measureWindow } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import { combineRepeats } from "./repeats.ts";
import type { Recording, Window } from "./trace.ts";

/** Repeated runs of one thing. */
export interface Repeats {
  /** One per window, in their order. */
  readonly each: readonly Measurement[];
  /** Their mean. */
  readonly mean: Measurement;
  readonly load: readonly LoadShare[];
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
      return { each, mean: combineRepeats(each), load: loadIn(recording, windows) };
    },
    power: () => accounts.map(courseOf),
  };
}
