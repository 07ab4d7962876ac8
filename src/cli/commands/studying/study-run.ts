// `joulecast study run plan.yaml`: every trial of a plan measured on this machine, going on where it was stopped; or foretold, --dry-run.
import { createInterface } from "node:readline/promises";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { trialRunner } from "../../../node/study/run-trial.ts";
import { openStudyFolder, readRecords, type StudyFolder } from "../../../node/study/study-folder.ts";
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
import { collectShared } from "./study-shared.ts";
import { submitSlurm } from "./study-slurm.ts";

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

/** Does the trials of a folder on this machine. @returns whether it was interrupted */
async function runHere(
  study: StudyFolder,
  options: OptionValues,
  context: CommandContext,
  { machine, nowIso }: { readonly machine: string; readonly nowIso: () => string },
): Promise<boolean> {
  const rateHz = samplingRate(options);
  const spec = await machineSpec(options);
  let at = "";
  const { interrupted } = await withInterrupts((signal) =>
    runStudy({
      queue: study,
      signal,
      run: trialRunner({
        machine,
        planOf: () => study.plan,
        session: { machine: spec, ...(rateHz !== undefined && { rateHz }) },
        wallFactor: wallFactorOption(options),
        nowIso,
        onProgress: ({ trial }, done, total) =>
          context.progress({ label: `${at}${trial.network} ${trial.phase}`, done, total, unit: "steps" }),
      }),
      onProgress: ({ done, failed, total }, claim) => {
        at = `trial ${Math.min(total, done + failed + 1)} of ${total}: `;
        if (claim !== undefined) context.progress(`${at}${claim.trial.id}`);
      },
      onRecord: ({ trial, status, durationS, reason }) =>
        context.progress(`${status}: ${trial.id} (${formatDuration(durationS)})${reason ? `: ${reason}` : ""}\n`),
    }),
  );
  return interrupted;
}

async function run(path: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const { source, plan } = await readPlanFile(path);
  const checked = await checkPlan(plan);
  const folder = textOption(options, "--folder") ?? `study-${plan.name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}`;
  const { device, process: arithmetic } = await pricedBy(options);
  const foretold = forecastPlan(plan, checked, readRecords(folder), device, arithmetic);
  const total = forecastTotal(foretold);
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
      document: forecastDocument(plan.name, foretold, device?.name),
    };
  const budgetJ = quantityOption(options, "--budget", "J") ?? plan.budgetJ;
  if (budgetJ !== undefined && total.highJ > budgetJ && !flagOption(options, "--yes")) {
    const expected = `${formatQuantity(total.energyJ, "J")} expected, up to ${formatQuantity(total.highJ, "J")}`;
    if (!(await isAgreed(`${expected}: above the budget of ${formatQuantity(budgetJ, "J")}. Go on?`)))
      throw new InputError(
        "above-budget",
        `${expected}: above the budget of ${formatQuantity(budgetJ, "J")}`,
        "add --yes to go on, or look at --dry-run",
      );
  }
  if (textOption(options, "--on") === SLURM) return submitSlurm({ source, plan }, checked.trials.length, folder);
  const machine = await machineName(options);
  const nowIso = () => new Date().toISOString();
  const only = countOption(options, "--only", 0);
  const study = await openStudyFolder(folder, source, {
    nowIso,
    machine,
    retryFailed: flagOption(options, "--retry-failed"),
    ...(only !== undefined && { only }),
  });
  try {
    const address = textOption(options, "--store");
    const interrupted =
      address === undefined
        ? await runHere(study, options, context, { machine, nowIso })
        : await collectShared(address, source, study, context);
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
    study.close();
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
    "limit-test, cool-down, warm-up, hardware, budget.",
  ],
  examples: ["joulecast study run plan.yaml --dry-run", "joulecast study run plan.yaml --folder study1"],
  run: async ([path = ""], options, context) => run(path, options, context),
};
