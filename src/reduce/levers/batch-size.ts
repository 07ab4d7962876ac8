// Batch size with the least joules per sample: weights are read once for all samples of a pass, and every core has something to do. It
// costs waiting: the first sample of a batch waits for the last.
import type { TrialRunner } from "./runner.ts";
import { type SweepResult, sweep } from "./sweep.ts";

const BATCHES: readonly number[] = [1, 2, 4, 8, 16, 32];

export interface BatchOptions {
  /** To try. Default 1, 2, 4, … 32. */
  readonly batches?: readonly number[];
  /** In use. Default 1. */
  readonly current?: number;
  /** Inferences asked for per second: larger batches than come in `maxWaitS` are not tried. Default: any. */
  readonly ratePerS?: number;
  /** Longest time that a sample may wait for its batch, s. Default 1. */
  readonly maxWaitS?: number;
}

/** Batches that fill within the time allowed. */
export function batchesWithin(
  batches: readonly number[],
  ratePerS: number | undefined,
  maxWaitS: number,
): readonly number[] {
  return ratePerS === undefined ? batches : batches.filter((batch) => (batch - 1) / ratePerS <= maxWaitS);
}

export async function batchLever(run: TrialRunner, options: BatchOptions = {}): Promise<SweepResult> {
  const { batches = BATCHES, current = 1, ratePerS, maxWaitS = 1 } = options;
  return sweep("batch", batchesWithin(batches, ratePerS, maxWaitS), current, (batch) => run({ batch }));
}
