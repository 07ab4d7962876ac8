// How ONNX Runtime runs a network here: the options that measure, profile, collect and calibrate share.
import type { OptionValues } from "../command.ts";
import { textOption } from "../options.ts";
import { oneOf, PROVIDERS } from "./learning/learning-options.ts";
import { threadsOption } from "./threads-option.ts";

/** Threads and provider, as what runs networks takes them. @throws InputError for a provider that nobody knows, or too many threads */
export function runtimeOptions(options: OptionValues) {
  const threads = threadsOption(options);
  const isNamed = textOption(options, "--provider") !== undefined;
  return {
    ...(threads !== undefined && { threads }),
    ...(isNamed && { provider: oneOf(options, "--provider", PROVIDERS, "cpu") }),
  };
}
