// `joulecast compare -- 'A' 'B'`: two commands in turn, and which needs fewer joules, or that no difference was seen.
import { compareRuns, LEAST_RUNS } from "../../../measure/compare.ts";
import { openLedger } from "../../../measure/ledger.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import type { Session } from "../../../node/run/session.ts";
import { splitWords } from "../../../node/run/split-words.ts";
import { compareDocument, differenceRatio } from "../../../report/measuring/compare-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { countOption, flagOption } from "../../options.ts";
import { inSession, planOptions, SESSION_OPTIONS } from "./in-session.ts";
import { wallFactorOption } from "./machine-options.ts";
import {
  checkRuns,
  checkStartable,
  commandText,
  idleProgress,
  programStdio,
  runWarnings,
  samplerCost,
  wholeRuns,
} from "./measure-command.ts";
import { measurementResult, unusableResult } from "./measure-result.ts";

const DEFAULT_REPEAT = 5;
const SHELL = process.platform === "win32" ? ["cmd", "/d", "/s", "/c"] : ["/bin/sh", "-c"];

/** Two command lines, one string each. */
function programsOf(rest: readonly string[] | undefined, options: OptionValues) {
  if (rest?.length !== 2)
    throw new InputError(
      "not-two",
      rest === undefined ? "no commands are given" : `two commands are expected, not ${rest.length}`,
      "write each as one string after --: joulecast compare -- 'python a.py' 'python b.py'",
    );
  return rest.map((text, i) => {
    const argv = flagOption(options, "--shell") ? [...SHELL, text] : splitWords(text);
    checkStartable(argv);
    return { name: i === 0 ? "a" : "b", argv };
  });
}

function sideResult(command: string, mean: Measurement | undefined, runs: readonly Measurement[]) {
  if (mean === undefined) return null;
  return {
    command,
    ...measurementResult(mean),
    repeats: runs.length,
    each: runs.map(({ durationS, grossJ, netJ, coverage }) => ({
      durationS,
      grossJ: grossJ ?? null,
      netJ: netJ ?? null,
      coverage,
    })),
  };
}

export const compare: Command = {
  name: "compare",
  summary: "which of two commands needs fewer joules: in turn, with the difference's interval",
  usage: "[options] -- 'COMMAND A' 'COMMAND B'",
  arguments: [],
  takesRest: true,
  options: [
    {
      flags: "--repeat <n>",
      description: `runs of each, ${LEAST_RUNS} or more (default ${DEFAULT_REPEAT}). What is piped in reaches the first run only`,
    },
    { flags: "--warmup <n>", description: "runs of each before them, not counted (default 0)" },
    { flags: "--shell", description: "run the strings by /bin/sh instead of splitting them into words" },
    ...SESSION_OPTIONS,
  ],
  examples: ["joulecast compare --repeat 10 -- 'python fp32.py' 'python int8.py'"],
  run: async (_, options, context) => {
    const programs = programsOf(context.rest, options);
    const [textA = "", textB = ""] = context.rest ?? [];
    const repeat = countOption(options, "--repeat", LEAST_RUNS) ?? DEFAULT_REPEAT;
    const command = `compare ${commandText([textA, textB])}`;
    const work = async (session: Session) => {
      const { runCommands } = await import("../../../node/run/commands.ts");
      return checkRuns(
        await runCommands(session, {
          programs,
          ...planOptions(options),
          repeat,
          command: { stdio: programStdio(options) },
          onProgress: idleProgress(context),
        }),
      );
    };
    const { value, finished, runId, save } = await inSession(command, options, context, work);
    const warnings = [...runWarnings(value), ...finished.remarks];
    const ledger = openLedger(finished.recording, value.idle, wallFactorOption(options));
    const measured = wholeRuns(value);
    const [runsA, runsB] = ["a", "b"].map((name) =>
      measured.filter(({ program }) => program === name).map(({ window }) => ledger.window(window)),
    ) as [Measurement[], Measurement[]];
    const comparison = compareRuns(runsA, runsB);
    const { a, b, differenceJ, lowJ, highJ, verdict, method, reason } = comparison;
    const measurements = [a, b].filter((side) => side !== undefined);
    const exitCode = value.interrupted !== undefined ? 130 : value.exitCode || (verdict === "refused" ? 1 : 0);
    const durationS = [...runsA, ...runsB].reduce((total, run) => total + run.durationS, 0);
    const notes = [`verdict: ${verdict}${reason === "" ? "" : `: ${reason}`}`];
    const remarks = await save({ measurements, durationS, exitCode, remarks: [...warnings, ...notes] });
    return {
      result: {
        runId: options.save === false ? null : runId,
        a: sideResult(textA, a, runsA),
        b: sideResult(textB, b, runsB),
        differenceJ: differenceJ ?? null,
        lowJ: lowJ ?? null,
        highJ: highJ ?? null,
        differenceRatio: differenceRatio(comparison) ?? null,
        verdict,
        method,
        reason,
        exitCodes: measured.map(({ program, round, exitCode: code }) => ({ program, round, exitCode: code })),
        unusable: finished.unusable.map(unusableResult),
        sampler: samplerCost(finished) ?? null,
        warnings,
      },
      document: compareDocument({ a: textA, b: textB, comparison, runsA, runsB, warnings }),
      exitCode,
      textTo: "stderr",
      remarks,
    };
  },
};
