// The loop of a study on one machine: takes trials until there are none, does each, keeps its record. Where trials come from is the
// queue's matter (a folder, a database), how one is done the runner's.
import type { Claim, StudyProgress, TrialQueue, TrialRecord, TrialRunner } from "./record.ts";

export interface RunOptions {
  readonly queue: TrialQueue;
  readonly run: TrialRunner;
  readonly signal: { readonly aborted: boolean };
  /** Called before each trial and at the end. */
  readonly onProgress?: (progress: StudyProgress, claim: Claim | undefined) => void;
  readonly onRecord?: (record: TrialRecord) => void;
  /** Waits for trials that others are doing, which may come back; false: this was all. Default: never waits. */
  readonly wait?: () => Promise<boolean>;
}

export interface RunSummary {
  /** Ended here. */
  readonly ended: number;
  readonly failed: number;
  readonly interrupted: boolean;
}

/** Does the trials of a queue, one after another. */
export async function runStudy({ queue, run, signal, onProgress, onRecord, wait }: RunOptions): Promise<RunSummary> {
  let [ended, failed] = [0, 0];
  while (!signal.aborted) {
    const claim = await queue.take();
    onProgress?.(await queue.progress(), claim);
    if (claim === undefined) {
      if (wait !== undefined && !signal.aborted && (await wait())) continue;
      break;
    }
    const { record, samples } = await run(claim, signal).catch(async (error: unknown) => {
      // Not the trial's fault: it is not to count as an attempt.
      await claim.release();
      throw error;
    });
    if (record === undefined) continue;
    if (signal.aborted && record.status !== "done") {
      await claim.release();
      break;
    }
    if (!(await claim.end(record, samples))) continue;
    onRecord?.(record);
    ended++;
    if (record.status !== "done") failed++;
  }
  return { ended, failed, interrupted: signal.aborted };
}
