// How many threads ONNX Runtime may use: the option of every command that runs a network here.
import { cpus } from "node:os";
import { InputError } from "../../units/input-error.ts";
import type { OptionValues } from "../command.ts";
import { countOption } from "../options.ts";

/** More threads than that for each logical processor do nothing but wait for one another: the number was hardly meant. */
const THREADS_PER_PROCESSOR = 4;

/** @throws InputError "out-of-range" */
export function threadsOption(options: OptionValues): number | undefined {
  const threads = countOption(options, "--threads");
  const processors = cpus().length || 1;
  const most = THREADS_PER_PROCESSOR * processors;
  if (threads === undefined || threads <= most) return threads;
  throw new InputError(
    "out-of-range",
    `--threads ${threads} is out of range: this machine has ${processors} logical processors`,
    `give at most ${most}, or leave it out: one per physical core`,
  );
}
