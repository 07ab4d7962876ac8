// Threads within an operator: more of them finish sooner, but small layers wait for each other longer than they work, at full power.
import type { TrialRunner } from "./runner.ts";
import { type SweepResult, sweep } from "./sweep.ts";

/** 1, 2, 4, … and the number of cores itself. */
export function threadCounts(cores: number): readonly number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, i) => 2 ** i);
  return [...new Set([...powers, cores])];
}

/**
 * @param cores of this machine; what the runtime uses unless told
 * @param batch samples in one pass. Default 1
 */
export async function threadLever(run: TrialRunner, cores: number, batch = 1): Promise<SweepResult> {
  return sweep("threads", threadCounts(cores), cores, (threads) => run({ threads, batch }));
}
