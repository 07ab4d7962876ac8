// `joulecast train deeprx --size … --steps …`: a radio receiver learns from slots that the simulator draws while it learns. Its data, size and
// recipe are its own; what is told at the end is what every training tells.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Graph } from "../../../graph/graph.ts";
import type { StreamFitted } from "../../../learn/train/fit-stream.ts";
import type { EpochRow } from "../../../learn/train/plan.ts";
import { type ExampleSetup, LEARNING_CHANNELS } from "../../../link/examples.ts";
import { constellationOf, MODULATIONS, modulationNamed } from "../../../link/qam.ts";
import { checkpointFolder } from "../../../node/data/checkpoint-folder.ts";
import { explainRefusal } from "../../../node/files.ts";
import { drawnWeights } from "../../../node/model.ts";
import { inlineNetwork } from "../../../node/open-network.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { Session } from "../../../node/run/session.ts";
import { DISTIL_FORMS, type DistilForm } from "../../../reduce/distil/objective.ts";
import { type NetworkCost, trainDocument } from "../../../report/learning/train-report.ts";
import { RECIPES, type Recipe } from "../../../study/papers/deeprx/recipe.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount, parseWithin } from "../../../units/parse.ts";
import { countGraph } from "../../../work/count-graph.ts";
import { buildDeepRx, type DeepRxOptions } from "../../../zoo/deeprx.ts";
import { deepRxOfSize } from "../../../zoo/deeprx-size.ts";
import type { CommandContext, OptionSpec, OptionValues, Outcome } from "../../command.ts";
import {
  countOption,
  flagOption,
  listOption,
  offOption,
  positiveOption,
  shareOption,
  textOption,
} from "../../options.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { measurementResult } from "../measuring/measure-result.ts";
import { threadsOption } from "../threads-option.ts";
import { metered, type Pricing, pricing } from "./learning-energy.ts";
import { checkResume, oneOf, PROVIDERS } from "./learning-options.ts";
import { epochResult, spentOn, unfinishedNote, unfinishedResult, withWindows } from "./learning-result.ts";
import { noEpochOf, outOption, writeNetwork } from "./network-out.ts";

/** What `train` is told instead of a model. */
export const DEEPRX_MODEL = "deeprx";
/** Slots that a receiver takes in, per second, where a size is given as a rate [DeepRxEnergy]. */
const SLOTS_PER_S = 1000;
const INTERRUPTED = 130;

export const DEEPRX_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--size <flops>",
    description: "deeprx: FLOPs per slot (1GFLOP), or per second at 1,000 slots/s (11TFLOP/s)",
  },
  { flags: "--steps <n>", description: "deeprx: steps of the training (default: the recipe's)" },
  { flags: "--recipe <name>", description: "deeprx: small or published (LAMB, 30,000 steps of 80; default small)" },
  { flags: "--modulation <name>", description: `deeprx: ${MODULATIONS.join(", ")} (default 16qam)` },
  { flags: "--subcarriers <n>", description: "deeprx: a multiple of 12 (default 312)" },
  { flags: "--width <ratio>", description: "deeprx: width of all layers, beside --size (default 1)" },
  { flags: "--depth <n>", description: "deeprx: residual blocks (default 11)" },
  {
    flags: "--pilots <list>",
    description: "deeprx: symbols with pilots, 1 or 2; of several each slot draws one (default 1,2)",
  },
  {
    flags: "--curriculum <list>",
    description: "deeprx: easier modulations first, as name:share of the steps, such as qpsk:0.2",
  },
  { flags: "--teacher <file>", description: "deeprx: learn from this receiver too" },
  { flags: "--alpha <share>", description: "deeprx: weight of the labels beside the teacher (default 0.5)" },
  { flags: "--temperature <T>", description: "deeprx: softens the teacher (default 2)" },
  { flags: "--form <name>", description: "deeprx: bits, mse or sobolev (default bits)" },
  { flags: "--no-t2", description: "deeprx: do not multiply the teacher's loss by T²" },
];

const FORMS = DISTIL_FORMS.filter((form) => ["bits", "mse", "sobolev"].includes(form));

/** "11TFLOP/s" or "1GFLOP" → FLOPs per slot. */
function flopsOf(text: string): number {
  if (/\/s$/.test(text)) return parseWithin(text.replace(/\/s$/, ""), "FLOP", 1, 1e24, "--size") / SLOTS_PER_S;
  return parseWithin(text, "FLOP", 1, 1e21, "--size");
}

function curriculumOf(options: OptionValues, slots: number): ExampleSetup["curriculum"] {
  let until = 0;
  return (listOption(options, "--curriculum") ?? []).map((text) => {
    const [name = "", share] = text.split(":");
    if (share === undefined)
      throw new InputError("bad-curriculum", `--curriculum "${text}" is not name:share`, "write --curriculum qpsk:0.2");
    until += parseWithin(share, "ratio", 0, 1, "--curriculum") * slots;
    return { modulation: modulationNamed(name), until };
  });
}

/** What is learned from a teacher. */
interface TeacherSettings {
  readonly file: string;
  readonly sha256: string;
  readonly alpha: number;
  readonly temperature: number;
  readonly form: DistilForm;
  readonly squared: boolean;
}

interface Settings {
  readonly form: DeepRxOptions;
  readonly teacher: TeacherSettings | undefined;
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly slots: ExampleSetup;
  readonly seed: number;
}

function settingsOf(options: OptionValues): Settings {
  const recipe = RECIPES[oneOf(options, "--recipe", ["small", "published"], "small")];
  const steps = countOption(options, "--steps") ?? recipe.steps;
  const batch = countOption(options, "--batch") ?? recipe.batch;
  const rate = positiveOption(options, "--lr", "ratio") ?? recipe.rate;
  const warmUp = countOption(options, "--warmup", 0) ?? Math.min(recipe.warmUp, Math.floor(steps / 10));
  const modulation = oneOf(options, "--modulation", MODULATIONS, "16qam");
  const subcarriers = countOption(options, "--subcarriers") ?? 312;
  const seed = countOption(options, "--seed", 0) ?? 0;
  const { bits } = constellationOf(modulation);
  const width = positiveOption(options, "--width", "ratio");
  const depth = countOption(options, "--depth");
  const base: DeepRxOptions = {
    bits,
    subcarriers,
    seed: seed * 1_000_000,
    ...(width !== undefined && { width }),
    ...(depth !== undefined && { depth }),
  };
  const size = textOption(options, "--size");
  const count = (graph: Graph) => countGraph(graph, { batch: 1 }).total.flops;
  const form = size === undefined ? base : deepRxOfSize(flopsOf(size), base, count).options;
  const curriculum = curriculumOf(options, steps * batch);
  return {
    form,
    graph: buildDeepRx(form),
    teacher: teacherOf(options),
    recipe: { ...recipe, steps, batch, rate, warmUp },
    slots: {
      modulation,
      channels: LEARNING_CHANNELS,
      grid: { subcarriers },
      pilots: (listOption(options, "--pilots") ?? ["1", "2"]).map((text) => parseCount(text, 1, "--pilots")),
      bits,
      seed: seed * 1_000_000 + 1,
      ...(curriculum && curriculum.length > 0 && { curriculum }),
    },
    seed,
  };
}

/** Options of `train` that mean nothing here: a recipe has them, or there is no data set. */
const NOT_HERE = [
  "--data",
  "--epochs",
  "--optimiser",
  "--momentum",
  "--weight-decay",
  "--loss",
  "--schedule",
  "--clip",
  "--accumulate",
  "--validation",
  "--patience",
  "--limit-train",
  "--limit-test",
  "--freeze",
  "--dim",
  "--fold",
] as const;
/** And those that mean nothing without a teacher. */
const OF_TEACHER = ["--alpha", "--temperature", "--form", "--no-t2"] as const;

const camelCase = (flag: string): string =>
  flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const givenIn = (options: OptionValues) => (flag: string) =>
  flag.startsWith("--no-") ? offOption(options, flag) : options[camelCase(flag)] !== undefined;

/** @throws InputError "no-such-option" for options of deeprx where another model learns */
export function refuseDeepRxOptions(model: string, options: OptionValues): void {
  const odd = DEEPRX_OPTIONS.map(({ flags }) => flags.split(" ")[0]!).find(givenIn(options));
  if (odd === undefined) return;
  throw new InputError("no-such-option", `${odd} is of deeprx, not of ${model}`, "leave it out, or train deeprx");
}

function refuseOthers(options: OptionValues): void {
  const isGiven = givenIn(options);
  checkResume(options);
  const odd = NOT_HERE.find(isGiven);
  if (odd === "--data")
    throw new InputError("no-data", "deeprx takes no --data: its slots are simulated", "leave --data out");
  if (odd !== undefined)
    throw new InputError(
      "no-such-option",
      `deeprx takes no ${odd}: its recipe says`,
      "give --recipe, --steps, --batch, --lr or --warmup",
    );
  const alone = OF_TEACHER.find(isGiven);
  if (alone !== undefined && !isGiven("--teacher"))
    throw new InputError("no-teacher", `${alone} needs a teacher`, "give --teacher FILE.onnx");
}

/** The bytes of a model file. @throws InputError when it cannot be read */
function readModelBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}

function teacherOf(options: OptionValues): TeacherSettings | undefined {
  const file = textOption(options, "--teacher");
  if (file === undefined) return undefined;
  return {
    file,
    sha256: createHash("sha256").update(readModelBytes(file)).digest("hex"),
    alpha: shareOption(options, "--alpha") ?? 0.5,
    temperature: positiveOption(options, "--temperature", "ratio") ?? 2,
    form: oneOf(options, "--form", FORMS, "bits"),
    squared: !offOption(options, "--no-t2"),
  };
}

/** All that makes this training another than the next: a checkpoint of another is refused. */
const whatItIs = ({ form, recipe, slots, teacher }: Settings) => ({
  network: form,
  recipe,
  slots,
  teacher: teacher ?? null,
});

async function fitted(
  settings: Settings,
  options: OptionValues,
  context: CommandContext,
  session: Session | undefined,
  signal: AbortSignal,
): Promise<StreamFitted> {
  const [{ trainReceiver }, { onnxRuntime }, { sessionMeter }] = await Promise.all([
    import("../../../node/radio/train-deeprx.ts"),
    import("../../../node/runtime/onnx-runtime.ts"),
    import("../../../node/runtime/session-meter.ts"),
  ]);
  const { graph, recipe, slots, seed, teacher } = settings;
  const provider = oneOf(options, "--provider", PROVIDERS, "cpu");
  const isRecomputed = flagOption(options, "--recompute");
  const checkpoint = textOption(options, "--checkpoint");
  const threads = threadsOption(options);
  const budgetJ = positiveOption(options, "--budget", "J");
  return trainReceiver({
    network: graph,
    weights: drawnWeights,
    slots,
    recipe,
    seed,
    signal,
    fingerprint: createHash("sha256")
      .update(JSON.stringify(whatItIs(settings)))
      .digest("hex"),
    resume: flagOption(options, "--resume"),
    ...(checkpoint !== undefined && { checkpoints: checkpointFolder(checkpoint) }),
    ...(threads !== undefined && { threads }),
    ...(budgetJ !== undefined && { budgetJ }),
    ...(session && { meter: sessionMeter(session, { wallFactor: wallFactorOption(options) }) }),
    ...(teacher !== undefined && { teacher: { ...teacher, graph: await inlineNetwork(teacher.file) } }),
    runtime: onnxRuntime({ provider, ...(isRecomputed && { memoryPattern: false }) }),
    ...(isRecomputed && { recompute: true }),
    onProgress: ({ done, total, loss }) =>
      context.progress({ label: `loss ${loss.toPrecision(3)}`, done, total, unit: "steps" }),
    onEpoch: ({ epoch, loss, seconds }) =>
      context.progress(`tenth ${epoch}: loss ${loss.toPrecision(4)}, ${seconds.toFixed(1)} s\n`),
  });
}

function costOf(graph: Graph, row: EpochRow | undefined, price: Pricing): NetworkCost {
  const work = countGraph(graph, { batch: 1 });
  const { macs, params, weightBytes } = work.total;
  const score = row && { loss: row.loss, accuracy: undefined };
  return { macs, params, weightBytes, score, energyJ: price.energyJ(work) };
}

const teacherText = ({ file, alpha, temperature, form, squared }: TeacherSettings): string =>
  `${file}, ${form}, α ${alpha}, T ${temperature}${squared ? "" : ", without T²"}`;

const costResult = ({ macs, params, weightBytes, score, energyJ }: NetworkCost) => ({
  macs,
  params,
  weightBytes,
  metric: score?.loss ?? null,
  loss: score?.loss ?? null,
  energyJ,
});

export async function trainDeepRx(options: OptionValues, context: CommandContext): Promise<Outcome> {
  refuseOthers(options);
  const settings = settingsOf(options);
  const { graph, recipe, slots } = settings;
  const out = outOption(options);
  const price = await pricing(options);
  const { value, measurement, windowJ, remarks } = await metered("train deeprx", options, context, (session) =>
    withInterrupts((signal) => fitted(settings, options, context, session, signal)),
  );
  context.progress("");
  const { result, network } = value;
  const file = await writeNetwork(out, { graph: network, weights: drawnWeights }, noEpochOf(result));
  const rows = withWindows(result, "", windowJ);
  const [before, after] = [costOf(graph, undefined, price), costOf(network, rows.at(-1), price)];
  const flops = countGraph(graph, { batch: 1 }).total.flops;
  const spent = spentOn(result, rows, "", windowJ);
  const { seconds, energyJ } = spent;
  const notes = [
    "an epoch is a tenth of the steps; losses are of the learning slots, which never come twice",
    ...(result.end === "interrupted" ? ["interrupted"] : []),
    ...(result.end === "budget spent" ? ["stopped: the joule budget is spent"] : []),
    ...unfinishedNote(spent, ""),
    ...file.left,
    ...remarks,
  ];
  return {
    result: {
      model: DEEPRX_MODEL,
      data: `simulated ${slots.modulation}`,
      out: file.written ?? null,
      end: result.end,
      epochs: rows.map(epochResult),
      unfinished: unfinishedResult(spent),
      before: costResult(before),
      after: costResult(after),
      seeds: [
        { seed: settings.seed, end: result.end, metric: rows.at(-1)?.loss ?? null, seconds, energyJ: energyJ ?? null },
      ],
      metricName: "loss",
      updates: result.updates,
      resumedAt: result.resumedAt,
      spentJ: result.spentJ ?? null,
      settings: { ...whatItIs(settings), flopsPerSlot: flops },
      device: price.device ?? null,
      energy: measurement === undefined ? null : measurementResult(measurement),
      remarks: notes,
    },
    document: trainDocument({
      title: `DeepRx trained on simulated ${slots.modulation} slots`,
      out: file.written,
      settings: [
        [
          "size",
          `${(flops / 1e9).toPrecision(3)} GFLOP per slot, ${((flops * SLOTS_PER_S) / 1e12).toPrecision(3)} TFLOP/s at 1,000 slots/s`,
        ],
        [
          "optimiser",
          `${recipe.optimiser.kind}, learning rate ${recipe.rate}, falling from ${recipe.decayFrom * 100} % on`,
        ],
        ["steps", `${recipe.steps} of ${recipe.batch} slots`],
        ["channels", slots.channels.join(", ")],
        ...(settings.teacher === undefined ? [] : [["teacher", teacherText(settings.teacher)] as const]),
      ],
      epochs: rows,
      seeds: [{ seed: settings.seed, end: result.end, score: after.score, seconds, energyJ }],
      before,
      after,
      measurement,
      device: price.device,
      notes,
    }),
    exitCode: result.end === "interrupted" ? INTERRUPTED : 0,
    remarks: file.remarks,
  };
}
