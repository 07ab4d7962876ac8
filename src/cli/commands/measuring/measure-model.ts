// `measure MODEL`: a network run by ONNX Runtime in a process of its own, batch by batch, beside its estimates.
import { estimateAll } from "../../../estimate/estimate.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import type { Session } from "../../../node/run/session.ts";
import type { ComparedEstimate } from "../../../report/measuring/measure-report.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount } from "../../../units/parse.ts";
import { exact } from "../../../units/range.ts";
import type { CommandContext, OptionValues, Outcome } from "../../command.ts";
import { countOption, dimensionsOption, listOption, positiveOption, textOption } from "../../options.ts";
import { countModel } from "../model-options.ts";
import { runtimeOptions } from "../running-options.ts";
import { inSession, planOptions } from "./in-session.ts";
import { accessHere, cpuHere, cpuModel } from "./machine-options.ts";
import { programWindows, samplerCost } from "./measure-command.ts";
import { analyse, type Group } from "./measure-outcome.ts";

/** Record whose arithmetic energies stand in where a device has none of its own. */
const PROCESS = "horowitz-45nm";

interface Devices {
  readonly devices: readonly Hardware[];
  readonly process: Hardware | undefined;
  readonly assumptions: readonly string[];
}

async function devicesFor(options: OptionValues): Promise<Devices> {
  const catalogue = await readCatalogue();
  const process = catalogue.find(({ id }) => id === PROCESS);
  const named = listOption(options, "--on");
  if (named !== undefined)
    return {
      devices: await Promise.all(named.map((name) => resolveDevice(name, catalogue))),
      process,
      assumptions: [],
    };
  const access = accessHere();
  const own = await cpuHere(access);
  if (own !== undefined)
    return { devices: [own], process, assumptions: [`estimates are for this machine's ${own.name}`] };
  const model = cpuModel(access);
  const why = model ? `"${model}" is not in the catalogue` : "a virtual machine does not say which CPU it shares";
  return { devices: [], process, assumptions: [`no estimates: ${why}; name a device with --on`] };
}

/** Every metric's answer for the batch, with the measured time of a pass where a metric multiplies by time. */
async function estimatesFor(
  model: string,
  options: OptionValues,
  { devices, process }: Devices,
  batch: number,
  passS: number,
): Promise<Omit<ComparedEstimate, "errorRatio">[]> {
  if (devices.length === 0) return [];
  const asked = textOption(options, "--batch") === undefined ? {} : { batch };
  const work = await countModel(model, { phase: "inference", dims: dimensionsOption(options, "--dim"), ...asked });
  const how = { durationS: exact(passS), ...(process && { process }) };
  return estimateAll(work, devices, METRICS, how).estimates.map(({ device, metric, energyJ, lowJ, highJ }) => ({
    device,
    metric,
    perInferenceJ: energyJ / work.batch,
    lowJ: lowJ / work.batch,
    highJ: highJ / work.batch,
  }));
}

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;

function batchesOf(options: OptionValues): readonly number[] | undefined {
  const batches = listOption(options, "--batch")?.map((text) => parseCount(text, 1, "--batch"));
  return batches && [...new Set(batches)];
}

export async function measureModel(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const batches = batchesOf(options);
  const plan = planOptions(options);
  const durationS = positiveOption(options, "--duration", "s");
  const passes = countOption(options, "--passes");
  const seed = countOption(options, "--seed", 0);
  const running = runtimeOptions(options);
  const dims = dimensionsOption(options, "--dim");
  const devices = await devicesFor(options);
  const work = async (session: Session) => {
    const { runModel } = await import("../../../node/run/model.ts");
    return runModel(session, {
      model,
      ...plan,
      dims,
      ...(batches && { batches }),
      ...(durationS !== undefined && { durationS }),
      ...(passes !== undefined && { passes }),
      ...(seed !== undefined && { seed }),
      ...running,
      keepPartial: true,
      onProgress: context.progress,
    });
  };
  const { value, finished, runId, save } = await inSession(`measure ${model}`, options, context, work);
  const { runs, idle, interrupted, problem, runtimeVersion } = value;
  if (runs.length === 0)
    throw new InputError("interrupted", `interrupted by ${interrupted} before the first section`, "run it again");
  let cut = 0;
  const groups: Group[] = [];
  for (const batch of new Set(runs.map((run) => run.batch))) {
    const own = runs.filter((run) => run.batch === batch);
    const whole = own.filter(({ isCut }) => !isCut);
    const sections = whole.length > 0 ? whole : own;
    cut += sections.filter(({ isCut }) => isCut).length;
    const passS = mean(sections.map(({ timing }) => timing.meanS));
    groups.push({
      name: `batch ${batch}`,
      batch,
      windows: sections.map(({ window }) => window),
      inferences: batch * mean(sections.map(({ timing }) => timing.passes)),
      estimates: await estimatesFor(model, options, devices, batch, passS),
    });
  }
  const names = [...idle, ...runs.map(({ window }) => window)].map(({ name }) => name);
  const warnings = [
    ...(interrupted === undefined
      ? []
      : [
          cut > 0
            ? `interrupted by ${interrupted}: the last section is shorter than asked for`
            : `interrupted by ${interrupted}: the section that was not whole is left out`,
        ]),
    ...(problem === undefined ? [] : [`ended early: ${problem.message}; ${problem.hint}`]),
    ...finished.remarks,
  ];
  const analysed = await analyse(
    {
      title: `${model}, ONNX Runtime ${runtimeVersion}`,
      recording: finished.recording,
      idle,
      groups,
      windows: programWindows(finished, names),
      unusable: finished.unusable,
      sampler: samplerCost(finished),
      exitCode: interrupted !== undefined ? 130 : problem !== undefined ? 2 : 0,
      assumptions: [...new Set([...runs.flatMap(({ assumptions }) => assumptions), ...devices.assumptions])],
      warnings,
    },
    options,
  );
  const whole = analysed.measurements[0]!;
  const remarks = await save({
    measurements: analysed.measurements,
    durationS: whole.durationS,
    remarks: warnings,
  });
  return {
    ...analysed.outcome,
    result: {
      runId: options.save === false ? null : runId,
      model,
      runtime: { name: "onnxruntime", version: runtimeVersion },
      ...analysed.outcome.result,
    },
    remarks,
  };
}
