// The options of `run`: how many epochs, how they are seen, what it may cost. Options only; run.ts does.
import type { SignalPlan } from "../../../predict/step/epoch-signals.ts";
import type { EpochRange } from "../../../predict/step/marked-epochs.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount } from "../../../units/parse.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, positiveOption, textOption } from "../../options.ts";
import { CARBON_OPTIONS } from "../estimate-carbon.ts";
import { SESSION_OPTIONS } from "../measuring/in-session.ts";
import { STEP_OPTIONS } from "./step.ts";

const CARBON = ["--region", "--intensity", "--pue", "--price"];

export const RUN_OPTIONS: readonly OptionSpec[] = [
  { flags: "--epochs <n>", description: "epochs that the run is to have; 30-90 when it may stop early" },
  {
    flags: "--epoch-pattern <regex>",
    description:
      "lines of its output that begin an epoch, such as 'Epoch (\\d+)'; the group is its number (default: marks `epoch`)",
  },
  { flags: "--epoch-ends", description: "the lines, or the last of --epoch-steps, stand at the end of an epoch" },
  { flags: "--epoch-steps <n>", description: "marks `step` or `batch`, or lines, that make an epoch" },
  { flags: "--epoch-seconds <time>", description: "epochs of a fixed length, for a program that shows none" },
  ...STEP_OPTIONS,
  {
    flags: "--stop-above <energy>",
    description: "ask the program to end (SIGTERM) and exit with 1 when it spent more, or surely will",
  },
  { flags: "--webhook <url>", description: "POST a JSON object there when --stop-above is exceeded" },
  ...SESSION_OPTIONS.filter(({ flags }) => !flags.startsWith("--replay")),
  ...CARBON_OPTIONS.filter(({ flags }) => CARBON.includes(flags.split(" ")[0]!)),
];

/** "90", or "30-90" for a run that may stop early. @throws InputError */
export function epochRange(options: OptionValues): EpochRange {
  const text = textOption(options, "--epochs");
  if (text === undefined)
    throw new InputError(
      "no-epochs",
      "how many epochs the run is to have is not given",
      "give --epochs 90, or --epochs 30-90",
    );
  const [, first = text, second = text] = /^([^-]+)-(.*)$/.exec(text) ?? [];
  const most = parseCount(second, 1, "--epochs");
  const least = parseCount(first, 1, "--epochs");
  if (least <= most) return [least, most];
  throw new InputError(
    "bad-range",
    `--epochs ${text}: ${least} is more than ${most}`,
    `write --epochs ${most}-${least}`,
  );
}

export interface EpochSight extends SignalPlan {
  /** Length of an epoch that is cut by the clock, s. */
  readonly everyS?: number;
}

/** How epochs are seen. @throws InputError */
export function epochSight(options: OptionValues): EpochSight {
  const text = textOption(options, "--epoch-pattern");
  const everyS = positiveOption(options, "--epoch-seconds", "s");
  const steps = countOption(options, "--epoch-steps");
  const atEnd = flagOption(options, "--epoch-ends");
  if (everyS !== undefined && (text !== undefined || steps !== undefined))
    throw new InputError(
      "two-signals",
      "--epoch-seconds cuts epochs by the clock: --epoch-pattern and --epoch-steps have no meaning beside it",
      "give one of them",
    );
  if (atEnd && text === undefined && steps === undefined)
    throw new InputError(
      "no-pattern",
      "--epoch-ends says where the signals of --epoch-pattern or --epoch-steps stand",
      "give one of them; a mark `epoch` always begins an epoch",
    );
  let pattern: RegExp | undefined;
  try {
    pattern = text === undefined ? undefined : new RegExp(text, "u");
  } catch (error) {
    throw new InputError(
      "bad-pattern",
      `--epoch-pattern: ${(error as Error).message}`,
      "write a JavaScript regular expression, such as 'Epoch (\\d+)'",
    );
  }
  return {
    atEnd,
    ...(pattern && { pattern }),
    ...(steps !== undefined && { steps }),
    ...(everyS !== undefined && { everyS }),
  };
}
