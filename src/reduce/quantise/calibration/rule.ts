// The shape of a calibration: from what an activation was seen to be, to the range that its codes cover. One rule per file.
import type { Range } from "../affine.ts";

/** Values of one tensor over all samples. */
export interface Seen extends Range {
  /** Counts in even bins from `low` to `high`; undefined for rules that do not ask for them. */
  readonly bins: Float64Array | undefined;
}

export interface CalibrationRule {
  /** On the command line. */
  readonly id: string;
  /** Key of REFERENCES.md; undefined for what needs none. */
  readonly source: string | undefined;
  /** Whether `bins` are needed: a second pass over the samples. */
  readonly needsBins: boolean;
  rangeOf(seen: Seen): Range;
}
