// What the page shows of a study, whether its records come from the local server, from a file of records, or from the JSON of
// `joulecast study report`, which has means and no single trials. Every number is study/analysis.ts's.
import { median } from "../../math/statistics.ts";
import { accuracyFront, type FrontPoint, meanRows, wholeRuns } from "../../study/analysis.ts";
import type { TrialRecord } from "../../study/record.ts";
import type { StudyRow } from "../../study/study-row.ts";
import type { StudyState } from "../../study/study-state.ts";
import type { Trial } from "../../study/trials.ts";

export interface Failure {
  readonly trial: string;
  readonly status: string;
  readonly reason?: string | undefined;
}

export interface StudyProgress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Ids of trials that are being done now. */
  readonly running: readonly string[];
  /** Of all that is left, s; undefined where nothing like it was done, or nobody knows what is left. */
  readonly leftS: number | undefined;
  /** Undefined: a file cannot tell. */
  readonly isGoing: boolean | undefined;
}

export interface StudyShown {
  readonly name: string;
  /** Of whole runs, means of repetitions. */
  readonly runs: readonly StudyRow[];
  readonly front: readonly FrontPoint[];
  readonly failures: readonly Failure[];
  readonly progress: StudyProgress;
}

/** From the closest likeness to the furthest: trials that take about as long. */
const LIKENESSES: readonly ((trial: Trial) => string)[] = [
  ({ network, data, phase, batch }) => JSON.stringify([network, data, phase, batch]),
  ({ network, phase }) => JSON.stringify([network, phase]),
  ({ phase }) => phase,
  () => "",
];

/** Seconds that these trials will take, each as the median of those most like it; undefined where none is done. */
export function timeLeftS(left: readonly Trial[], records: readonly TrialRecord[]): number | undefined {
  const done = records.filter(({ status }) => status === "done");
  if (done.length === 0) return undefined;
  const known = LIKENESSES.map((likeness) => {
    const times = new Map<string, number[]>();
    for (const { trial, durationS } of done)
      times.set(likeness(trial), [...(times.get(likeness(trial)) ?? []), durationS]);
    return (trial: Trial) => times.get(likeness(trial));
  });
  const timeOf = (trial: Trial): number =>
    median(known.map((timesOf) => timesOf(trial)).find((times) => times !== undefined)!);
  return left.reduce((sum, trial) => sum + timeOf(trial), 0);
}

const failuresOf = (records: readonly TrialRecord[]): readonly Failure[] =>
  records
    .filter(({ status }) => status !== "done")
    .map(({ trial, status, reason }) => ({ trial: trial.id, status, reason }));

/** A file of records: all that is known has ended. */
export function shownRecords(name: string, records: readonly TrialRecord[]): StudyShown {
  const rows = records.flatMap((record) => record.rows);
  const failures = failuresOf(records);
  return {
    name,
    runs: meanRows(wholeRuns(rows)),
    front: accuracyFront(rows),
    failures,
    progress: {
      total: records.length,
      done: records.length - failures.length,
      failed: failures.length,
      running: [],
      leftS: undefined,
      isGoing: undefined,
    },
  };
}

export function shownState({ name, trials, records, isGoing, begun }: StudyState): StudyShown {
  const shown = shownRecords(name, records);
  const ended = new Set(records.map(({ trial }) => trial.id));
  const left = trials.filter(({ id }) => !ended.has(id));
  return {
    ...shown,
    progress: {
      ...shown.progress,
      total: trials.length,
      running: isGoing ? begun : [],
      leftS: timeLeftS(left, records),
      isGoing,
    },
  };
}
