// The JSON contract's words for epochs and scores, and the joules of epochs once the recording has ended. Shared by whatever learns.
import type { EpochRow, Score } from "../../../learn/train/plan.ts";

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
