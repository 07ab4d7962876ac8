// `joulecast run --epochs N -- CMD…`: a training run measured as `measure` does, and projected to its end while it goes on.
import { runDocument } from "../../../report/projecting/run-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { positiveOption } from "../../options.ts";
import { carbonChoice } from "../estimate-carbon.ts";
import { inSession } from "../measuring/in-session.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { checkStartable, commandText, programWindows, runWarnings, samplerCost } from "../measuring/measure-command.ts";
import { epochRange, epochSight, RUN_OPTIONS } from "./run-options.ts";
import { epochWarnings, trainingOf, trainingResult } from "./run-outcome.ts";
import { runTraining, type TrainingPlan } from "./run-session.ts";
import { stepPlan } from "./step.ts";
import { webhookOption } from "./webhook.ts";

/** Exit code when the limit is exceeded, whatever the program says. */
const LIMIT_EXCEEDED = 1;

async function planOf(argv: readonly string[], options: OptionValues): Promise<TrainingPlan> {
  return {
    argv,
    command: commandText(argv),
    range: epochRange(options),
    sight: epochSight(options),
    step: stepPlan(options),
    limitJ: positiveOption(options, "--stop-above", "J"),
    webhook: webhookOption(options),
    wallFactor: wallFactorOption(options),
    carbon: await carbonChoice(options),
  };
}

async function trainAndTell(argv: readonly string[], options: OptionValues, context: CommandContext): Promise<Outcome> {
  const plan = await planOf(argv, options);
  checkStartable(argv);
  const { command, range } = plan;
  const { value, finished, runId, save } = await inSession(
    command,
    options,
    context,
    (session) => runTraining(session, plan, options, context),
    ({ done }) => done.exitCode,
  );
  const { done, stop, problems } = value;
  const { idle, exitCode } = done;
  const own = done.runs.at(-1)!.window;
  const training = trainingOf(finished, value, own, plan);
  const { exceeded, epochs } = training;
  const warnings = [
    ...runWarnings(done),
    ...finished.remarks,
    ...(exceeded === undefined ? [] : [exceeded]),
    ...problems,
    ...epochWarnings(epochs.length, range, stop !== undefined),
  ];
  const { analyse } = await import("../measuring/measure-outcome.ts");
  const { outcome, measurements, rows } = await analyse(
    {
      title: command,
      recording: finished.recording,
      idle,
      groups: [{ name: command, windows: [own] }],
      windows: programWindows(
        finished,
        [...idle, own].map(({ name }) => name),
      ),
      unusable: finished.unusable,
      sampler: samplerCost(finished),
      exitCode,
      warnings,
    },
    options,
  );
  const remarks = await save({ measurements, durationS: rows[0]!.mean.durationS, exitCode, remarks: warnings });
  return {
    ...outcome,
    result: {
      runId: options.save === false ? null : runId,
      command: argv,
      ...outcome.result,
      ...trainingResult(training, plan, stop),
    },
    document: runDocument(outcome.document, { ...training, range }),
    exitCode: exceeded === undefined ? exitCode : LIMIT_EXCEEDED,
    textTo: "stderr",
    remarks,
  };
}

export const run: Command = {
  name: "run",
  summary: "measure a training run and project its joules to the end while it goes on",
  usage: "[options] --epochs N -- COMMAND…",
  arguments: [],
  takesRest: true,
  options: RUN_OPTIONS,
  examples: [
    "joulecast run --epochs 90 --epoch-pattern 'Epoch (\\d+)' -- python train.py",
    "joulecast run --epochs 30-90 --stop-above 2MJ -- ./train.sh",
  ],
  run: async (_args, options, context) => {
    if (context.rest === undefined)
      throw new InputError("no-command", "no command is given", "joulecast run --epochs 90 -- python train.py");
    return trainAndTell(context.rest, options, context);
  },
};
