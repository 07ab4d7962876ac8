// The forms a forecast can take, by what is given: (a) power × the duration that is given, (b) energy per epoch × the epochs that are given,
// (c) nothing given: power × a duration that is predicted too. They are scored apart: (a) is no forecast of how long training takes.
import { type PastRun, type SetUp, samplesPerEpoch } from "./run.ts";
import type { TargetName } from "./targets.ts";

/** What the user knows already. */
export interface Given {
  readonly durationS?: number | undefined;
  readonly epochs?: number | undefined;
}

export interface Form {
  readonly id: string;
  /** Part of the score it belongs to. */
  readonly part: "a" | "b" | "c";
  readonly label: string;
  readonly needs: readonly (keyof Given)[];
  readonly targets: readonly TargetName[];
  /** Joules of the whole training from the predicted targets. */
  energyJ(predicted: Readonly<Partial<Record<TargetName, number>>>, setUp: SetUp, given: Given): number;
}

export const FORMS: readonly Form[] = [
  {
    id: "power-given-duration",
    part: "a",
    label: "power × given duration",
    needs: ["durationS"],
    targets: ["power"],
    energyJ: ({ power }, _, { durationS }) => power! * durationS!,
  },
  {
    id: "epoch-energy-given-epochs",
    part: "b",
    label: "epoch energy × epochs",
    needs: ["epochs"],
    targets: ["epochEnergy"],
    energyJ: ({ epochEnergy }, { features }, { epochs }) => epochEnergy! * samplesPerEpoch(features) * epochs!,
  },
  {
    id: "power-epoch-time-given-epochs",
    part: "b",
    label: "power × epoch time × epochs",
    needs: ["epochs"],
    targets: ["power", "epochTime"],
    energyJ: ({ power, epochTime }, { features }, { epochs }) =>
      power! * epochTime! * samplesPerEpoch(features) * epochs!,
  },
  {
    id: "power-predicted-duration",
    part: "c",
    label: "power × predicted duration",
    needs: [],
    targets: ["power", "runTime"],
    energyJ: ({ power, runTime }, { features }) => power! * runTime! * samplesPerEpoch(features),
  },
];

/** True when a past run says what the form takes as given. */
export const saysGiven = (form: Form, run: PastRun): boolean => form.needs.every((name) => run[name] !== undefined);
