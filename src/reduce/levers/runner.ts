// A trial of a network in this machine's runtime: so many samples at once, on so many threads, by the clock and by a meter where there is one.
import type { WeightedNetwork } from "../network.ts";
import type { MeasuredInference } from "../record.ts";
import { type TimedNetwork, type TimingPlan, timeNetworks } from "../timing.ts";
import type { Trial } from "./sweep.ts";

export interface RunnerPlan extends Omit<TimingPlan, "batch" | "threads"> {
  /** Joules of the turns of a trial, once they are over. Default: none are told. */
  readonly measure?: (timed: TimedNetwork) => Promise<MeasuredInference | undefined>;
}

/** How a trial differs from another. */
export interface TrialSettings {
  readonly batch?: number;
  readonly threads?: number;
}

export type TrialRunner = (settings: TrialSettings) => Promise<Trial>;

/** @throws InputError when the runtime refuses the network or the batch */
export function trialRunner(network: WeightedNetwork, plan: RunnerPlan): TrialRunner {
  const { measure, section, ...timing } = plan;
  return async (settings) => {
    const name = Object.entries(settings)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");
    const own = section && ((turn: string, passes: () => Promise<void>) => section(`${name}: ${turn}`, passes));
    const { trial } = await timeNetworks({ trial: network }, { ...timing, ...settings, ...(own && { section: own }) });
    const turns = trial.turns.map((turn) => (own === undefined ? turn : { ...turn, name: `${name}: ${turn.name}` }));
    const joules = await measure?.({ ...trial, turns });
    const { medianS, lowS, highS } = trial.time;
    return {
      perSampleS: medianS,
      lowS,
      highS,
      joules: joules && {
        perSampleJ: joules.perInferenceJ,
        lowJ: joules.lowJ,
        highJ: joules.highJ,
        kind: joules.kind,
      },
    };
  };
}
