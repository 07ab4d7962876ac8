// The options of `prune`: from text to settings. Nothing is read or run here.
import { SCOPES, type Scope } from "../../../reduce/prune/magnitude.ts";
import { DEFAULT_MU, DEFAULT_MULTIPLE } from "../../../reduce/prune/pipeline.ts";
import { PRUNE_METHODS, type PruneMethod, type PruneTarget } from "../../../reduce/prune/target.ts";
import { InputError } from "../../../units/input-error.ts";
import { ZOO_PREFIX } from "../../../zoo/network.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, positiveOption, quantityOption, textOption } from "../../options.ts";
import { LEARNING_OPTIONS, type LearningSettings, learningSettings, oneOf } from "../learning/learning-options.ts";
import { REDUCTION_OPTIONS } from "./reduction-options.ts";

/** Options of a training that mean something else here, or nothing. */
const NOT_HERE = /^--(epochs|checkpoint|resume|budget|schedule|patience|validation) ?/;

export const PRUNE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--method <name>", description: `${PRUNE_METHODS.join(", ")} (default: by the target that is given)` },
  { flags: "--threshold <t>", description: "threshold: weights and biases smaller than this become zero" },
  {
    flags: "--ratio <r>",
    description: "magnitude: parameters of the original over those left that are not zero, above 1",
  },
  { flags: "--macs <share>", description: "structured, slimming: share of the MACs that may be left, such as 0.2" },
  { flags: "--scope <name>", description: `what is compared: ${SCOPES.join(", ")} (default global)` },
  {
    flags: "--multiple <n>",
    description: `channels left in a layer are a multiple of this; runtimes are slow at odd numbers (default ${DEFAULT_MULTIPLE})`,
  },
  {
    flags: "--keep <share>",
    description: "structured: share of its channels that a layer keeps at least (default 0.1)",
  },
  { flags: "--l1 <mu>", description: `train before with the loss μ·loss + (1-μ)·Σ|w|; the paper's μ is ${DEFAULT_MU}` },
  { flags: "--l1-epochs <n>", description: "epochs of that training (default 4)" },
  { flags: "--l1-lr <rate>", description: "its learning rate (default 3e-3)" },
  { flags: "--warm-epochs <n>", description: "epochs of plain training before all else (default 0; for zoo:NAME 3)" },
  { flags: "--epochs <n>", description: "epochs of fine-tuning afterwards; zeros stay zero (default 0)" },
  {
    flags: "--gradual <n>",
    description: "steps in which the target is reached, an epoch after each but the last (default 1)",
  },
  { flags: "--keep-shapes", description: "leave dead channels and neurons in: zeros only" },
  { flags: "--schedule <name>", description: "learning rate: constant, step, cosine, linear (default cosine)" },
  ...LEARNING_OPTIONS.filter(({ flags }) => !NOT_HERE.test(flags)),
  ...REDUCTION_OPTIONS,
];

const L1_EPOCHS = 4;
const L1_RATE = 3e-3;
const ZOO_WARM_EPOCHS = 3;

export interface PruneSettings {
  /** Undefined: nothing is trained, and nothing judged. */
  readonly data: string | undefined;
  /** `data` is empty where there are none. */
  readonly learning: LearningSettings;
  readonly target: PruneTarget;
  readonly l1: { readonly mu: number; readonly epochs: number; readonly rate: number } | undefined;
  readonly warmEpochs: number;
  readonly epochs: number;
  readonly gradual: number;
  readonly keepShapes: boolean;
  readonly multiple: number;
}

/** Options by the methods that they are for. */
const ONLY: readonly (readonly [flag: string, methods: readonly PruneMethod[]])[] = [
  ["--threshold", ["threshold"]],
  ["--ratio", ["magnitude"]],
  ["--macs", ["structured", "slimming"]],
  ["--scope", ["magnitude", "structured", "slimming"]],
  ["--keep", ["structured", "slimming"]],
];

/** The target's option of each method. */
const NEEDS: Readonly<Record<PruneMethod, string>> = {
  threshold: "--threshold 0.01",
  magnitude: "--ratio 20",
  structured: "--macs 0.2",
  slimming: "--macs 0.2",
};

function methodOf(options: OptionValues): PruneMethod {
  if (textOption(options, "--method") !== undefined) return oneOf(options, "--method", PRUNE_METHODS, "magnitude");
  const given = ONLY.find(([flag]) => textOption(options, flag) !== undefined);
  if (given !== undefined && given[1].length < 3) return given[1][0]!;
  throw new InputError("no-target", "nothing says how far to prune", "give --ratio 20, --threshold 0.01 or --macs 0.2");
}

function checkMeant(options: OptionValues, method: PruneMethod): void {
  for (const [flag, methods] of ONLY)
    if (textOption(options, flag) !== undefined && !methods.includes(method))
      throw new InputError(
        "no-effect",
        `${flag} means nothing for ${method}`,
        `it is for ${methods.join(" and ")}: leave it out`,
      );
}

function between(options: OptionValues, flag: string): number | undefined {
  const value = positiveOption(options, flag, "ratio");
  if (value === undefined || value < 1) return value;
  throw new InputError("out-of-range", `${flag}: ${value} is out of range`, "give a share above 0 and below 1");
}

function targetOf(options: OptionValues): PruneTarget {
  const method = methodOf(options);
  checkMeant(options, method);
  const missing = () => new InputError("no-target", `${method} needs its target`, `give ${NEEDS[method]}, say`);
  const scope: Scope = oneOf(options, "--scope", SCOPES, "global");
  if (method === "threshold") {
    const threshold = positiveOption(options, "--threshold", "ratio");
    if (threshold === undefined) throw missing();
    return { method, threshold };
  }
  if (method === "magnitude") {
    const ratio = quantityOption(options, "--ratio", "ratio");
    if (ratio === undefined) throw missing();
    if (ratio > 1) return { method, ratio, scope };
    throw new InputError(
      "out-of-range",
      `--ratio: ${ratio} is out of range`,
      "give a compression ratio above 1, such as 20",
    );
  }
  const macsRatio = between(options, "--macs");
  if (macsRatio === undefined) throw missing();
  const keepRatio = quantityOption(options, "--keep", "ratio", 0, 1);
  return {
    method,
    macsRatio,
    scope,
    ...(keepRatio !== undefined && { keepRatio }),
  };
}

function l1Of(options: OptionValues): PruneSettings["l1"] {
  const mu = between(options, "--l1");
  if (mu !== undefined)
    return {
      mu,
      epochs: countOption(options, "--l1-epochs") ?? L1_EPOCHS,
      rate: positiveOption(options, "--l1-lr", "ratio") ?? L1_RATE,
    };
  for (const flag of ["--l1-epochs", "--l1-lr"])
    if (textOption(options, flag) !== undefined)
      throw new InputError(
        "no-effect",
        `${flag} means nothing without --l1`,
        `give --l1 ${DEFAULT_MU}, or leave it out`,
      );
  return undefined;
}

/** What trains, in words; undefined where nothing does. */
function trainingIn(settings: Pick<PruneSettings, "l1" | "warmEpochs" | "epochs" | "gradual">): string | undefined {
  const { l1, warmEpochs, epochs, gradual } = settings;
  if (l1 !== undefined) return "the training with --l1";
  if (warmEpochs > 0) return "the warm start (--warm-epochs)";
  if (epochs > 0) return "fine-tuning (--epochs)";
  return gradual > 1 ? "the epochs between the steps of --gradual" : undefined;
}

/** @throws InputError for what cannot be meant, "no-data" when something is to be trained without any */
export function pruneSettings(model: string, options: OptionValues): PruneSettings {
  const { epochs: _own, ...rest } = options;
  const isDrawn = model.startsWith(ZOO_PREFIX);
  const data = textOption(options, "--data");
  const course = {
    l1: l1Of(options),
    warmEpochs: countOption(options, "--warm-epochs", 0) ?? (isDrawn ? ZOO_WARM_EPOCHS : 0),
    epochs: countOption(options, "--epochs", 0) ?? 0,
    gradual: countOption(options, "--gradual") ?? 1,
  };
  const target = targetOf(options);
  const training = trainingIn(course);
  if (data === undefined && training !== undefined)
    throw new InputError(
      "no-data",
      `${training} needs samples, and no data set is given`,
      "give --data FOLDER, or leave the training out",
    );
  return {
    target,
    data,
    ...course,
    keepShapes: flagOption(options, "--keep-shapes"),
    multiple: countOption(options, "--multiple") ?? DEFAULT_MULTIPLE,
    learning: learningSettings({ ...rest, data: data ?? "", schedule: options.schedule ?? "cosine" }),
  };
}
