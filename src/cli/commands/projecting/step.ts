// `joulecast step TRACES…`: recorded training runs played again, each projected from its first epochs and held against its end.
import { cutIntoEpochs } from "../../../predict/step/epochs.ts";
import { holeRemarks } from "../../../predict/step/holes.ts";
import { DEFAULT_START, DEFAULT_WINDOW, type StepPlan } from "../../../predict/step/project.ts";
import { type FinishedRun, type Replay, type ReplayedRun, replay, type Score } from "../../../predict/step/replay.ts";
import type { RunsFile } from "../../../predict/step/runs-file.ts";
import { stepDocument } from "../../../report/projecting/step-report.ts";
import type { Command, OptionSpec, OptionValues } from "../../command.ts";
import { countOption, textOption } from "../../options.ts";
import { readRunsFile, readTraces, tracePaths } from "./read-traces.ts";

export const STEP_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--start <n>",
    description: `epochs before the window, from 1: the first one is never typical; or "found", where the epochs settle (default ${DEFAULT_START})`,
  },
  { flags: "--window <n>", description: `epochs in the window, from 1 (default ${DEFAULT_WINDOW})` },
];

/** --start and --window. @throws InputError */
export function stepPlan(options: OptionValues): StepPlan {
  const start = textOption(options, "--start") === "found" ? ("found" as const) : countOption(options, "--start");
  const window = countOption(options, "--window");
  return { ...(start !== undefined && { start }), ...(window !== undefined && { window }) };
}

const scoreResult = (score: Score | undefined) => score ?? null;

function runResult(run: ReplayedRun): Readonly<Record<string, unknown>> {
  const { projection, durationS } = run;
  return {
    run: run.run,
    epochs: run.epochs,
    trueJ: run.trueJ,
    stepEpochJ: run.stepEpochJ,
    stepPowerJ: run.stepPowerJ,
    stepPowerOracleJ: run.stepPowerOracleJ,
    lowJ: run.lowJ,
    highJ: run.highJ,
    firstEpochJ: run.firstEpochJ,
    mlco2J: run.mlco2J ?? null,
    greenAlgorithmsJ: run.greenAlgorithmsJ ?? null,
    start: projection.start,
    window: projection.window,
    durationS,
    projectedDurationS: projection.durationS,
    intervalFactor: run.factor,
    remarks: run.remarks,
  };
}

function scoresResult({ score }: Replay): Readonly<Record<string, unknown>> {
  return {
    stepEpoch: scoreResult(score.stepEpoch),
    stepPower: scoreResult(score.stepPower),
    stepPowerOracle: scoreResult(score.stepPowerOracle),
    firstEpoch: scoreResult(score.firstEpoch),
    mlco2: scoreResult(score.mlco2),
    greenAlgorithms: scoreResult(score.greenAlgorithms),
    coverage: score.coverage,
    coverageScaled: score.coverageScaled,
  };
}

/** What is not as the user may think. */
function remarksOf(
  runs: readonly FinishedRun[],
  unknown: readonly string[],
  ignored: readonly string[],
  emptyRows: number,
): string[] {
  const some = (names: readonly string[]) => names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  return [
    ...(unknown.length > 0 ? [`${unknown.length} runs of the runs file have no trace: ${some(unknown)}`] : []),
    ...(ignored.length > 0 ? [`columns of the runs file that were left alone: ${some(ignored)}`] : []),
    ...(emptyRows > 0 ? [`${emptyRows} rows without power were left out: power is drawn straight over them`] : []),
    ...(runs.every(({ tdpW }) => tdpW === undefined)
      ? ["MLCO2 and Green Algorithms need the GPU's design power: give gpu_tdp_w in --runs-file"]
      : []),
  ];
}

const NO_FACTS: RunsFile = { facts: new Map(), ignored: [] };

export const step: Command = {
  name: "step",
  summary: "replay recorded training runs: what their first epochs foretold, against what they took",
  arguments: [
    {
      name: "traces",
      description:
        ".csv or .csv.gz, or folders of them, with the columns run, time_s or t_ms, power_w or gpu_power_w, and epoch if known",
      required: true,
      variadic: true,
    },
  ],
  options: [
    {
      flags: "--runs-file <file>",
      description: "CSV with run and any of epochs, energy_j (or _kj, _mj, _wh, _kwh), gpu_tdp_w, gpu_usage_ratio",
    },
    {
      flags: "--epochs <n>",
      description: "epochs of every run that has neither a column epoch nor a row in the runs file: equal parts",
    },
    ...STEP_OPTIONS,
  ],
  examples: ["joulecast step traces.csv", "joulecast step traces/ --runs-file runs.csv --start 10 --window 5"],
  run: async (paths, options, { progress }) => {
    const plan = stepPlan(options);
    const epochs = countOption(options, "--epochs");
    const runsPath = textOption(options, "--runs-file");
    const { facts, ignored } = runsPath === undefined ? NO_FACTS : readRunsFile(runsPath);
    const files = tracePaths(paths, runsPath);
    const { traces, emptyRows } = await readTraces(files, (path) =>
      progress({ label: `reading ${path}`, done: files.indexOf(path), total: files.length, unit: "files" }),
    );
    progress("");
    const finished = traces.map((trace): FinishedRun => {
      const { epochs: known = epochs, ...rest } = facts.get(trace.run) ?? {};
      const remarks = holeRemarks(trace, rest.energyJ !== undefined);
      return { ...rest, series: cutIntoEpochs(trace, known), remarks };
    });
    const replayed = replay(finished, plan);
    const names = new Set(traces.map(({ run }) => run));
    const unknown = [...facts.keys()].filter((run) => !names.has(run));
    const remarks = remarksOf(finished, unknown, ignored, emptyRows);
    return {
      result: {
        start: plan.start ?? DEFAULT_START,
        window: plan.window ?? DEFAULT_WINDOW,
        runs: replayed.runs.map(runResult),
        score: scoresResult(replayed),
        remarks,
      },
      document: stepDocument({ replayed, plan, remarks }),
    };
  },
};
