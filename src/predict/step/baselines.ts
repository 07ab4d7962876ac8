// What a user would do without STEP, for comparison: the first epoch times N, and the two calculators that multiply time by design power.
// All are given the true duration, which they could not know beforehand: an advantage that STEP does not have.
import type { EpochSeries } from "./epochs.ts";

/** What the calculators need of the GPU. */
export interface BoardFacts {
  /** Design power, W. */
  readonly tdpW?: number;
  /** Mean share of the time in which the GPU worked, in [0, 1]. */
  readonly usageRatio?: number;
}

/** Joules that each rule gives; undefined where it lacks a number. */
export interface Baselines {
  readonly firstEpochJ: number;
  readonly mlco2J: number | undefined;
  readonly greenAlgorithmsJ: number | undefined;
}

/**
 * First epoch × N; TDP × time [Lacoste2019]; TDP × usage × time [Lannelongue2021], the latter without memory and with PUE 1, as the
 * traces it is held against are of the GPU alone. Without a usage it takes its own default, 1.
 */
export function baselinesOf({ epochs, durationS }: EpochSeries, { tdpW, usageRatio = 1 }: BoardFacts): Baselines {
  return {
    firstEpochJ: epochs[0]!.energyJ * epochs.length,
    mlco2J: tdpW === undefined ? undefined : tdpW * durationS,
    greenAlgorithmsJ: tdpW === undefined ? undefined : tdpW * usageRatio * durationS,
  };
}
