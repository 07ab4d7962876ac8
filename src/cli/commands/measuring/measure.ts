// `joulecast measure -- CMD…` and `measure MODEL`: joules while it runs. It chooses; measure-command, measure-model and measure-replay do.
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";
import { CARBON_OPTIONS, carbonChoice } from "../estimate-carbon.ts";
import { SESSION_OPTIONS } from "./in-session.ts";

const CARBON = ["--region", "--intensity", "--pue", "--price"];
const CARBON_FLAGS = CARBON_OPTIONS.filter(({ flags }) => CARBON.includes(flags.split(" ")[0]!));

const ONLY_MODEL = ["batch", "duration", "passes", "threads", "provider", "seed", "on", "dim"] as const;

/** The grid is looked up after the run; a misspelt one should be told before it. */
async function checkCarbon(options: OptionValues): Promise<void> {
  if (CARBON.some((flag) => textOption(options, flag) !== undefined)) await carbonChoice(options);
}

function checkForCommand(options: OptionValues): void {
  const meant = ONLY_MODEL.find((name) => options[name] !== undefined);
  if (meant !== undefined)
    throw new InputError(
      "model-option",
      `--${meant} is for a network that joulecast runs, not for a command`,
      "give it to the program itself, after --",
    );
}

export const measure: Command = {
  name: "measure",
  summary: "joules of a command, or of a network run by ONNX Runtime, while it runs",
  usage: "[options] -- COMMAND…\n       joulecast measure [options] MODEL",
  arguments: [
    {
      name: "model",
      description: "an .onnx file or zoo:NAME to run; or, after --, a command and its arguments",
      required: false,
      variadic: true,
    },
  ],
  takesRest: true,
  options: [
    {
      flags: "--repeat <n>",
      description:
        "measured runs (default 1); the interval is that of their mean. What is piped in reaches the first run only",
    },
    { flags: "--warmup <n>", description: "runs before them, not counted (default 0; for a network 3 passes)" },
    { flags: "--inferences <n>", description: "inferences that one run of the command makes: joules per inference" },
    ...SESSION_OPTIONS,
    {
      flags: "--batch <n,…>",
      description: "network: samples in one pass, one measurement each (default: as the file says)",
    },
    { flags: "--duration <time>", description: "network: length of a measured section (default 5s)" },
    { flags: "--passes <n>", description: "network: passes in a section, instead of a duration" },
    {
      flags: "--dim <name=n>",
      description: "network: length of a symbolic dimension; may be repeated",
      repeatable: true,
    },
    { flags: "--threads <n>", description: "network: threads within an operator (default: one per physical core)" },
    { flags: "--provider <name>", description: "network: cpu, webgpu, cuda, coreml or dml (default cpu)" },
    { flags: "--seed <n>", description: "network: seed of the random inputs (default 0)" },
    { flags: "--on <devices>", description: "network: devices for the estimates beside it (default: this CPU)" },
    ...CARBON_FLAGS,
  ],
  notes: [
    "The command keeps its stdin, stdout, stderr and exit code, and gets the signals",
    "that joulecast gets, once. It finds JOULECAST_SOCKET and JOULECAST_URL in its",
    "environment, to set epochs and windows in two lines of any language:",
    "`joulecast mark --help` shows how.",
  ],
  examples: [
    "joulecast measure --repeat 5 -- python infer.py --size 224",
    "joulecast measure model.onnx --batch 1,8,64 --on xeon-gold-5220",
    "joulecast measure --record trace.json -- ./train.sh && joulecast measure --replay trace.json",
  ],
  run: async (args, options, context) => {
    const { rest } = context;
    const [model, ...more] = args;
    if (rest !== undefined && model !== undefined)
      throw new InputError(
        "two-subjects",
        `both a network ("${model}") and a command are given`,
        "measure one of them",
      );
    if (more.length > 0)
      throw new InputError(
        "no-dashes",
        `"${args.join(" ")}" is more than one network`,
        `put -- before a command: joulecast measure -- ${args.join(" ")}`,
      );
    await checkCarbon(options);
    if (rest !== undefined) {
      checkForCommand(options);
      return (await import("./measure-command.ts")).measureCommand(rest, options, context);
    }
    if (model !== undefined) return (await import("./measure-model.ts")).measureModel(model, options, context);
    const replay = textOption(options, "--replay");
    if (replay !== undefined) return (await import("./measure-replay.ts")).measureReplay(replay, options);
    throw new InputError(
      "nothing-to-measure",
      "neither a command nor a network is given",
      "joulecast measure -- python infer.py, or joulecast measure model.onnx",
    );
  },
};
