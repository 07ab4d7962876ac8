// `joulecast estimate MODEL --on DEV,…`: joules from the model file alone, by every published metric side by side.
// It reads options and puts the answers together; carbon, training and limits are the neighbours estimate-*.ts.
import { estimateAll } from "../../estimate/estimate.ts";
import type { EnergyEstimate, EstimateOptions } from "../../estimate/metric.ts";
import { findMetric, METRICS } from "../../estimate/table.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../node/catalogue.ts";
import { type EstimateRow, estimateDocument } from "../../report/estimate-report.ts";
import { InputError } from "../../units/input-error.ts";
import { exact } from "../../units/range.ts";
import type { WorkReport } from "../../work/work.ts";
import type { Command, OptionValues } from "../command.ts";
import {
  countOption,
  flagOption,
  listOption,
  positiveOption,
  quantityOption,
  shareOption,
  textOption,
} from "../options.ts";
import { CARBON_OPTIONS, type CarbonChoice, carbonChoice, footprint } from "./estimate-carbon.ts";
import { ledgerSection } from "./estimate-ledger.ts";
import { checkLimits, LIMIT_OPTIONS } from "./estimate-limits.ts";
import { candidateRanking, RANKING_OPTIONS } from "./estimate-ranking.ts";
import {
  type BreakEvenAnswer,
  breakEvenOf,
  breakEvenSections,
  NO_TRAINING,
  TRAINING_OPTIONS,
  trainingEnergies,
  useOf,
} from "./estimate-training.ts";
import { countModel, countOptions, MODEL_ARGUMENT, MODEL_OPTIONS } from "./model-options.ts";
import { blockResults, incompleteRemarks, layerResults, modelResult } from "./model-result.ts";

/** Devices when --on is not given: one of each kind, those of the DeepRx study. */
const DEFAULT_DEVICES = ["rtx-2080-ti", "xeon-gold-5220", "coral-edge-tpu"];
/** The name of a calibrated machine as a device. */
const isThisMachine = (name: string): boolean => name.trim().toLowerCase() === "this-machine";
/** Device whose arithmetic energies stand in where a device has none of its own. */
const PROCESS = "horowitz-45nm";

const METRIC_OPTIONS = [
  {
    flags: "--on <devices>",
    description: `devices by name or .json file, or this-machine once calibrated, separated by commas (default ${DEFAULT_DEVICES.join(",")})`,
  },
  { flags: "--metric <names>", description: `only these metrics, of ${METRICS.map((metric) => metric.id).join(", ")}` },
  {
    flags: "--peak-share <ratio>",
    description: "share of the peak rate that the network reaches, above 0 to 1 (default 1, the bound)",
  },
  {
    flags: "--duration <time>",
    description: "measured time of one pass, for tdp and green-algorithms (default: the roofline's)",
  },
  { flags: "--charge-activations", description: "op-energy: charge activations as well as weights" },
  {
    flags: "--memory <level>",
    description: "op-energy: fetch from this level (by-size, DRAM, L2, …; default DRAM at 1.3 nJ per 32 bits)",
  },
  {
    flags: "--energy-per-element <J>",
    description: "op-energy: energy of fetching one 32-bit element (default 1.3 nJ, range 0.65–2.6)",
  },
  {
    flags: "--scale-nm <n>",
    description: "op-energy: scale the 45 nm energies to 32, 20, 16, 14, 10 or 7 nm (default: not scaled)",
  },
  { flags: "--nonzero <ratio>", description: "op-energy: share of the weights that is not zero (default 1)" },
  { flags: "--usage <ratio>", description: "green-algorithms: share of the cores in use (default 1)" },
] as const;

function metricOptions(options: OptionValues, process: Hardware | undefined): EstimateOptions {
  const share = shareOption(options, "--peak-share");
  const duration = positiveOption(options, "--duration", "s");
  const element = quantityOption(options, "--energy-per-element", "J");
  const scale = countOption(options, "--scale-nm");
  const memory = textOption(options, "--memory");
  const nonzero = quantityOption(options, "--nonzero", "ratio", 0, 1);
  const usage = quantityOption(options, "--usage", "ratio", 0, 1);
  const pue = quantityOption(options, "--pue", "ratio", 1);
  return {
    ...(process && { process }),
    ...(share !== undefined && { utilisationRatio: exact(share) }),
    ...(duration !== undefined && { durationS: exact(duration) }),
    ...(flagOption(options, "--charge-activations") && { chargeActivations: true }),
    ...(element !== undefined && { energyPerElementJ: exact(element) }),
    ...(memory !== undefined && { memoryLevel: memory }),
    ...(scale !== undefined && { scaleToNm: scale }),
    ...(nonzero !== undefined && { nonzeroRatio: nonzero }),
    ...(usage !== undefined && { usageRatio: exact(usage) }),
    ...(pue !== undefined && { pueRatio: pue }),
  };
}

/** Loaded only when asked for: predictors and their regressions are half of what estimate would load. */
async function thisMachine(...asked: Parameters<typeof import("./estimate-this-machine.ts").calibratedDevice>) {
  const { calibratedDevice } = await import("./estimate-this-machine.ts");
  return calibratedDevice(...asked);
}

type Row = EstimateRow & { readonly embodiedKg?: number | undefined; readonly breakEven?: BreakEvenAnswer | undefined };

/** What one estimate is of: joules per sample of the batch. */
function perInference(estimate: EnergyEstimate, batch: number) {
  return {
    perInferenceJ: estimate.energyJ / batch,
    perInferenceLowJ: estimate.lowJ / batch,
    perInferenceHighJ: estimate.highJ / batch,
  };
}

function toRow(estimate: EnergyEstimate, work: WorkReport, device: Hardware, carbon: CarbonChoice, runs: number): Row {
  const each = perInference(estimate, work.batch);
  const timeS = estimate.durationS === undefined ? undefined : (estimate.durationS / work.batch) * runs;
  return {
    ...estimate,
    ...each,
    runsJ: runs * each.perInferenceJ,
    ...footprint(runs * each.perInferenceJ, estimate.metric, timeS, device, carbon),
  };
}

function rowResult(row: Row): Readonly<Record<string, unknown>> {
  const { runsJ, durationS, co2eKg, cost, breakEven, embodiedKg, ...rest } = row;
  return {
    ...rest,
    durationS: durationS ?? null,
    runsJ: runsJ ?? null,
    co2eKg: co2eKg ?? null,
    embodiedKg: embodiedKg ?? null,
    cost: cost ?? null,
    breakEven: breakEven
      ? { ...breakEven, seconds: breakEven.seconds ?? null, retraining: breakEven.retraining ?? null }
      : null,
  };
}

/** Rows are told apart by device: the same one twice, or a file with the id of another, would mix their numbers. */
function refuseTwins(devices: readonly Hardware[]): void {
  const twin = devices.find((device, i) => devices.findIndex((other) => other.id === device.id) < i);
  if (twin === undefined) return;
  throw new InputError(
    "same-device",
    `--on names "${twin.id}" twice`,
    "name each device once; give a device file an id of its own",
  );
}

export const estimate: Command = {
  name: "estimate",
  summary: "joules of a network on devices, by every published metric, without running it",
  arguments: [MODEL_ARGUMENT],
  options: [
    ...METRIC_OPTIONS,
    ...MODEL_OPTIONS,
    ...CARBON_OPTIONS,
    ...TRAINING_OPTIONS,
    ...RANKING_OPTIONS,
    ...LIMIT_OPTIONS,
  ],
  examples: [
    "joulecast estimate model.onnx --on rtx-2080-ti,xeon-gold-5220,coral-edge-tpu --region FI --runs 1e6",
    "joulecast estimate zoo:vgg16 --on rtx-3090 --train-energy 40MJ --rate 100 --html report.html",
    "joulecast estimate model.onnx --on ./my-device.json --metric roofline --max-j 0.5",
  ],
  run: async ([model = ""], options) => {
    const runs = countOption(options, "--runs") ?? 1;
    const carbon = await carbonChoice(options);
    const metrics = listOption(options, "--metric")?.map(findMetric) ?? METRICS;
    const catalogue = await readCatalogue();
    const counting = countOptions(options);
    const names = listOption(options, "--on") ?? DEFAULT_DEVICES;
    const own = names.some(isThisMachine) ? await thisMachine(model, counting) : undefined;
    const devices = await Promise.all(
      names.map((name) => (own && isThisMachine(name) ? own.device : resolveDevice(name, catalogue))),
    );
    refuseTwins(devices);
    const how = metricOptions(
      options,
      catalogue.find((device) => device.id === PROCESS),
    );
    const work = await countModel(model, counting);
    const answers = devices.map((device) =>
      estimateAll(work, [device], device === own?.device ? [own.metric] : metrics, how),
    );
    const estimates = answers.flatMap((answer) => answer.estimates);
    const missing = answers.flatMap((answer) => answer.missing);
    const deviceOf = new Map(devices.map((device) => [device.id, device]));
    const training = await trainingEnergies(model, options, { counting, catalogue, devices, metrics, how });
    const use = useOf(options);
    const rows = estimates.map((each): Row => {
      const row = toRow(each, work, deviceOf.get(each.device)!, carbon, runs);
      return { ...row, breakEven: breakEvenOf(row, training, use) };
    });
    const trained = training !== NO_TRAINING;
    const ranking = await candidateRanking(model, options, {
      rows,
      runs,
      counting,
      devices,
      metrics,
      how,
      training,
      trained,
    });
    const ledger = ledgerSection(rows, training, runs);
    const limits = await checkLimits({ rows, work, missing: options.metric === undefined ? [] : missing }, options);
    const assumptions = [
      ...carbon.assumptions,
      ...training.assumptions,
      ...(options.on === undefined ? [`devices: ${DEFAULT_DEVICES.join(", ")}, as --on is not given`] : []),
    ];
    const lead = rows[0] && training.energyOf(rows[0]);
    return {
      result: {
        model: modelResult(work),
        layers: layerResults(work),
        blocks: blockResults(work),
        runs,
        region: carbon.region ?? null,
        estimates: rows.map(rowResult),
        missing,
        assumptions: [...work.assumptions, ...assumptions],
        ...(ranking && { ranking: ranking.result }),
        ...(ledger && { ledger: ledger.result }),
        ...(limits.result && { baseline: limits.result }),
      },
      get document() {
        return estimateDocument({
          work,
          estimates: rows,
          missing,
          runs,
          metrics: own ? [...metrics, own.metric] : metrics,
          assumptions,
          trainingJ: lead?.value,
          extra: [
            ...breakEvenSections(rows, training, runs),
            ...carbon.sections(rows),
            ...(limits.sections ?? []),
            ...(ranking?.sections ?? []),
            ...(ledger?.sections ?? []),
          ],
        });
      },
      exitCode: limits.exceeded.length > 0 ? 1 : 0,
      remarks: [...incompleteRemarks(work), ...(limits.remarks ?? [])],
      failures: limits.exceeded,
    };
  },
};
