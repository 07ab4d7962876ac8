// The options of a training, shared by whatever learns: from text to settings. Nothing is read or run here.
import { OPTIMISER_KINDS } from "../../../learn/optimisers/table.ts";
import { SCHEDULE_KINDS, type ScheduleKind } from "../../../learn/train/fit.ts";
import type { LossSpec, OptimiserSpec } from "../../../learn/training-graph.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import { parseCount } from "../../../units/parse.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import {
  countOption,
  flagOption,
  listOption,
  positiveOption,
  quantityOption,
  shareOption,
  textOption,
} from "../../options.ts";
import { threadsOption } from "../threads-option.ts";

export const LEARNING_LOSSES = ["cross-entropy", "bce", "mse"] as const;

export const PROVIDERS = ["cpu", "cuda", "webgpu", "coreml", "dml"] as const;

export const LEARNING_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--data <name>",
    description: "folder (IDX, CIFAR binary, NPY, NPZ, dataset.json), .npz file, or synthetic:digits",
  },
  { flags: "--epochs <n>", description: "times that all samples are gone through (default 3)" },
  { flags: "--batch <n>", description: "samples in one step (default 64)" },
  { flags: "--lr <rate>", description: "learning rate, above 0 (default 1e-3)" },
  { flags: "--optimiser <name>", description: `${OPTIMISER_KINDS.join(", ")} (default adam)` },
  { flags: "--momentum <ratio>", description: "of sgd, 0 to 1 (default 0)" },
  { flags: "--weight-decay <rate>", description: "per unit of learning rate, from 0 (default 0; adamw and lamb 0.01)" },
  { flags: "--loss <name>", description: `${LEARNING_LOSSES.join(", ")} (default cross-entropy)` },
  { flags: "--schedule <name>", description: `learning rate: ${SCHEDULE_KINDS.join(", ")} (default constant)` },
  { flags: "--warmup <n>", description: "updates over which the learning rate rises (default 0)" },
  { flags: "--clip <norm>", description: "largest norm of all gradients together (default: none)" },
  { flags: "--accumulate <n>", description: "batches whose gradients make one update (default 1)" },
  { flags: "--seed <n,…>", description: "of weights, order and masks; several train several times (default 0)" },
  {
    flags: "--validation <share>",
    description: "share of the training samples to judge epochs by (default: the test set)",
  },
  { flags: "--patience <n>", description: "stop after n epochs without improvement; keep the best" },
  { flags: "--limit-train <n>", description: "only the first n samples" },
  { flags: "--limit-test <n>", description: "only the first n test samples" },
  { flags: "--budget <energy>", description: "stop after so many joules, such as 50kJ" },
  { flags: "--checkpoint <folder>", description: "keep a checkpoint there, each epoch and each minute" },
  { flags: "--resume", description: "go on from the checkpoint" },
  { flags: "--freeze <prefix,…>", description: "weights whose names begin so do not learn (fine-tuning)" },
  { flags: "--recompute", description: "less memory: activations are made again in the backward pass" },
  {
    flags: "--provider <name>",
    description: `${PROVIDERS.join(", ")}: what ONNX Runtime runs on (default cpu; the others are untried on hardware)`,
  },
  { flags: "--threads <n>", description: "threads within an operator (default: one per physical core)" },
];

export interface LearningSettings {
  readonly data: string;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly optimiser: OptimiserSpec;
  /** Masked where the data have a mask. */
  readonly loss: Extract<LossSpec, { readonly kind: (typeof LEARNING_LOSSES)[number] }>;
  readonly schedule: ScheduleKind;
  readonly warmUp: number;
  readonly clipNorm: number | undefined;
  readonly accumulate: number;
  readonly seeds: readonly number[];
  readonly validationShare: number | undefined;
  readonly patience: number | undefined;
  readonly limitTrain: number | undefined;
  readonly limitTest: number | undefined;
  readonly budgetJ: number | undefined;
  readonly checkpoint: string | undefined;
  readonly threads: number | undefined;
  /** Beginnings of the names of weights that do not learn. */
  readonly freeze: readonly string[] | undefined;
  readonly recompute: true | undefined;
  readonly provider: (typeof PROVIDERS)[number] | undefined;
}

export function oneOf<T extends string>(options: OptionValues, flag: string, names: readonly T[], otherwise: T): T {
  const name = textOption(options, flag) ?? otherwise;
  if ((names as readonly string[]).includes(name)) return name as T;
  throw unknownName(flag.slice(2), name, names, `give one of ${names.join(", ")}`);
}

function optimiserOf(options: OptionValues): OptimiserSpec {
  const kind = oneOf(options, "--optimiser", OPTIMISER_KINDS, "adam");
  const momentum = quantityOption(options, "--momentum", "ratio", 0, 1);
  const weightDecay = quantityOption(options, "--weight-decay", "ratio");
  const decay = weightDecay === undefined ? {} : { weightDecay };
  if (kind === "sgd") return { kind, ...(momentum !== undefined && { momentum }), ...decay };
  if (momentum !== undefined)
    throw new InputError("no-momentum", `${kind} takes no --momentum`, "give --optimiser sgd, or leave it out");
  return { kind, ...decay };
}

function seedsOf(options: OptionValues): readonly number[] {
  const seeds = (listOption(options, "--seed") ?? ["0"]).map((text) => parseCount(text, 0, "--seed"));
  return [...new Set(seeds)];
}

/** @throws InputError "no-checkpoint" for --resume without what it goes on from */
export function checkResume(options: OptionValues): void {
  if (flagOption(options, "--resume") && textOption(options, "--checkpoint") === undefined)
    throw new InputError("no-checkpoint", "--resume needs --checkpoint", "give the folder of the checkpoint");
}

/** @throws InputError for what cannot be meant */
export function learningSettings(options: OptionValues): LearningSettings {
  const data = textOption(options, "--data");
  if (data === undefined)
    throw new InputError(
      "no-data",
      "no data set is given",
      "give --data FOLDER, or --data synthetic:digits to try it out",
    );
  const checkpoint = textOption(options, "--checkpoint");
  checkResume(options);
  return {
    data,
    epochs: countOption(options, "--epochs") ?? 3,
    batch: countOption(options, "--batch") ?? 64,
    rate: positiveOption(options, "--lr", "ratio") ?? 1e-3,
    optimiser: optimiserOf(options),
    loss: { kind: oneOf(options, "--loss", LEARNING_LOSSES, "cross-entropy") },
    schedule: oneOf(options, "--schedule", SCHEDULE_KINDS, "constant"),
    warmUp: countOption(options, "--warmup", 0) ?? 0,
    clipNorm: positiveOption(options, "--clip", "ratio"),
    accumulate: countOption(options, "--accumulate") ?? 1,
    seeds: seedsOf(options),
    validationShare: shareOption(options, "--validation"),
    patience: countOption(options, "--patience"),
    limitTrain: countOption(options, "--limit-train"),
    limitTest: countOption(options, "--limit-test"),
    budgetJ: positiveOption(options, "--budget", "J"),
    checkpoint,
    threads: threadsOption(options),
    freeze: listOption(options, "--freeze"),
    recompute: flagOption(options, "--recompute") || undefined,
    provider:
      textOption(options, "--provider") === undefined ? undefined : oneOf(options, "--provider", PROVIDERS, "cpu"),
  };
}

/** What makes a run that run: a checkpoint of another is refused. Epochs count only where the learning rate depends on them. */
export function fingerprintOf(model: string, settings: LearningSettings, seed: number): string {
  const {
    epochs,
    seeds: _seeds,
    checkpoint: _folder,
    budgetJ: _budget,
    threads: _threads,
    recompute: _recompute,
    ...rest
  } = settings;
  return JSON.stringify({ model, seed, ...rest, ...(settings.schedule !== "constant" && { epochs }) });
}

/**
 * Which weights learn.
 * @throws InputError "unknown-weight" for a beginning that no weight's name has
 */
export function trainableBy(freeze: readonly string[], names: readonly string[]): (name: string) => boolean {
  for (const prefix of freeze)
    if (!names.some((name) => name.startsWith(prefix)))
      throw unknownName(
        "weight",
        prefix,
        [...new Set(names.map((name) => name.slice(0, prefix.length)))],
        "give the beginning of a weight's name, such as a block of `joulecast inspect`",
      );
  return (name) => !freeze.some((prefix) => name.startsWith(prefix));
}
