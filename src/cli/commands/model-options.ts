// The options that every command with a MODEL has: how big its open dimensions are. Reading them and counting the network.
import { readModel } from "../../node/model.ts";
import { InputError } from "../../units/input-error.ts";
import { type CountOptions, countGraph } from "../../work/count-graph.ts";
import { optimiserNamed } from "../../work/training.ts";
import type { WorkReport } from "../../work/work.ts";
import type { ArgumentSpec, OptionSpec, OptionValues } from "../command.ts";
import { countOption, dimensionsOption, flagOption, textOption } from "../options.ts";

export const MODEL_ARGUMENT: ArgumentSpec = {
  name: "model",
  description: "an .onnx file (- for stdin), or a built-in network as zoo:NAME",
  required: true,
};

export const MODEL_OPTIONS: readonly OptionSpec[] = [
  { flags: "--batch <n>", description: "samples in one pass (default: what the file says, 1 where it is open)" },
  {
    flags: "--dim <name=n>",
    description: "length of a symbolic dimension, such as seq=128 or input.2=224; may be repeated",
    repeatable: true,
  },
  { flags: "--trip-count <n>", description: "iterations of a Loop whose number the model does not say" },
  {
    flags: "--training",
    description: "one training step (forward, backward, optimiser) instead of one inference pass",
  },
  { flags: "--optimiser <name>", description: "with --training: sgd, sgd-momentum, adam or adamw (default adam)" },
];

export function countOptions(options: OptionValues): CountOptions {
  const batch = countOption(options, "--batch");
  const tripCount = countOption(options, "--trip-count", 0);
  const optimiser = textOption(options, "--optimiser");
  if (optimiser !== undefined && !flagOption(options, "--training"))
    throw new InputError("no-training", "--optimiser needs --training", "add --training");
  return {
    dims: dimensionsOption(options, "--dim"),
    phase: flagOption(options, "--training") ? "training" : "inference",
    ...(batch !== undefined && { batch }),
    ...(tripCount !== undefined && { tripCount }),
    ...(optimiser !== undefined && { optimiser: optimiserNamed(optimiser) }),
  };
}

/** Reads a model and counts its work. */
export async function countModel(name: string, options: CountOptions): Promise<WorkReport> {
  return countGraph(await readModel(name), options);
}
