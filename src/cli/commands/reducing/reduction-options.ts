// Options that every reducing command has besides its own.
import type { DataSet } from "../../../learn/data/data-set.ts";
import type { OptionSpec } from "../../command.ts";
import type { LearningSettings } from "../learning/learning-options.ts";
import { FORCE_OPTION } from "../learning/network-out.ts";
import { SOURCE_OPTIONS } from "../measuring/machine-options.ts";

/** Without --data, --limit-test and --threads, which learning commands have already: see DATA_OPTIONS. */
export const REDUCTION_OPTIONS: readonly OptionSpec[] = [
  FORCE_OPTION,
  { flags: "--dim <name=n>", description: "length of a symbolic dimension; may be repeated", repeatable: true },
  { flags: "--on <device>", description: "device for the joules per inference (default: this CPU)" },
  {
    flags: "--clock <time>",
    description: "time each network is run by the clock, in turns; 0: not at all (default 1.5s)",
  },
  { flags: "--idle <time>", description: "idle time before, for the baseline (default 0: none)" },
  ...SOURCE_OPTIONS.filter(({ flags }) => !flags.startsWith("--replay")),
  { flags: "--no-measure", description: "do not read any power source" },
  { flags: "--label <text>", description: "a name for the run in the history" },
  { flags: "--no-save", description: "do not keep the run in the history" },
];

/** For commands that do not learn. */
export const DATA_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--data <name>",
    description: "folder (IDX, CIFAR binary, NPY, NPZ, dataset.json), .npz file, or synthetic:digits",
  },
  {
    flags: "--loss <name>",
    description: "what accuracy is judged by: cross-entropy, bce, mse (default cross-entropy)",
  },
  { flags: "--limit-test <n>", description: "only the first n test samples" },
  { flags: "--threads <n>", description: "threads within an operator (default: one per physical core)" },
];

/** The loss on these data: what their mask leaves out is not judged. */
export function lossOn<L extends LearningSettings["loss"]>(set: DataSet | undefined, loss: L): L {
  return set?.columns.some(({ role }) => role === "mask") === true ? { ...loss, masked: true } : loss;
}
