// The options of `advise`: from text to settings. Nothing is read or run here.
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import {
  countOption,
  dimensionsOption,
  flagOption,
  offOption,
  periodOption,
  positiveOption,
  quantityOption,
  rateOption,
  textOption,
} from "../../options.ts";
import { CARBON_OPTIONS } from "../estimate-carbon.ts";

import { LEARNING_LOSSES, oneOf } from "../learning/learning-options.ts";
import { SOURCE_OPTIONS } from "../measuring/machine-options.ts";

const THIS_MACHINE = "this-machine";
const isThisMachine = (name: string): boolean => name.trim().toLowerCase() === THIS_MACHINE;
/** Options of others that mean something else here, or nothing. */
const NOT_HERE = /^--(?:rate|replay|runs|lifetime|utilisation) /u;

export const ADVISE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--rate <n>", description: "how often it is used: inferences per second such as 50/s, or 5/min" },
  { flags: "--horizon <time>", description: "how long it will be used so, such as 90d (default 1y)" },
  { flags: "--on <device>", description: "this-machine, or a device by name or .json file (default this-machine)" },
  {
    flags: "--data <name>",
    description: "what accuracy is judged by and training would go through: folder, .npz file, or synthetic:digits",
  },
  {
    flags: "--loss <name>",
    description: `what accuracy is judged by: ${LEARNING_LOSSES.join(", ")} (default cross-entropy)`,
  },
  { flags: "--limit-test <n>", description: "only the first n test samples (default 1000)" },
  {
    flags: "--metric <name>",
    description: "metric of estimates (default: roofline, else the first that the device has)",
  },
  { flags: "--try", description: "with another device: run what changes answers here, for its accuracy" },
  { flags: "--no-try", description: "run nothing: estimates only" },
  { flags: "--clock <time>", description: "time that each thing tried is run, in turns with the network (default 1s)" },
  { flags: "--max-loss <share>", description: "accuracy that may be lost, such as 0.5% (default 0.5%)" },
  { flags: "--max-wait <time>", description: "longest time that a sample may wait for its batch (default 1s)" },
  {
    flags: "--epochs <n>",
    description: "of a fine-tuning, whose joules are counted (default 3); distilling takes five times as many",
  },
  { flags: "--move-to <region>", description: "compare the grid with this one's" },
  ...CARBON_OPTIONS.filter(({ flags }) => !NOT_HERE.test(flags)),
  { flags: "--dim <name=n>", description: "length of a symbolic dimension; may be repeated", repeatable: true },
  { flags: "--idle <time>", description: "idle time before, so that idle power is taken off (default 0: none)" },
  ...SOURCE_OPTIONS.filter(({ flags }) => !NOT_HERE.test(flags)),
  { flags: "--no-measure", description: "do not read any power source" },
  { flags: "--label <text>", description: "a name for the run in the history" },
  { flags: "--no-save", description: "do not keep the run in the history" },
];

export interface AdviseSettings {
  readonly ratePerS: number;
  readonly horizonS: number;
  /** Undefined: this machine. */
  readonly on: string | undefined;
  readonly data: string | undefined;
  readonly loss: (typeof LEARNING_LOSSES)[number];
  readonly limitTest: number;
  readonly metric: string | undefined;
  /** Whether networks are run here. */
  readonly isTrying: boolean;
  readonly clockS: number;
  readonly maxLoss: number;
  readonly maxWaitS: number;
  readonly epochs: number;
  readonly moveTo: string | undefined;
  readonly dims: Readonly<Record<string, number>>;
}

/** Longer is no horizon of a network. */
const LONGEST_S = 100 * 365.25 * 86_400;

function horizonOf(options: OptionValues): number {
  const horizonS = periodOption(options, "--horizon") ?? 365.25 * 86_400;
  if (horizonS <= LONGEST_S) return horizonS;
  throw new InputError(
    "out-of-range",
    `--horizon: "${textOption(options, "--horizon")}" is more than a hundred years`,
    "give how long the network will be used, such as 1y",
  );
}

/** @throws InputError for what cannot be meant */
export function adviseSettings(options: OptionValues): AdviseSettings {
  const ratePerS = rateOption(options, "--rate");
  if (ratePerS === undefined)
    throw new InputError(
      "no-rate",
      "how often the network is used is not given, and all that is saved depends on it",
      "give --rate 50/s, and --horizon 1y",
    );
  const on = textOption(options, "--on") ?? THIS_MACHINE;
  if (on.includes(","))
    throw new InputError("two-devices", `--on "${on}" names several devices`, "advice is for one device: name one");
  const isHere = isThisMachine(on);
  return {
    ratePerS,
    horizonS: horizonOf(options),
    on: isHere ? undefined : on,
    data: textOption(options, "--data"),
    loss: oneOf(options, "--loss", LEARNING_LOSSES, "cross-entropy"),
    limitTest: countOption(options, "--limit-test") ?? 1000,
    metric: textOption(options, "--metric"),
    isTrying: isHere ? !offOption(options, "--no-try") : flagOption(options, "--try"),
    clockS: positiveOption(options, "--clock", "s") ?? 1,
    maxLoss: quantityOption(options, "--max-loss", "ratio", 0, 1) ?? 0.005,
    maxWaitS: quantityOption(options, "--max-wait", "s") ?? 1,
    epochs: countOption(options, "--epochs") ?? 3,
    moveTo: textOption(options, "--move-to"),
    dims: dimensionsOption(options, "--dim"),
  };
}
