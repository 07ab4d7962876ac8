// What came out: joules of a window with their interval, baseline and coverage, by source and in all. The types only;
// energy.ts integrates, baseline.ts subtracts, measure.ts puts together.
import type { Kind, SourceInfo } from "./power-source.ts";

/** One cause of doubt, as a standard deviation in J. */
export interface Doubt {
  /** "meter resolution", "update period", "baseline spread", "gaps", "averaging", "tolerance", "between runs". */
  readonly cause: string;
  readonly sigmaJ: number;
  /** Degrees of freedom behind sigmaJ when it was estimated from few readings; undefined = known well, as from a data sheet. */
  readonly degrees?: number;
  /** Only for "gaps": joules expected in the time without readings. They are in the interval, not in the value. */
  readonly missingJ?: number;
}

/** Joules of one source in one window. */
export interface SourceEnergy {
  readonly info: SourceInfo;
  readonly kind: Kind;
  /** Joules over the covered time only: gaps are not filled. */
  readonly grossJ: number;
  /** Idle power × the covered part of the window's own duration, J. Undefined when no baseline was taken. */
  readonly baselineJ: number | undefined;
  /** gross − baseline; gross where there is no baseline. May be negative within its doubt. */
  readonly netJ: number;
  /** Share of the window that valid readings cover, in [0, 1]. */
  readonly coverage: number;
  readonly meanPowerW: number;
  readonly peakPowerW: number | undefined;
  readonly doubts: readonly Doubt[];
  /** Counted in the total: false for a source that is part of another. */
  readonly counted: boolean;
  /** What a reader must know: "window shorter than the update period", "counter stood still". */
  readonly remarks: readonly string[];
}

/** Joules of one window, all sources together. "mixed" says that measured and modelled joules were added. */
export interface Measurement {
  readonly window: string;
  readonly durationS: number;
  readonly kind: Kind | "mixed";
  readonly grossJ: number;
  readonly baselineJ: number | undefined;
  readonly netJ: number;
  /** 95 % interval of the whole window's net joules, gaps included; netJ lies in it. */
  readonly netLowJ: number;
  readonly netHighJ: number;
  readonly meanPowerW: number;
  readonly peakPowerW: number | undefined;
  /** The least coverage among the counted sources. */
  readonly coverage: number;
  readonly sources: readonly SourceEnergy[];
  readonly doubts: readonly Doubt[];
  readonly remarks: readonly string[];
}
