// How ONNX Runtime runs a network here: the options that measure, profile, collect and calibrate share.
import { cpus } from "node:os";
import { InputError } from "../../units/input-error.ts";
import type { OptionValues } from "../command.ts";
import { countOption, textOption } from "../options.ts";
import { oneOf, PROVIDERS } from "./learning/learning-options.ts";

/** More threads than that for each logical processor do nothing but wait for one another: the number was hardly meant. */
const THREADS_PER_PROCESSOR = 4;

function threadsOption(options: OptionValues): number | undefined {
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

/** Threads and provider, as what runs networks takes them. @throws InputError for a provider that nobody knows, or too many threads */
export function runtimeOptions(options: OptionValues) {
  const threads = threadsOption(options);
  const isNamed = textOption(options, "--provider") !== undefined;
  return {
    ...(threads !== undefined && { threads }),
    ...(isNamed && { provider: oneOf(options, "--provider", PROVIDERS, "cpu") }),
  };
}
