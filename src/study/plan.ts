// A study's plan: what is crossed with what, how often, and how it is measured; read from YAML, every mistake with its line and column.
// The plan says what to do; trials.ts makes the single measurements of it, and who does them is told the rest.
import { LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import { parseQuantity } from "../units/parse.ts";
import type { Phase } from "./study-row.ts";

/** Hyperparameters of training, each crossed with all others. */
export interface StudyPlan {
  readonly name: string;
  /** "zoo:cifar/resnet18" or a path, relative to the plan's folder. */
  readonly networks: readonly string[];
  /** Data sets as `train --data` takes them. */
  readonly data: readonly string[];
  readonly phases: readonly Phase[];
  readonly batches: readonly number[];
  readonly learningRates: readonly number[];
  readonly weightDecays: readonly number[];
  readonly momenta: readonly number[];
  readonly optimiser: string;
  readonly loss: string;
  readonly epochs: number;
  /** Times that the test set is gone through in one inference trial. */
  readonly inferencePasses: number;
  readonly repetitions: number;
  readonly seed: number;
  /** Only the first so many samples; undefined: all. */
  readonly limitTrain: number | undefined;
  readonly limitTest: number | undefined;
  /** Idle time before each trial, s: the machine cools, and it is part of the trial's baseline. */
  readonly coolDownS: number;
  /** Idle time once at the start of a session, s: a longer baseline, part of that of each of its trials. */
  readonly idleS: number;
  /** Steps before a trial that do not count, in training on a network that is thrown away. */
  readonly warmUpSteps: number;
  /** Only machines that carry this tag take its trials; undefined: any. */
  readonly hardware: string | undefined;
  /** Joules above which the dry run asks. */
  readonly budgetJ: number | undefined;
}

/** The sixteen networks of [Mavromatis2024] in its variants. */
export const SIXTEEN: readonly string[] = [
  "simpledla",
  "dpn26",
  "densenet121",
  "efficientnet-b0",
  "googlenet",
  "lenet",
  "mobilenet",
  "mobilenet-v2",
  "pnasnet-a",
  "preactresnet18",
  "regnetx-200mf",
  "resnet18",
  "resnext29-2x64d",
  "senet18",
  "shufflenet-v2",
  "vgg16",
].map((name) => `zoo:cifar/${name}`);
/** The word for all of them. */
const ALL_SIXTEEN = "sixteen";
/** The optimiser that has a momentum. */
const WITH_MOMENTUM = "sgd";

type Where = (message: string, hint: string, code?: string) => InputError;
type Reader<T> = (value: unknown, fail: Where) => T;

/** The same twice is the same trial: it is done once. */
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? [...new Set(value)] : [value]);
const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

const text: Reader<string> = (value, fail) => {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw fail(`is ${JSON.stringify(value)}, expected a text`, "write a name");
};

const texts: Reader<readonly string[]> = (value, fail) => {
  const list = listOf(value);
  if (list.length === 0) throw fail("is an empty list", "name at least one");
  return list.map((one) => text(one, fail));
};

function numberWithin(low: number, high: number, whole: boolean): Reader<number> {
  return (value, fail) => {
    if (typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? "a whole number" : "a number";
    throw fail(`is ${JSON.stringify(value)}, expected ${kind} of ${low} to ${high}`, "write another number");
  };
}

const numbersWithin =
  (low: number, high: number, whole: boolean): Reader<readonly number[]> =>
  (value, fail) => {
    const list = listOf(value);
    if (list.length === 0) throw fail("is an empty list", "give at least one");
    return list.map((one) => numberWithin(low, high, whole)(one, fail));
  };

const quantity =
  (unit: string): Reader<number> =>
  (value, fail) => {
    try {
      const number = typeof value === "number" ? value : parseQuantity(String(value), unit);
      if (number >= 0) return number;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
    throw fail(
      `is ${JSON.stringify(value)}, expected ${unit === "s" ? "a time such as 10s" : "joules such as 50kJ"}`,
      "write it with its unit",
    );
  };

const PHASE_NAMES: Readonly<Record<string, Phase>> = {
  train: "training",
  training: "training",
  infer: "inference",
  inference: "inference",
};

const phases: Reader<readonly Phase[]> = (value, fail) =>
  distinct(
    texts(value, fail).map((name) => {
      const phase = PHASE_NAMES[name];
      if (phase !== undefined) return phase;
      throw fail(`has "${name}", expected train or infer`, "write phases: [train, infer]");
    }),
  );

const networks: Reader<readonly string[]> = (value, fail) =>
  distinct(texts(value, fail).flatMap((name) => (name === ALL_SIXTEEN ? SIXTEEN : [name])));

const most = Number.MAX_SAFE_INTEGER;

/** Keys of a plan file: where each goes and how it is read. */
const KEYS = {
  name: ["name", text],
  networks: ["networks", networks],
  data: ["data", texts],
  phases: ["phases", phases],
  batch: ["batches", numbersWithin(1, most, true)],
  "learning-rate": ["learningRates", numbersWithin(1e-12, 1e3, false)],
  "weight-decay": ["weightDecays", numbersWithin(0, 1e3, false)],
  momentum: ["momenta", numbersWithin(0, 1, false)],
  optimiser: ["optimiser", text],
  loss: ["loss", text],
  epochs: ["epochs", numberWithin(1, 1e6, true)],
  "inference-passes": ["inferencePasses", numberWithin(1, 1e6, true)],
  repetitions: ["repetitions", numberWithin(1, 1e6, true)],
  seed: ["seed", numberWithin(0, 2 ** 31 - 1, true)],
  "limit-train": ["limitTrain", numberWithin(1, most, true)],
  "limit-test": ["limitTest", numberWithin(1, most, true)],
  "cool-down": ["coolDownS", quantity("s")],
  idle: ["idleS", quantity("s")],
  "warm-up": ["warmUpSteps", numberWithin(0, 1e6, true)],
  hardware: ["hardware", text],
  budget: ["budgetJ", quantity("J")],
} as const satisfies Readonly<Record<string, readonly [keyof StudyPlan, Reader<unknown>]>>;

/** Names that a plan file may use. */
const PLAN_KEYS = Object.keys(KEYS);

/** What a plan that says nothing means: the hyperparameters of [Mavromatis2024]. */
const DEFAULTS: Omit<StudyPlan, "name" | "networks"> = {
  data: ["synthetic:pictures"],
  phases: ["training", "inference"],
  batches: [128],
  learningRates: [1e-3],
  weightDecays: [5e-4],
  momenta: [0],
  optimiser: "sgd",
  loss: "cross-entropy",
  epochs: 1,
  inferencePasses: 5,
  repetitions: 1,
  seed: 0,
  limitTrain: undefined,
  limitTest: undefined,
  coolDownS: 5,
  idleS: 10,
  warmUpSteps: 2,
  hardware: undefined,
  budgetJ: undefined,
};

const hintOfKeys = `a plan has the keys ${PLAN_KEYS.join(", ")}`;

/** An optimiser without momentum would do the same trial again for each. */
function checkMomentum(
  { optimiser = DEFAULTS.optimiser, momenta = [] }: Record<string, unknown>,
  items: readonly Pair<Node, Node | null>[],
  at: (offset: number) => string,
): void {
  const odd = (momenta as readonly number[]).find((momentum) => momentum !== 0);
  if (odd === undefined || optimiser === WITH_MOMENTUM) return;
  const value = items.find(({ key }) => key.toJSON() === "momentum")?.value;
  throw new InputError(
    "bad-plan",
    `${at(value?.range?.[0] ?? 0)}: momentum is ${odd}, but the optimiser ${optimiser} has none`,
    `leave momentum out, or write optimiser: ${WITH_MOMENTUM}`,
  );
}

/**
 * Where a word stands in a plan: "plan.yaml:2:8"; the file alone where it does not.
 * @param key "networks", "data", "optimiser", …
 */
export function placeInPlan(source: string, file: string, key: string, word: string): string {
  const lines = new LineCounter();
  const { contents } = parseDocument(source, { lineCounter: lines });
  const items = (contents as { readonly items?: readonly Pair<Node, Node | null>[] } | null)?.items ?? [];
  const value = items.find((item) => item.key.toJSON() === key)?.value as
    | (Node & { readonly items?: readonly Node[] })
    | null
    | undefined;
  const found = [...(value?.items ?? []), ...(value ? [value] : [])].find((node) => {
    const text = node.toJSON();
    return text === word || (text === ALL_SIXTEEN && SIXTEEN.includes(word));
  });
  if (found?.range === undefined || found.range === null) return file;
  const { line, col } = lines.linePos(found.range[0]);
  return `${file}:${line}:${col}`;
}

/**
 * Reads a plan.
 * @param source YAML
 * @param file for messages: "plan.yaml"
 * @throws InputError "bad-plan" or "unknown-key", with line and column
 */
export function parsePlan(source: string, file: string): StudyPlan {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined)
    throw new InputError(
      "bad-plan",
      `${at(broken.pos[0])}: ${broken.message.split(" at line ")[0]}`,
      "the plan is YAML: mend that line",
    );
  const contents = document.contents as { readonly items?: readonly Pair<Node, Node | null>[] } | null;
  if (!Array.isArray(contents?.items) || contents.items.some((item) => !("key" in item)))
    throw new InputError("bad-plan", `${file} is no list of keys and values`, hintOfKeys);
  const found: Record<string, unknown> = {};
  for (const { key, value } of contents.items) {
    const name = String(key.toJSON());
    const keyAt = at(key.range?.[0] ?? 0);
    if (!Object.hasOwn(KEYS, name)) {
      const { message } = unknownName("key", name, PLAN_KEYS, hintOfKeys);
      throw new InputError("unknown-key", `${keyAt}: ${message}`, hintOfKeys);
    }
    const [field, read] = KEYS[name as keyof typeof KEYS];
    const valueAt = at(value?.range?.[0] ?? key.range?.[0] ?? 0);
    const fail: Where = (message, hint) => new InputError("bad-plan", `${valueAt}: ${name} ${message}`, hint);
    found[field] = read(value?.toJSON(), fail);
  }
  checkMomentum(found, contents.items, at);
  const plan = { name: file.replace(/^.*\//, "").replace(/\.ya?ml$/, ""), ...DEFAULTS, ...found };
  if (!("networks" in plan))
    throw new InputError(
      "bad-plan",
      `${file}: no networks`,
      "write networks: [zoo:cifar/lenet], or sixteen for those of the paper",
    );
  return plan as StudyPlan;
}
