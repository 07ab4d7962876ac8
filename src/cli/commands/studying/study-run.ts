// `joulecast study run plan.yaml`: every trial of a plan measured on this machine, going on where it was stopped; or foretold, --dry-run.
import { createInterface } from "node:readline/promises";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { SessionOptions } from "../../../node/run/session.ts";
import { checkSources, trialRunner } from "../../../node/study/run-trial.ts";
import { checkSamePlan, openStudyFolder, readRecords, type StudyFolder } from "../../../node/study/study-folder.ts";
import { forecastDocument } from "../../../report/studying/forecast-report.ts";
import { studyDocument, studyResult } from "../../../report/studying/study-report.ts";
import { forecastTotal } from "../../../study/forecast.ts";
import { runStudy } from "../../../study/run.ts";
import { formatDuration, formatQuantity } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { countOption, flagOption, quantityOption, textOption } from "../../options.ts";
import {
  accessHere,
  cpuHere,
  machineSpec,
  SOURCE_OPTIONS,
  samplingRate,
  wallFactorOption,
} from "../measuring/machine-options.ts";
import { machineName } from "./machine-name.ts";
import { checkPlan, forecastPlan, readPlanFile } from "./study-plan.ts";
import { type Doing, doneByAgents } from "./study-shared.ts";
import { submitSlurm } from "./study-slurm.ts";
import { timeLeftText } from "./time-left.ts";

const PROCESS = "horowitz-45nm";
/** What --on is told to hand the trials to a cluster. */
const SLURM = "slurm";

async function pricedBy(options: OptionValues): Promise<{ device?: Hardware; process?: Hardware }> {
  const catalogue = await readCatalogue();
  const asked = textOption(options, "--on");
  const named = asked === SLURM ? undefined : asked;
  const device = named === undefined ? await cpuHere(accessHere()) : await resolveDevice(named, catalogue);
  const process = catalogue.find(({ id }) => id === PROCESS);
  return { ...(device && { device }), ...(process && { process }) };
}

/** Asks at a terminal; elsewhere nobody can answer. */
async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** What is not known may be anything: it is above every budget. @throws InputError "above-budget" when nobody agrees */
async function agreeOn({ unknown, trials, energyJ, highJ }: ReturnType<typeof forecastTotal>, budgetJ: number) {
  if (unknown === 0 && highJ <= budgetJ) return;
  const known = `${formatQuantity(energyJ, "J")} expected, up to ${formatQuantity(highJ, "J")}`;
  const open = `nothing is known of ${unknown === trials ? "" : `${unknown} of `}${trials} trials`;
  const expected = unknown === 0 ? known : unknown === trials ? open : `${known}, and ${open}`;
  const why = unknown === 0 ? "above the budget of" : "it may be above the budget of";
  const budget = formatQuantity(budgetJ, "J");
  if (await isAgreed(`${expected}: ${why} ${budget}. Go on?`)) return;
  throw new InputError(
    "above-budget",
    `${expected}: ${why} ${budget}`,
    unknown === 0
      ? "add --yes to go on, or look at --dry-run"
      : "name a device of the catalogue with --on for a forecast, or add --yes to go on",
  );
}

interface Here {
  readonly machine: string;
  readonly nowIso: () => string;
}

/** @throws InputError "no-sources" */
async function doneHere(options: OptionValues, context: CommandContext, here: Here): Promise<Doing> {
  const rateHz = samplingRate(options);
  const session = { machine: await machineSpec(options), ...(rateHz !== undefined && { rateHz }) };
  await checkSources(session);
  return { run: (study) => runHere(study, session, options, context, here), close: async () => undefined };
}

async function runHere(
  study: StudyFolder,
  session: SessionOptions,
  options: OptionValues,
  context: CommandContext,
  { machine, nowIso }: Here,
): Promise<boolean> {
  const times = (await study.records()).filter(({ status }) => status === "done").map(({ durationS }) => durationS);
  let at = "";
  const { interrupted } = await withInterrupts((signal) =>
    runStudy({
      queue: study,
      signal,
      run: trialRunner({
        machine,
        planOf: () => study.plan,
        session,
        wallFactor: wallFactorOption(options),
        nowIso,
        onProgress: ({ trial }, done, total) =>
          context.progress({ label: `${at}${trial.network} ${trial.phase}`, done, total, unit: "steps" }),
      }),
      onProgress: ({ done, failed, total }, claim) => {
        const ended = done + failed;
        at = `trial ${Math.min(total, ended + 1)} of ${total}${timeLeftText(times, total - ended)}: `;
        if (claim !== undefined) context.progress(`${at}${claim.trial.id}`);
      },
      onRecord: ({ trial, status, durationS, reason }) => {
        if (status === "done") times.push(durationS);
        context.progress(`${status}: ${trial.id} (${formatDuration(durationS)})${reason ? `: ${reason}` : ""}\n`);
      },
    }),
  );
  return interrupted;
}

async function run(path: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const isSlurm = textOption(options, "--on") === SLURM;
  const address = textOption(options, "--store");
  if (isSlurm && address !== undefined)
    throw new InputError(
      "slurm-or-store",
      "--on slurm and --store are two ways to share a study out: the tasks of an array job take their trials by number",
      "leave one out; agents of a store may be started by a job of your own: joulecast agent --store …",
    );
  const file = await readPlanFile(path);
  const { source, plan } = file;
  const folder = textOption(options, "--folder") ?? `study-${plan.name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}`;
  checkSamePlan(folder, source);
  const checked = await checkPlan(file);
  const { device, process: arithmetic } = await pricedBy(options);
  const isRetried = flagOption(options, "--retry-failed");
  const kept = readRecords(folder).filter(({ status }) => status === "done" || !isRetried);
  const foretold = forecastPlan(plan, checked, kept, device, arithmetic);
  const total = forecastTotal(foretold, plan.idleS);
  if (flagOption(options, "--dry-run"))
    return {
      result: {
        folder,
        dryRun: true,
        total,
        trials: foretold.map(({ trial, durationS, energyJ, lowJ, highJ, basis }) => ({
          trial: trial.id,
          durationS: durationS ?? null,
          energyJ: energyJ ?? null,
          lowJ: lowJ ?? null,
          highJ: highJ ?? null,
          basis,
        })),
      },
      document: forecastDocument(plan.name, foretold, device?.name, plan.idleS),
    };
  const budgetJ = quantityOption(options, "--budget", "J") ?? plan.budgetJ;
  if (budgetJ !== undefined && !flagOption(options, "--yes")) await agreeOn(total, budgetJ);
  const machine = await machineName(options);
  const nowIso = () => new Date().toISOString();
  const only = countOption(options, "--only", 0);
  const doing = isSlurm
    ? undefined
    : address === undefined
      ? await doneHere(options, context, { machine, nowIso })
      : await doneByAgents(address, source, context, { retryFailed: isRetried });
  let study: StudyFolder | undefined;
  try {
    study = await openStudyFolder(folder, source, {
      nowIso,
      machine,
      retryFailed: isRetried,
      ...(only !== undefined && { only }),
    });
    if (doing === undefined) return await submitSlurm(study, options);
    const interrupted = await doing.run(study);
    context.progress("");
    const records = await study.records();
    const progress = await study.progress();
    const left = progress.total - progress.done - progress.failed;
    return {
      result: { folder, machine, interrupted, left, ...studyResult(records) },
      document: studyDocument(records, {
        title: plan.name,
        notes: [`kept in ${folder}: \`joulecast study report ${folder}\`, \`joulecast study verify ${folder}\``],
      }),
      exitCode: interrupted ? 130 : 0,
      remarks: [
        ...(interrupted ? [`interrupted with ${left} trials left: run it again to go on`] : []),
        ...(progress.failed > 0 ? [`${progress.failed} trials without a result: --retry-failed does them again`] : []),
      ],
    };
  } finally {
    study?.close();
    await doing?.close();
  }
}

export const studyRun: Command = {
  name: "study run",
  summary: "measure many networks, settings and repetitions as a plan says, resumable",
  arguments: [{ name: "plan", description: "a YAML file; the keys are below", required: true }],
  options: [
    { flags: "--folder <path>", description: "where the study is kept (default: study-NAME here)" },
    { flags: "--dry-run", description: "say what it would take, and run nothing" },
    { flags: "--budget <energy>", description: "ask when more is expected, such as 50kJ (default: the plan's)" },
    { flags: "--yes", description: "go on without asking" },
    { flags: "--retry-failed", description: "do trials again that failed or were set aside" },
    { flags: "--store <address>", description: "let agents do it, over a database: postgres://user@host/database" },
    { flags: "--machine <name>", description: "name of this machine in the results (default: its processor)" },
    {
      flags: "--on <device>",
      description: "slurm: write and submit an array job; else the device of the forecast (default: this CPU)",
    },
    { flags: "--only <n>", description: "do only the trial of that number, from 0: what a task of an array job does" },
    ...SOURCE_OPTIONS,
  ],
  notes: [
    "A plan: networks (zoo:NAME, files, or sixteen for those of [Mavromatis2024]),",
    "data, phases, batch, learning-rate, weight-decay, momentum (lists are crossed),",
    "optimiser, loss, epochs, inference-passes, repetitions, seed, limit-train,",
    "limit-test, idle, cool-down, warm-up, hardware, budget.",
    "data: what train --data takes, or a name of `joulecast data get`.",
  ],
  examples: ["joulecast study run plan.yaml --dry-run", "joulecast study run plan.yaml --folder study1"],
  run: async ([path = ""], options, context) => run(path, options, context),
};
