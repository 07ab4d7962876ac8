// Stable Training Epoch Projection [DelRey2025]: the epochs up to a stabilising point are taken as they are, the rest is charged at the
// mean of a window behind it. Two forms: joules per epoch, and watts × time. Nothing is read here; replay.ts scores it on finished runs.
import { mean } from "../../math/statistics.ts";
import { currentLevelStart } from "./change-point.ts";
import { type Epoch, type EpochSeries, together } from "./epochs.ts";
import { marginsOf } from "./interval.ts";

/** Epochs before the window when nothing else is asked for: the published stabilising point. */
export const DEFAULT_START = 10;
/** Epochs in the window when nothing else is asked for [DelRey2025]. */
export const DEFAULT_WINDOW = 5;

/** Which epochs are typical. */
export interface StepPlan {
  /** Epochs before the window, at least 1: the first epoch never counts as typical. Default 10. "found": by the series itself. */
  readonly start?: number | "found";
  /** Epochs in the window, at least 1. Default 5. */
  readonly window?: number;
}

/** What a run will have taken at its end. */
export interface Projection {
  /** Epochs that were seen. */
  readonly atEpoch: number;
  /** First epoch of the window, from 0, and its length. */
  readonly start: number;
  readonly window: number;
  /** Epoch form: what was seen, plus the rest at the window's mean, J. */
  readonly totalJ: number;
  /** 90 % interval of totalJ. */
  readonly lowJ: number;
  readonly highJ: number;
  /** Power form: the window's mean power × durationS, J. */
  readonly powerFormJ: number;
  /** Elapsed, plus the rest at the window's mean epoch time, s. */
  readonly durationS: number;
  /** Mean of the window. */
  readonly typical: Epoch;
  readonly remarks: readonly string[];
}

/** The window that a plan gives for a whole run of `count` epochs. */
export interface ChosenWindow {
  readonly start: number;
  readonly window: number;
  readonly isStable: boolean;
  readonly remarks: readonly string[];
}

/**
 * Where start and window lie in a run of `count` epochs. A run too short for them gets a shorter window, and one that ends before the
 * stabilising point a start at half its epochs: both are said in `remarks`.
 */
export function chooseWindow(count: number, start: number, window: number): ChosenWindow {
  if (start + window <= count) return { start, window, isStable: true, remarks: [] };
  if (start < count)
    return {
      start,
      window: count - start,
      isStable: false,
      remarks: [
        `${count} epochs are fewer than start ${start} + window ${window}: the window has ${count - start}, the interval is wider, and all epochs were seen by then`,
      ],
    };
  const earlier = Math.max(1, Math.floor(count / 2));
  const shorter = Math.max(1, Math.min(window, Math.floor((count - earlier) / 2)));
  return {
    start: earlier,
    window: shorter,
    isStable: false,
    remarks: [
      `${count} epochs end before the stabilising point ${start}: start ${earlier} and window ${shorter} are used instead, and the interval is wider`,
    ],
  };
}

const energiesOf = (epochs: readonly Epoch[]): number[] => epochs.map(({ energyJ }) => energyJ);

function meanEpoch(epochs: readonly Epoch[]): Epoch {
  return { energyJ: mean(energiesOf(epochs)), durationS: mean(epochs.map(({ durationS }) => durationS)) };
}

/** A projection from the window [start, start + window) of a run of `count` epochs, whose first `start` epochs and window are in `epochs`. */
function projectFrom(epochs: readonly Epoch[], before: Epoch, count: number, chosen: ChosenWindow): Projection {
  const { start, window, isStable, remarks } = chosen;
  const inWindow = epochs.slice(start, start + window);
  const typical = meanEpoch(inWindow);
  const seen = together([before, ...epochs.slice(0, start)]);
  const atEpoch = start + window;
  const totalJ = seen.energyJ + (count - start) * typical.energyJ;
  const durationS = seen.durationS + (count - start) * typical.durationS;
  // A window that was cut short says too little of itself: then all that it stands for is in doubt, seen or not.
  const remaining = count > atEpoch ? count - atEpoch : isStable ? 0 : count - start;
  const { below, above } = marginsOf({
    window: energiesOf(inWindow),
    earlier: energiesOf(epochs.slice(1, start)),
    remaining,
    isStable,
  });
  const surelyJ = seen.energyJ + together(inWindow).energyJ;
  return {
    atEpoch,
    start,
    window,
    totalJ,
    lowJ: surelyJ <= totalJ ? Math.max(surelyJ, totalJ - below) : totalJ - below,
    highJ: totalJ + above,
    powerFormJ: typical.durationS > 0 ? (typical.energyJ / typical.durationS) * durationS : totalJ,
    durationS,
    typical,
    remarks,
  };
}

/**
 * The published projection of a run whose epochs are all known, as it would have been made at the end of the window.
 * A run of one epoch is that epoch: nothing is left to project.
 */
export function projectSeries(series: EpochSeries, start: number, window: number): Projection {
  const { epochs, before } = series;
  if (epochs.length === 1)
    return projectFrom(epochs, before, 1, {
      start: 0,
      window: 1,
      isStable: true,
      remarks: ["one epoch only: nothing was left to project"],
    });
  return projectFrom(epochs, before, epochs.length, chooseWindow(epochs.length, start, window));
}

/**
 * The projection of a run that is going on, from the epochs that have ended. Behind the stabilising point all epochs since then are the
 * window, so that the interval narrows with every epoch. Undefined with fewer than two epochs: the first one is never typical.
 * @param count epochs that the run is planned to have
 */
export function projectRunning(
  epochs: readonly Epoch[],
  before: Epoch,
  count: number,
  { start = DEFAULT_START, window = DEFAULT_WINDOW }: StepPlan = {},
): Projection | undefined {
  const done = epochs.length;
  if (done < 2 && done < count) return undefined;
  if (done >= count) {
    const all = together([before, ...epochs]);
    return {
      atEpoch: done,
      start: done,
      window: 0,
      totalJ: all.energyJ,
      lowJ: all.energyJ,
      highJ: all.energyJ,
      powerFormJ: all.energyJ,
      durationS: all.durationS,
      typical: meanEpoch(done > 1 ? epochs.slice(1) : epochs),
      remarks: [],
    };
  }
  const stable = start === "found" ? currentLevelStart(energiesOf(epochs)) : start;
  const from = done - stable >= window ? stable : Math.max(1, done - window);
  // A level that is found early may be a first stage (frozen layers, warm-up of the rate): only a user who knows may say a start below 10.
  const stableAt = Math.max(stable, start === "found" ? DEFAULT_START : 0) + window;
  const isStable = done >= stableAt;
  const remarks = isStable ? [] : [`not yet stable: ${done} of ${stableAt} epochs`];
  return projectFrom(epochs, before, count, { start: from, window: done - from, isStable, remarks });
}

/**
 * A run that may stop early: the joules at the fewest and at the most epochs that it may have, each with its interval.
 * @param least fewest epochs, at least 1
 * @param most most epochs, at least `least`
 */
export function projectRange(
  epochs: readonly Epoch[],
  before: Epoch,
  [least, most]: readonly [number, number],
  plan: StepPlan = {},
): Projection | undefined {
  const late = projectRunning(epochs, before, most, plan);
  const early = projectRunning(epochs, before, Math.max(least, epochs.length), plan);
  if (late === undefined || early === undefined || least >= most) return late;
  return {
    ...late,
    lowJ: Math.min(early.lowJ, late.lowJ),
    remarks: [...late.remarks, `the run may stop anywhere from epoch ${least} to ${most}: the range holds both ends`],
  };
}
