// The JSON contract's words for epochs and scores, and the joules of epochs once the recording has ended. Shared by whatever learns.
import type { EpochRow, Score, TrainingResult } from "../../../learn/train/plan.ts";

/** Epochs of a run with the joules of the finished recording, where all of the epoch is in it. */
export function withWindows(
  { rows, earlierEpochs }: { readonly rows: readonly EpochRow[]; readonly earlierEpochs: number },
  prefix: string,
  windowJ: (name: string) => number | undefined,
): readonly EpochRow[] {
  return rows.map((row) => {
    const energyJ = row.epoch > earlierEpochs ? windowJ(`${prefix}epoch ${row.epoch}`) : undefined;
    return energyJ === undefined ? row : { ...row, energyJ };
  });
}

/** What was spent on steps: in the epochs, and in the one that did not end. */
export interface Spent {
  readonly seconds: number;
  /** Undefined where nothing was read in one of them. */
  readonly energyJ: number | undefined;
  /** The part of the epoch that did not end; undefined where the last one did. */
  readonly unfinished: Pick<EpochRow, "epoch" | "seconds" | "energyJ"> | undefined;
}

/** @param rows the run's, with the joules of the finished recording */
export function spentOn(
  { unfinished, earlierEpochs }: Pick<TrainingResult, "unfinished" | "earlierEpochs">,
  rows: readonly EpochRow[],
  prefix: string,
  windowJ: (name: string) => number | undefined,
): Spent {
  const epoch = rows.length + 1;
  const readJ = epoch > earlierEpochs ? windowJ(`${prefix}epoch ${epoch}`) : undefined;
  const told = unfinished && { epoch, seconds: unfinished.seconds, energyJ: readJ ?? unfinished.energyJ };
  const parts = told === undefined ? rows : [...rows, told];
  return {
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    energyJ: parts.length === 0 ? undefined : sumOf(parts.map(({ energyJ }) => energyJ)),
    unfinished: told,
  };
}

export const unfinishedResult = ({ unfinished }: Spent) =>
  unfinished === undefined
    ? null
    : { epoch: unfinished.epoch, seconds: unfinished.seconds, energyJ: unfinished.energyJ ?? null };

/** That time and joules hold an epoch that is in no row. */
export const unfinishedNote = ({ unfinished }: Spent, prefix: string): readonly string[] =>
  unfinished === undefined
    ? []
    : [`${prefix}epoch ${unfinished.epoch} did not end: its steps are in the time and energy of training`];

/** The sum; undefined when one of the values is. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  );
}

/** Accuracy, or the loss where there is none. */
export const scoreResult = (score: Score | undefined): number | null => score?.accuracy ?? score?.loss ?? null;

export const epochResult = ({ epoch, loss, score, seconds, energyJ }: EpochRow) => ({
  epoch,
  loss,
  metric: scoreResult(score),
  evaluationLoss: score?.loss ?? null,
  seconds,
  energyJ: energyJ ?? null,
});
