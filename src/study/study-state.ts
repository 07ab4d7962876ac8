// A study as it stands: what the local server sends and the page shows. Reading its folder is node/web/studies.ts's business.
import type { TrialRecord } from "./record.ts";
import type { Trial } from "./trials.ts";

export interface StudyState {
  /** What it was made of: equal where nothing has changed. */
  readonly seen: string;
  readonly name: string;
  readonly trials: readonly Trial[];
  readonly records: readonly TrialRecord[];
  /** A program is running it. */
  readonly isGoing: boolean;
  /** Ids of trials that were begun and have no record. */
  readonly begun: readonly string[];
}
