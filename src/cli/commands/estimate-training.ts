// What training costs beside inference: E_train given or estimated, and the number of inferences that cost as much.
import { amortisedTraining, breakEven, type Use } from "../../carbon/break-even.ts";
import { estimateAll } from "../../estimate/estimate.ts";
import type { EnergyMetric, EstimateOptions } from "../../estimate/metric.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { resolveDevice } from "../../node/catalogue.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { durationCell, largeCountCell, quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { plural } from "../../report/work-sections.ts";
import { formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { exact, type Range, scaled } from "../../units/range.ts";
import type { CountOptions } from "../../work/count-graph.ts";
import type { OptionSpec, OptionValues } from "../command.ts";
import { countOption, periodOption, positiveOption, rateOption, textOption } from "../options.ts";
import { countModel } from "./model-options.ts";

export const TRAINING_OPTIONS: readonly OptionSpec[] = [
  { flags: "--train-energy <J>", description: "measured energy of training, such as 40MJ or 12kWh: adds break-even" },
  { flags: "--train-steps <n>", description: "training steps, to estimate the energy of training instead" },
  { flags: "--train-batch <n>", description: "with --train-steps: samples per step (default 1)" },
  { flags: "--train-on <device>", description: "with --train-steps: where training runs (default: the same device)" },
  { flags: "--retrain-every <time>", description: "with --rate: time between trainings, such as 30d" },
  { flags: "--rate <n>", description: "inferences per second, or as 5/min: times until break-even" },
];

/** What is estimated, and how: the same for the network itself, its training, and the networks it is ranked against. */
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

/** What was said of one pass of the user's own network (its measured time, its zeros) says nothing of other work. */
export function withoutOwnFacts({
  durationS: _duration,
  nonzeroRatio: _zeros,
  ...how
}: EstimateOptions): EstimateOptions {
  return how;
}

/** Nobody asked about training. */
export const NO_TRAINING: TrainingEnergies = { energyOf: () => undefined, assumptions: [] };

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
    const alone = ["--train-batch", "--train-on", "--retrain-every", "--rate"].find(
      (flag) => textOption(options, flag) !== undefined,
    );
    if (alone === undefined) return NO_TRAINING;
    throw new InputError(
      "no-training",
      `${alone} needs the energy of training`,
      "give --train-energy or --train-steps",
    );
  }
  const batch = countOption(options, "--train-batch") ?? 1;
  const where = textOption(options, "--train-on");
  const device = where === undefined ? undefined : await resolveDevice(where, setting.catalogue);
  const work = await countModel(model, { ...setting.counting, batch, phase: "training" });
  const { estimates, missing } = estimateAll(
    work,
    device === undefined ? setting.devices : [device],
    setting.metrics,
    withoutOwnFacts(setting.how),
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
      `training: ${plural(steps, "step")} of ${batch} on ${device?.name ?? "the same device"}, each priced by its row's metric`,
      ...missing.map(
        (each) => `training by ${each.metric} on ${each.device} is not known: ${each.needs.join(", ")} missing`,
      ),
    ],
  };
}

/** When inference has cost as much as training, for one row. */
export function breakEvenOf(row: EstimateRow, training: TrainingEnergies, use: Use): BreakEvenAnswer | undefined {
  const energy = training.energyOf(row);
  if (energy === undefined || row.perInferenceJ === 0) return undefined;
  const inference: Range = { value: row.perInferenceJ, low: row.perInferenceLowJ, high: row.perInferenceHighJ };
  const { retraining } = breakEven(energy, inference, use);
  const inferences = energy.value / row.perInferenceJ;
  return {
    inferences,
    seconds: use.ratePerS === undefined ? undefined : inferences / use.ratePerS,
    retraining: retraining && {
      inferences: retraining.inferences,
      amortisedJ: retraining.amortisedJ.value,
      trainingRatio: retraining.trainingRatio.value,
      reached: retraining.reached,
    },
  };
}

export interface BreakEvenAnswer {
  readonly inferences: number;
  readonly seconds: number | undefined;
  /** With --retrain-every: what each training costs per inference until the next. */
  readonly retraining:
    | {
        readonly inferences: number;
        readonly amortisedJ: number;
        readonly trainingRatio: number;
        readonly reached: boolean;
      }
    | undefined;
}

/** How the network is used, from --rate and --retrain-every. */
export function useOf(options: OptionValues): Use {
  const ratePerS = rateOption(options, "--rate");
  const retrainEveryS = periodOption(options, "--retrain-every");
  if (retrainEveryS !== undefined && ratePerS === undefined)
    throw new InputError(
      "no-rate",
      "--retrain-every needs --rate",
      "give the inferences per second, such as --rate 1000",
    );
  return { ...(ratePerS !== undefined && { ratePerS }), ...(retrainEveryS !== undefined && { retrainEveryS }) };
}

type BreakEvenRow = EstimateRow & { readonly breakEven?: BreakEvenAnswer | undefined };

/** N* = E_train / E_inf per row, and training's share of each of `runs` inferences. Empty while training is not known. */
export function breakEvenSections(rows: readonly BreakEvenRow[], training: TrainingEnergies, runs: number): Section[] {
  const known = rows.flatMap((row) => {
    const energy = training.energyOf(row);
    return energy === undefined ? [] : [{ row, energy }];
  });
  if (known.length === 0) return [];
  const retrained = known.some(({ row }) => row.breakEven?.retraining !== undefined);
  return [
    {
      kind: "table",
      title: "Break-even",
      caption: `Inferences that cost as much as training, the time until then at --rate, and training shared out over ${plural(runs, "inference")}${retrained ? ", and over those between two trainings" : ""}.`,
      name: "break-even",
      columns: [
        { title: "device", group: true },
        { title: "metric" },
        { title: "training", align: "right" },
        { title: "break-even", align: "right" },
        { title: "reached in", align: "right" },
        { title: "training per inference", align: "right" },
        ...(retrained
          ? ([
              { title: "when retrained", align: "right" },
              { title: "training's share", align: "right" },
            ] as const)
          : []),
      ],
      rows: known.map(({ row, energy }) => [
        textCell(row.device),
        textCell(row.metric),
        quantityCell(energy.value, "J"),
        largeCountCell(row.breakEven?.inferences),
        durationCell(row.breakEven?.seconds),
        quantityCell(amortisedTraining(energy, runs).value, "J"),
        ...(retrained
          ? [
              quantityCell(row.breakEven?.retraining?.amortisedJ, "J"),
              ratioCell(row.breakEven?.retraining?.trainingRatio),
            ]
          : []),
      ]),
    },
  ];
}
