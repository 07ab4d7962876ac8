// What the process that does a trial is told and what it answers. Times are monotonic, of the clock that all processes share.
import type { StudyPlan } from "../../study/plan.ts";
import type { Trial } from "../../study/trials.ts";

/** Settings of the plan that a trial needs besides its own. */
export type TrialSettings = Pick<
  StudyPlan,
  "optimiser" | "loss" | "epochs" | "inferencePasses" | "limitTrain" | "limitTest" | "warmUpSteps"
>;

export type TrialOrder =
  /** Paths are absolute. */
  { readonly kind: "trial"; readonly trial: Trial; readonly settings: TrialSettings };

/** One epoch, or the whole inference. */
export interface TrialPart {
  /** Name of its window. */
  readonly window: string;
  readonly epoch?: number;
  readonly samples: number;
  readonly loss?: number;
  readonly accuracy?: number;
}

/** Counts of the network, of one sample. */
export interface TrialCounts {
  readonly macs: number;
  readonly params: number;
  readonly trainableParams: number;
  readonly buffers: number;
  readonly sizeBytes: number;
}

export type TrialAnswer =
  | { readonly kind: "window"; readonly name: string; readonly isOpen: boolean; readonly atS: number }
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "done"; readonly parts: readonly TrialPart[]; readonly counts: TrialCounts };
