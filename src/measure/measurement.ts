// What came out: joules of a window with their interval, baseline and coverage, by source and in all. The words only;
// energy.ts integrates, baseline.ts subtracts, measure.ts puts together.
import type { Kind, SourceInfo } from "./power-source.ts";

/** One cause of doubt, as a standard deviation in J. */
export interface Doubt {
  /** "meter resolution", "update period", "baseline spread", "gaps", "averaging", "tolerance", "between runs". */
  readonly cause: string;
  readonly sigmaJ: number;
  /** Degrees of freedom behind sigmaJ when it was estimated from few readings; undefined = known well, as from a data sheet. */
  readonly degrees?: number;
  /** Excess kurtosis of the error: −1.2 where it lies evenly between limits. Default 0: normal. */
  readonly excess?: number;
  /** Only for "gaps": joules expected in the time without readings. They are in the interval, not in the value. */
  readonly missingJ?: number;
}

/** Below this coverage a result says so loudly, gives no joules per inference, and no comparison is made. */
export const LEAST_COVERAGE = 0.95;

/** Joules of one source in one window. */
export interface SourceEnergy {
  readonly info: SourceInfo;
  /** "missing": not read in the window; then its joules are undefined. */
  readonly kind: Kind | "missing";
  /** Joules over the covered time only: gaps are not filled. Undefined when nothing of the window is covered. */
  readonly grossJ: number | undefined;
  /** Idle power × the covered part of the window's own duration, J. Undefined when no baseline was taken. */
  readonly baselineJ: number | undefined;
  /** gross − baseline; gross where there is no baseline. May be negative within its doubt. */
  readonly netJ: number | undefined;
  /** Share of the window that valid readings cover, in [0, 1]. */
  readonly coverage: number;
  readonly meanPowerW: number | undefined;
  readonly peakPowerW: number | undefined;
  readonly doubts: readonly Doubt[];
  /** Counted in the total: false for a source that is part of another. */
  readonly counted: boolean;
  /** What a reader must know: "window shorter than the update period", "counter stood still". */
  readonly remarks: readonly string[];
}

/**
 * Joules of one window, all sources together. "mixed" says that measured and modelled joules were added, "missing" that nothing was
 * read: then every energy and power is undefined, for absence is not 0 J.
 */
export interface Measurement {
  readonly window: string;
  readonly durationS: number;
  readonly kind: Kind | "mixed" | "missing";
  readonly grossJ: number | undefined;
  readonly baselineJ: number | undefined;
  readonly netJ: number | undefined;
  /** 95 % interval of the whole window's net joules, gaps included; netJ lies in it. */
  readonly netLowJ: number | undefined;
  readonly netHighJ: number | undefined;
  readonly meanPowerW: number | undefined;
  readonly peakPowerW: number | undefined;
  /** The least coverage among the counted sources, and 0 when a source that belongs to the total was read only outside the window. */
  readonly coverage: number;
  readonly sources: readonly SourceEnergy[];
  readonly doubts: readonly Doubt[];
  readonly remarks: readonly string[];
}
