// What is predicted, and the scale it is predicted on: logarithms, so that no answer is 0 or negative; power as a share of the TDP on
// the logistic scale, so that no answer is above what the board may draw.
import { type PastRun, type SetUp, samplesPerEpoch } from "./run.ts";

export type TargetName = "power" | "epochEnergy" | "epochTime" | "runTime";

/** A target with its scale, fitted to the training runs. */
export interface Scale {
  /** @returns the target of a past run; undefined where the history does not say it */
  of(run: PastRun): number | undefined;
  /** The linear scale on which regressions work. */
  toScale(value: number, setUp: SetUp): number;
  fromScale(value: number, setUp: SetUp): number;
}

export interface Target {
  readonly unit: string;
  /** An amount of work: grows with the FLOPs of the network, so a candidate may predict it per FLOP. */
  readonly isWork: boolean;
  fitScale(runs: readonly PastRun[]): Scale;
}

const perSample = (of: (run: PastRun) => number | undefined): Scale => ({
  of: (run) => {
    const value = of(run);
    return value === undefined ? undefined : value / samplesPerEpoch(run.features);
  },
  toScale: (value) => Math.log(value),
  fromScale: (value) => Math.exp(value),
});

/** Shares of the span from floor to limit outside of which a mean power counts as just inside. */
const SPAN = [0.01, 0.99] as const;
/** A busy board draws at least this part of the least share that was seen of any network. */
const FLOOR_RATIO = 0.5;

/**
 * Power between a floor and a limit. The limit is the TDP, or 5 % above the largest share of the TDP that was seen where that is more
 * (whole machines draw more than their accelerator); the floor is half of the least share seen: clocks stay up however small the network.
 */
function powerScale(runs: readonly PastRun[]): Scale {
  const of = (run: PastRun): number | undefined => run.powerW;
  if (runs.some(({ features }) => features.gpuTdpW === undefined))
    return { of, toScale: (value) => Math.log(value), fromScale: (value) => Math.exp(value) };
  const shares = runs.flatMap((run) => (run.powerW === undefined ? [] : [run.powerW / run.features.gpuTdpW!]));
  const limit = Math.max(1, 1.05 * Math.max(...shares));
  const floor = FLOOR_RATIO * Math.min(...shares);
  return {
    of,
    toScale: (value, { features }) => {
      const share = (value / features.gpuTdpW! - floor) / (limit - floor);
      const inside = Math.min(SPAN[1], Math.max(SPAN[0], share));
      return Math.log(inside / (1 - inside));
    },
    fromScale: (value, { features }) => features.gpuTdpW! * (floor + (limit - floor) / (1 + Math.exp(-value))),
  };
}

export const TARGETS: Readonly<Record<TargetName, Target>> = {
  power: { unit: "W", isWork: false, fitScale: powerScale },
  /** Joules per training sample and epoch. */
  epochEnergy: {
    unit: "J",
    isWork: true,
    fitScale: () => perSample(({ energyJ, epochs }) => (epochs === undefined ? undefined : energyJ / epochs)),
  },
  /** Seconds per training sample and epoch. */
  epochTime: {
    unit: "s",
    isWork: true,
    fitScale: () =>
      perSample(({ durationS, epochs }) =>
        epochs === undefined || durationS === undefined ? undefined : durationS / epochs,
      ),
  },
  /** Seconds per training sample, all epochs together: for when nobody says how many there will be. */
  runTime: { unit: "s", isWork: true, fitScale: () => perSample(({ durationS }) => durationS) },
};
