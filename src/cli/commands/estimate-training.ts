// What training costs beside inference: E_train given or estimated, break-even, candidates ranked by E_train + N·E_inf, the ledger.
import { amortisedTraining, type BreakEven, breakEven } from "../../carbon/break-even.ts";
import { type LedgerRow, ledger } from "../../carbon/ledger.ts";
import { type Candidate, type Crossing, crossings, type Ranked, rankCandidates } from "../../carbon/ranking.ts";
import { estimateAll } from "../../estimate/estimate.ts";
import type { EnergyMetric, EstimateOptions } from "../../estimate/metric.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { resolveDevice } from "../../node/catalogue.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { durationCell, largeCountCell, quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { formatCount, formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { parseQuantity } from "../../units/parse.ts";
import { exact, type Range, scaled } from "../../units/range.ts";
import type { CountOptions } from "../../work/count-graph.ts";
import type { OptionSpec, OptionValues } from "../command.ts";
import { countOption, positiveOption, rateOption, repeatedOption, textOption } from "../options.ts";
import { countModel } from "./model-options.ts";

export const TRAINING_OPTIONS: readonly OptionSpec[] = [
  { flags: "--train-energy <J>", description: "measured energy of training, such as 40MJ or 12kWh: adds break-even" },
  { flags: "--train-steps <n>", description: "training steps, to estimate the energy of training instead" },
  { flags: "--train-batch <n>", description: "with --train-steps: samples per step (default 1)" },
  { flags: "--train-on <device>", description: "with --train-steps: where training runs (default: the same device)" },
  { flags: "--retrain-every <time>", description: "with a rate: time between trainings, such as 30d" },
  { flags: "--rate <n>", description: "inferences per second, or as 5/min: times until break-even" },
  {
    flags: "--versus <model=J>",
    description:
      "rank against another model by E_train + N·E_inf at N = --runs; =J is its training energy (default 0); may be repeated",
    repeatable: true,
  },
];

export interface EstimateSetting {
  readonly counting: CountOptions;
  readonly devices: readonly Hardware[];
  readonly metrics: readonly EnergyMetric[];
  readonly how: EstimateOptions;
}

export interface TrainingEnergies {
  /** Energy of training, J, as the row's metric sees it; undefined when not known. */
  energyOf(row: { readonly device: string; readonly metric: string }): Range | undefined;
  readonly assumptions: readonly string[];
}

const NO_TRAINING: TrainingEnergies = { energyOf: () => undefined, assumptions: [] };

/** E_train from --train-energy, or from the training work of --train-steps on --train-on. */
export async function trainingEnergies(
  model: string,
  options: OptionValues,
  setting: EstimateSetting & { readonly catalogue: readonly Hardware[] },
): Promise<TrainingEnergies> {
  const given = positiveOption(options, "--train-energy", "J");
  const steps = countOption(options, "--train-steps");
  if (given !== undefined && steps !== undefined)
    throw new InputError(
      "two-trainings",
      "--train-energy and --train-steps both give the energy of training",
      "give one of them",
    );
  if (given !== undefined)
    return {
      energyOf: () => exact(given),
      assumptions: [`training: ${formatQuantity(given, "J")}, given by --train-energy`],
    };
  if (steps === undefined) {
    const alone = ["--train-batch", "--train-on", "--retrain-every"].find(
      (flag) => textOption(options, flag) !== undefined,
    );
    if (alone !== undefined)
      throw new InputError(
        "no-training",
        `${alone} needs the energy of training`,
        "give --train-energy or --train-steps",
      );
    return NO_TRAINING;
  }
  const batch = countOption(options, "--train-batch") ?? 1;
  const where = textOption(options, "--train-on");
  const device = where === undefined ? undefined : await resolveDevice(where, setting.catalogue);
  const work = await countModel(model, { ...setting.counting, batch, phase: "training" });
  const { estimates } = estimateAll(
    work,
    device === undefined ? setting.devices : [device],
    setting.metrics,
    setting.how,
  );
  const byKey = new Map(
    estimates.map((each) => [
      `${each.device} ${each.metric}`,
      scaled({ value: each.energyJ, low: each.lowJ, high: each.highJ }, steps),
    ]),
  );
  return {
    energyOf: (row) => byKey.get(`${device?.id ?? row.device} ${row.metric}`),
    assumptions: [
      `training: ${formatCount(steps)} steps of ${batch} on ${device?.name ?? "the same device"}, each priced by its row's metric`,
    ],
  };
}

/** When inference has cost as much as training, for one row. */
export function breakEvenOf(
  row: EstimateRow,
  training: TrainingEnergies,
  options: OptionValues,
): EstimateRow["breakEven"] {
  const energy = training.energyOf(row);
  if (energy === undefined) return undefined;
  const ratePerS = rateOption(options, "--rate");
  const retrainEveryS = positiveOption(options, "--retrain-every", "s");
  const inference: Range = { value: row.perInferenceJ, low: row.perInferenceLowJ, high: row.perInferenceHighJ };
  const answer: BreakEven = breakEven(energy, inference, {
    ...(ratePerS !== undefined && { ratePerS }),
    ...(retrainEveryS !== undefined && { retrainEveryS }),
  });
  const inferences = answer.inferences?.value ?? (row.perInferenceJ > 0 ? energy.value / row.perInferenceJ : undefined);
  if (inferences === undefined) return undefined;
  return { inferences, seconds: answer.seconds?.value ?? (ratePerS === undefined ? undefined : inferences / ratePerS) };
}

/** N* = E_train / E_inf per row, and training's share of each of `runs` inferences. Empty while training is not known. */
export function breakEvenSections(rows: readonly EstimateRow[], training: TrainingEnergies, runs: number): Section[] {
  const known = rows.flatMap((row) => {
    const energy = training.energyOf(row);
    return energy === undefined ? [] : [{ row, energy }];
  });
  if (known.length === 0) return [];
  return [
    {
      kind: "table",
      title: "Break-even",
      caption: `Inferences that cost as much as training, the time until then at --rate, and training's share of each of ${formatCount(runs)} inferences.`,
      name: "break-even",
      columns: [
        { title: "device", group: true },
        { title: "metric" },
        { title: "training", align: "right" },
        { title: "break-even", align: "right" },
        { title: "reached in", align: "right" },
        { title: "training per inference", align: "right" },
      ],
      rows: known.map(({ row, energy }) => [
        textCell(row.device),
        textCell(row.metric),
        quantityCell(energy.value, "J"),
        largeCountCell(row.breakEven?.inferences),
        durationCell(row.breakEven?.seconds),
        quantityCell(amortisedTraining(energy, runs).value, "J"),
      ]),
    },
  ];
}

interface RankedRow {
  readonly device: string;
  readonly metric: string;
  readonly ranked: readonly Ranked[];
  readonly crossings: readonly Crossing[];
}

/** "other.onnx=2MJ" → the model's name and its training energy. */
function parseVersus(text: string): { readonly model: string; readonly trainingJ: number } {
  const [model = "", energy] = text.split("=");
  const trainingJ = energy === undefined ? 0 : parseQuantity(energy, "J", `--versus ${model}`);
  if (model !== "" && trainingJ >= 0) return { model, trainingJ };
  throw new InputError(
    "bad-versus",
    `--versus: "${text}" is not MODEL or MODEL=JOULES`,
    "write --versus zoo:resnet18=2MJ",
  );
}

function rankingTable(row: RankedRow, runs: number): Section {
  return {
    kind: "table",
    title: "Candidates",
    caption: `E_train + N·E_inf at N = ${formatCount(runs)}, by ${row.metric} on ${row.device}.`,
    name: "candidates",
    columns: [
      { title: "network" },
      { title: "training", align: "right" },
      { title: "J per inference", align: "right" },
      { title: "total", align: "right" },
    ],
    rows: row.ranked.map((each) => [
      textCell(each.name),
      quantityCell(each.trainingJ, "J"),
      quantityCell(each.inferenceJ, "J"),
      quantityCell(each.totalJ, "J"),
    ]),
  };
}

function crossingNotes(row: RankedRow): Section[] {
  if (row.crossings.length === 0) return [];
  return [
    {
      kind: "notes",
      notes: row.crossings.map(
        ({ before, after, inferences }) =>
          `${after} becomes cheaper than ${before} after ${formatCount(Math.ceil(inferences))} inferences`,
      ),
    },
  ];
}

/** Every --versus model against this one, per device and metric; sections show the first. Undefined when none is given. */
export async function candidateRanking(
  model: string,
  options: OptionValues,
  setting: EstimateSetting & {
    readonly rows: readonly EstimateRow[];
    readonly runs: number;
    readonly training: TrainingEnergies;
  },
): Promise<{ readonly result: readonly RankedRow[]; readonly sections: readonly Section[] } | undefined> {
  const others = repeatedOption(options, "--versus").map(parseVersus);
  if (others.length === 0) return undefined;
  const candidates = new Map<string, Candidate[]>();
  for (const row of setting.rows) {
    candidates.set(`${row.device} ${row.metric}`, [
      { name: model, trainingJ: setting.training.energyOf(row)?.value ?? 0, inferenceJ: row.perInferenceJ },
    ]);
  }
  for (const other of others) {
    const work = await countModel(other.model, setting.counting);
    for (const each of estimateAll(work, setting.devices, setting.metrics, setting.how).estimates) {
      candidates
        .get(`${each.device} ${each.metric}`)
        ?.push({ name: other.model, trainingJ: other.trainingJ, inferenceJ: each.energyJ / work.batch });
    }
  }
  const result = setting.rows.map((row): RankedRow => {
    const here = candidates.get(`${row.device} ${row.metric}`)!;
    return {
      device: row.device,
      metric: row.metric,
      ranked: rankCandidates(here, setting.runs),
      crossings: crossings(here),
    };
  });
  const lead = result[0];
  return { result, sections: lead === undefined ? [] : [rankingTable(lead, setting.runs), ...crossingNotes(lead)] };
}

/** The 10 : 20 : 70 ledger on the user's numbers, by the first device and metric. Undefined while training is not known. */
export function ledgerSection(
  rows: readonly EstimateRow[],
  training: TrainingEnergies,
  runs: number,
):
  | {
      readonly result: { readonly device: string; readonly metric: string; readonly rows: readonly LedgerRow[] };
      readonly sections: readonly Section[];
    }
  | undefined {
  const row = rows[0];
  const energy = row && training.energyOf(row);
  if (row === undefined || energy === undefined) return undefined;
  const entries = ledger({ training: energy.value, inference: runs * row.perInferenceJ });
  return {
    result: { device: row.device, metric: row.metric, rows: entries },
    sections: [
      {
        kind: "table",
        title: "Ledger",
        caption: `By ${row.metric} on ${row.device}, for ${formatCount(runs)} inferences; typical shares from [Wu2022], and experimentation from them.`,
        name: "ledger",
        columns: [
          { title: "phase" },
          { title: "energy", align: "right" },
          { title: "share", align: "right" },
          { title: "typical", align: "right" },
          { title: "basis" },
        ],
        rows: entries.map((each) => [
          textCell(each.phase),
          quantityCell(each.energyJ, "J"),
          ratioCell(each.shareRatio),
          ratioCell(each.typicalRatio),
          textCell(each.basis),
        ]),
      },
    ],
  };
}
