// `measure -- CMD…`: a program of any language, run as if nobody watched.
import type { CommandRun, CommandsResult } from "../../../node/run/commands.ts";
import { whyNotStartable } from "../../../node/run/find-program.ts";
import type { FinishedSession, Session } from "../../../node/run/session.ts";
import { formatQuantity } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionValues, Outcome } from "../../command.ts";
import { countOption, flagOption } from "../../options.ts";
import { inSession, planOptions } from "./in-session.ts";

/** As a person would type it: quoted where a shell needs it. */
export function commandText(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

/** A form for programs is asked for: stdout is ours, and the program's goes to stderr. */
const ownsStdout = (options: OptionValues) =>
  ["--json", "--csv", "--markdown"].some((flag) => flagOption(options, flag));

export const programStdio = (options: OptionValues) => (ownsStdout(options) ? "stdout-to-stderr" : "inherit");

/** @throws InputError "empty-command" | "not-found" | "not-executable" before anything is opened for it */
export function checkStartable(argv: readonly string[]): void {
  if (!argv[0]) throw new InputError("empty-command", "no command follows --", "joulecast measure -- python infer.py");
  const why = whyNotStartable(argv[0]);
  if (why !== undefined) throw why.problem;
}

/** What the sampler cost; undefined when it was killed. */
export function samplerCost({ stats }: FinishedSession) {
  if (stats === undefined) return undefined;
  const rateHz = 1 / Math.min(...stats.sources.map(({ periodS }) => periodS));
  return {
    rateHz: Math.round(rateHz * 100) / 100,
    coreRatio: stats.coreRatio,
    memoryBytes: stats.memoryBytes,
  };
}

/** Windows that the program set: all but ours. */
export function programWindows({ windows }: FinishedSession, ours: readonly string[]) {
  const own = new Set(ours);
  return windows.filter(({ name }) => !own.has(name));
}

/** The result, when at least one run has ended. @throws InputError: the reason why there is none */
export function checkRuns(result: CommandsResult): CommandsResult {
  const { runs, problem, interrupted } = result;
  if (runs.some(({ isWarmup }) => !isWarmup)) return result;
  if (problem !== undefined) throw problem;
  throw new InputError("interrupted", `interrupted by ${interrupted} before the first run`, "run it again");
}

/** What the runs themselves have to say. */
export function runWarnings({ runs, interrupted, problem }: CommandsResult): string[] {
  const measured = runs.filter(({ isWarmup }) => !isWarmup);
  const failed = measured.filter(({ exitCode }) => exitCode !== 0);
  const last = measured.length > 1 ? "the last run is not whole and left out" : "the run is not whole";
  return [
    ...(interrupted === undefined ? [] : [`interrupted by ${interrupted}: ${last}`]),
    ...(problem === undefined
      ? []
      : [`ended early after ${measured.length} run${measured.length === 1 ? "" : "s"}: ${problem.message}`]),
    ...(failed.length > 0 && measured.length > 1
      ? [`${failed.length} of ${measured.length} runs ended with an exit code other than 0`]
      : []),
  ];
}

/** Measured runs that ended by themselves: one that was interrupted did not do its work. If there is no other, it has to do. */
export function wholeRuns({ runs, interrupted }: CommandsResult): readonly CommandRun[] {
  const measured = runs.filter(({ isWarmup }) => !isWarmup);
  return interrupted === undefined || measured.length < 2 ? measured : measured.slice(0, -1);
}

/** Progress while nothing runs; the line is gone when the program may write. */
export const idleProgress = (context: CommandContext) => (text: string) =>
  context.progress(text.startsWith("idle") ? text : "");

const SHORT_S = 0.5;

function shortWarnings(runs: readonly CommandRun[]): string[] {
  const shortest = Math.min(...runs.map(({ window: { fromS, toS } }) => toS - fromS));
  return shortest >= SHORT_S
    ? []
    : [
        `the program ran for only ${formatQuantity(shortest, "s")}: starting it costs most of that; repeat the work inside it, or give --repeat`,
      ];
}

export async function measureCommand(
  argv: readonly string[],
  options: OptionValues,
  context: CommandContext,
): Promise<Outcome> {
  const inferences = countOption(options, "--inferences");
  const plan = planOptions(options);
  checkStartable(argv);
  const command = commandText(argv);
  const { runCommands } = await import("../../../node/run/commands.ts"); // while the sampler's process starts
  const work = async (session: Session) => {
    return checkRuns(
      await runCommands(session, {
        programs: [{ name: "run", argv }],
        ...plan,
        command: { stdio: programStdio(options) },
        onProgress: idleProgress(context),
      }),
    );
  };
  const { value, finished, runId, save } = await inSession(command, options, context, work, (done) => done.exitCode);
  const { runs, idle, exitCode } = value;
  const warnings = [...runWarnings(value), ...finished.remarks];
  const measured = wholeRuns(value);
  const { analyse } = await import("./measure-outcome.ts");
  const { outcome, measurements, rows } = await analyse(
    {
      title: command,
      recording: finished.recording,
      idle,
      groups: [
        {
          name: command,
          windows: measured.map(({ window }) => window),
          ...(inferences !== undefined && { inferences }),
        },
      ],
      windows: programWindows(
        finished,
        [...idle, ...runs.map(({ window }) => window)].map(({ name }) => name),
      ),
      unusable: finished.unusable,
      sampler: samplerCost(finished),
      exitCode,
      warnings: [...warnings, ...shortWarnings(measured)],
    },
    options,
  );
  const remarks = await save({ measurements, durationS: rows[0]!.mean.durationS, exitCode, remarks: warnings });
  return {
    ...outcome,
    result: { runId: options.save === false ? null : runId, command: argv, ...outcome.result },
    textTo: "stderr",
    remarks,
  };
}
