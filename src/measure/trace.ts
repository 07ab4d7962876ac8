// What was read, over time: one column of times and one of values per source, as recorded. NaN is a failed read.
// Nothing is interpreted here: wraps, gaps and integrals are energy.ts.
import type { SourceInfo } from "./power-source.ts";

/** The readings of one source. Times are monotonic seconds since the recording began, not decreasing. */
export interface Trace {
  readonly info: SourceInfo;
  readonly timeS: Float64Array;
  /** J of the raw counter, or W; NaN where the read failed. Same length as timeS. */
  readonly values: Float64Array;
}

/** A named instant that the program under test (or the user) set. */
export interface Mark {
  readonly timeS: number;
  /** "epoch", "batch", "window-open", "window-close", … */
  readonly name: string;
  readonly value?: string | number;
}

/** A stretch of time to be accounted: [fromS, toS]. */
export interface Window {
  readonly name: string;
  readonly fromS: number;
  readonly toS: number;
}

/** All that was recorded of one run. */
export interface Recording {
  readonly traces: readonly Trace[];
  readonly marks: readonly Mark[];
  /** Load of the machine, where known: name → column on its own times ("cpu/0", "memory", "gpu/0", "vram/0"), ratios in [0, 1]. */
  readonly load: readonly { readonly name: string; readonly timeS: Float64Array; readonly ratio: Float64Array }[];
}
