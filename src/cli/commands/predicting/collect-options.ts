// What `collect` and `calibrate` share: which machine is read and how networks are run, from options to the words of node/collect.
import { availableParallelism, cpus } from "node:os";
import type { RunningOptions } from "../../../node/collect/point-runner.ts";
import type { SessionOptions } from "../../../node/run/session.ts";
import type { CollectedOn } from "../../../predict/collect/sample-row.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, positiveOption } from "../../options.ts";
import { MODEL_SOURCE_OPTIONS, machineSpec, samplingRate } from "../measuring/machine-options.ts";
import { runtimeOptions } from "../running-options.ts";

/** Reads per second: a repetition may last a few hundredths of a second. */
const RATE_HZ = 50;

export const RUNNING_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--repeats <n>",
    description:
      "timed repetitions of each point; the fastest counts, and there are more where they disagree (default 3)",
  },
  { flags: "--threads <n>", description: "threads within an operator (default: one per physical core)" },
  { flags: "--provider <name>", description: "cpu, webgpu, cuda, coreml or dml (default cpu)" },
  { flags: "--seed <n>", description: "seed of the configurations (default 0)" },
  {
    flags: "--rate <frequency>",
    description: `reads of the power sources per second, above 0 to 1000 (default ${RATE_HZ})`,
  },
  ...MODEL_SOURCE_OPTIONS,
];

/** How points are run. @param targetS length of a repetition where --target-time is not given, s */
export function runningOptions(options: OptionValues, targetS: number, leastPasses: number): RunningOptions {
  return {
    targetS: positiveOption(options, "--target-time", "s") ?? targetS,
    leastPasses: countOption(options, "--min-passes") ?? leastPasses,
    repeats: countOption(options, "--repeats") ?? 3,
    ...runtimeOptions(options),
  };
}

/** The power sources that are read meanwhile. */
export async function sessionOptions(options: OptionValues): Promise<SessionOptions> {
  return { rateHz: samplingRate(options) ?? RATE_HZ, machine: await machineSpec(options) };
}

/** This machine and the way of running, as each row says it. */
export function collectedOn({ threads, provider }: RunningOptions): Omit<CollectedOn, "runtime"> {
  return {
    cpu_name: cpus()[0]?.model.trim() || process.arch,
    cpu_count: availableParallelism(),
    threads: threads ?? 0,
    provider: provider ?? "cpu",
  };
}
