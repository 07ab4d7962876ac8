// What is kept of a trial: what it was, where and how it went, and the rows that it gave. One JSON object each; the raw samples lie beside it.
import type { StudyRow } from "./study-row.ts";
import type { Trial } from "./trials.ts";

/** Attempts that end without a word (the machine died, or its memory) after which a trial is set aside. */
export const MOST_ATTEMPTS = 3;

/** A trial that has ended, one way or another. */
export interface TrialRecord {
  readonly trial: Trial;
  /** "set aside": it took its machine or process down too often. */
  readonly status: "done" | "failed" | "set aside";
  /** Why it failed or was set aside. */
  readonly reason: string | undefined;
  /** Times that it was begun. */
  readonly attempts: number;
  /** Name of the machine. */
  readonly machine: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of the whole trial, cool-down and warm-up included, s. */
  readonly durationS: number;
  /** One for inference, one per epoch for training; none where it failed. */
  readonly rows: readonly StudyRow[];
}

/** Code of the error that tells that a trial was given to somebody else. */
export const LEASE_LOST = "lease-lost";

/** A trial that somebody is to do now. */
export interface Claim {
  readonly trial: Trial;
  /** From 1. */
  readonly attempt: number;
  /** How often it is to be renewed, s; undefined: it need not be. */
  readonly renewEveryS: number | undefined;
  /** Tells that it is still being done, so that nobody else takes it; rejects with LEASE_LOST when somebody has. */
  renew(): Promise<void>;
  /**
   * Keeps the record and, in the same step, takes the trial off the list. Samples: the recording, encoded.
   * @returns false when the trial was given to somebody else meanwhile: then nothing is kept
   */
  end(record: TrialRecord, samples: string | undefined): Promise<boolean>;
  /** Gives the trial back undone: Ctrl-C. */
  release(): Promise<void>;
}

export interface StudyProgress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Being done now, here or elsewhere. */
  readonly running: number;
}

/** Where the trials of a study are taken from and their records kept: a folder, or a database that many machines share. */
export interface TrialQueue {
  /** The next trial for this machine; undefined when there is none to take now. */
  take(): Promise<Claim | undefined>;
  progress(): Promise<StudyProgress>;
  /** Every record so far, in no order. */
  records(): Promise<readonly TrialRecord[]>;
}

/** Does one trial; what goes wrong with it is a record too. No record: the trial was given to somebody else, and stopped here. */
export type TrialRunner = (
  claim: Claim,
  signal: { readonly aborted: boolean },
) => Promise<{ readonly record: TrialRecord | undefined; readonly samples: string | undefined }>;
