// `joulecast train MODEL --data DIR`: a network of the zoo or a file learns, and the joules of every epoch are told.
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import type { Graph } from "../../../graph/graph.ts";
import type { Fitted } from "../../../learn/train/fit.ts";
import type { EpochRow, Progress, Score } from "../../../learn/train/plan.ts";
import { monotonicS } from "../../../node/clock.ts";
import { checkpointFolder } from "../../../node/data/checkpoint-folder.ts";
import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { Session } from "../../../node/run/session.ts";
import { type NetworkCost, type SeedRow, scoreName, trainDocument } from "../../../report/learning/train-report.ts";
import { plural } from "../../../report/work-sections.ts";
import type { WeightReader } from "../../../runtime/runtime.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption, flagOption } from "../../options.ts";
import { SOURCE_OPTIONS, wallFactorOption } from "../measuring/machine-options.ts";
import { measurementResult } from "../measuring/measure-result.ts";
import { learningData } from "./learning-data.ts";
import { metered, type Pricing, pricing } from "./learning-energy.ts";
import {
  fingerprintOf,
  LEARNING_OPTIONS,
  type LearningSettings,
  learningSettings,
  trainableBy,
} from "./learning-options.ts";
import {
  epochResult,
  type Spent,
  scoreResult,
  spentOn,
  sumOf,
  unfinishedNote,
  unfinishedResult,
  withWindows,
} from "./learning-result.ts";
import { FORCE_OPTION, noEpochOf, outOption, writeNetwork } from "./network-out.ts";
import { DEEPRX_MODEL, DEEPRX_OPTIONS, refuseDeepRxOptions, trainDeepRx } from "./train-deeprx.ts";

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;

interface SeedRun {
  readonly seed: number;
  readonly prefix: string;
  readonly fitted: Fitted;
}

const labelOf = ({ epoch, epochs, loss }: Progress, prefix: string): string =>
  `${prefix}epoch ${epoch} of ${epochs}, loss ${loss.toPrecision(3)}`;

function told(row: EpochRow, prefix: string): string {
  const { epoch, loss, score, seconds } = row;
  const judged = score === undefined ? "" : `, ${score.accuracy === undefined ? "evaluation loss" : "accuracy"} `;
  const value = score === undefined ? "" : (score.accuracy ?? score.loss).toPrecision(4);
  return `${prefix}epoch ${epoch}: loss ${loss.toPrecision(4)}${judged}${value}, ${seconds.toFixed(1)} s\n`;
}

const memoryHere = () => {
  const totalBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return { totalBytes, freeBytes: Math.min(freemem(), totalBytes) };
};

interface SeedPlan {
  readonly network: OpenNetwork;
  readonly settings: LearningSettings;
  readonly seed: number;
  readonly prefix: string;
  readonly budgetJ: number | undefined;
}

async function trainSeed(
  model: string,
  { network, settings, seed, prefix, budgetJ }: SeedPlan,
  options: OptionValues,
  context: CommandContext,
  session: Session | undefined,
  signal: AbortSignal,
): Promise<Fitted> {
  const [{ fitNetwork }, { onnxRuntime }, { sessionMeter }] = await Promise.all([
    import("../../../learn/train/fit.ts"),
    import("../../../node/runtime/onnx-runtime.ts"),
    import("../../../node/runtime/session-meter.ts"),
  ]);
  const { clipNorm, threads, patience, checkpoint, freeze, recompute, provider } = settings;
  const { train, validation, test } = learningData(settings);
  const folder = checkpoint && (settings.seeds.length > 1 ? join(checkpoint, `seed-${seed}`) : checkpoint);
  const { loss, optimiser, batch, accumulate, epochs, rate, schedule, warmUp } = settings;
  return fitNetwork({
    // one memory plan for all runs costs memory that recomputation is to save
    runtime: onnxRuntime({ ...(provider && { provider }), ...(recompute && { memoryPattern: false }) }),
    memory: memoryHere(),
    onShortMemory: (sentence) => context.progress(`${sentence}\n`),
    ...(freeze && { trainable: trainableBy(freeze, [...network.graph.weights.keys()]) }),
    ...(recompute && { recompute }),
    network: network.graph,
    weights: network.weights,
    train,
    ...(validation && { validation }),
    ...(test && { test }),
    loss: train.columns.some(({ role }) => role === "mask") ? { ...loss, masked: true } : loss,
    optimiser,
    batch,
    accumulate,
    epochs,
    rate,
    schedule,
    warmUp,
    seed,
    dims: dimensionsOption(options, "--dim"),
    clock: { nowS: monotonicS },
    fingerprint: fingerprintOf(model, settings, seed),
    resume: flagOption(options, "--resume"),
    signal,
    onProgress: (progress) =>
      context.progress({
        label: labelOf(progress, prefix),
        done: progress.done,
        total: progress.total,
        unit: "steps",
      }),
    onEpoch: (row) => context.progress(told(row, prefix)),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(threads !== undefined && { threads }),
    ...(patience !== undefined && { earlyStopping: { patience } }),
    ...(folder !== undefined && { checkpoints: checkpointFolder(folder) }),
    ...(session && { meter: sessionMeter(session, { prefix, wallFactor: wallFactorOption(options) }) }),
    ...(budgetJ !== undefined && { budgetJ }),
  });
}

function costOf(graph: Graph, options: OptionValues, score: Score | undefined, price: Pricing): NetworkCost {
  const work = countGraph(graph, { batch: 1, dims: dimensionsOption(options, "--dim") });
  const { macs, params, weightBytes } = work.total;
  return { macs, params, weightBytes, score, energyJ: price.energyJ(work) };
}

const costResult = ({ macs, params, weightBytes, score, energyJ }: NetworkCost) => ({
  macs,
  params,
  weightBytes,
  metric: scoreResult(score),
  loss: score?.loss ?? null,
  energyJ,
});

const seedRow = ({ seed, fitted }: SeedRun, { seconds, energyJ }: Spent): SeedRow => ({
  seed,
  end: fitted.result.end,
  score: fitted.after,
  seconds,
  energyJ,
});

/** What is written: with --fold, without the batch normalisations that follow a layer which can take them in. */
async function finalGraph(fitted: Fitted, weights: WeightReader, options: OptionValues) {
  if (!flagOption(options, "--fold")) return { graph: fitted.network, notes: [] };
  const { foldBatchNorms } = await import("../../../learn/train/fold.ts");
  const { graph, folded } = await foldBatchNorms(fitted.network, weights);
  return { graph, notes: [`${plural(folded, "batch normalisation")} folded into the layers before them`] };
}

const ENDS: Readonly<Record<string, string>> = {
  "no improvement": "stopped early: no improvement; the best epoch's weights are kept",
  "budget spent": "stopped: the joule budget is spent",
  interrupted: "interrupted",
};

function endNotes({ fitted: { result } }: SeedRun, settings: LearningSettings): readonly string[] {
  const text = ENDS[result.end];
  const resumed = result.resumedAt > 0 ? [`resumed after ${result.resumedAt} updates`] : [];
  if (text === undefined) return resumed;
  const isOpen = result.end !== "no improvement" && settings.checkpoint !== undefined;
  return [...resumed, `${text}${isOpen ? "; --resume goes on from the checkpoint" : ""}`];
}

async function trainAll(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  refuseDeepRxOptions(model, options);
  const settings = learningSettings(options);
  const out = outOption(options);
  const price = await pricing(options);
  const networks: OpenNetwork[] = [];
  try {
    const { value, measurement, windowJ, remarks } = await metered(`train ${model}`, options, context, (session) =>
      withInterrupts(async (signal) => {
        const runs: SeedRun[] = [];
        for (const seed of settings.seeds) {
          if (signal.aborted) break;
          const network = await openNetwork(model, seed);
          networks.push(network);
          const prefix = settings.seeds.length > 1 ? `seed ${seed}, ` : "";
          const spentJ = sumOf(runs.map(({ fitted }) => fitted.result.spentJ));
          const budgetJ = settings.budgetJ === undefined ? undefined : settings.budgetJ - (spentJ ?? 0);
          if (budgetJ !== undefined && budgetJ <= 0) break;
          const plan = { network, settings, seed, prefix, budgetJ };
          runs.push({ seed, prefix, fitted: await trainSeed(model, plan, options, context, session, signal) });
        }
        return runs;
      }),
    );
    context.progress("");
    const first = value[0]!;
    const rows = value.map(({ fitted, prefix }) => withWindows(fitted.result, prefix, windowJ));
    const { graph, notes } = await finalGraph(first.fitted, networks[0]!.weights, options);
    const { result } = first.fitted;
    const unfinished = noEpochOf(result);
    const file = await writeNetwork(out, { graph, weights: networks[0]!.weights }, unfinished);
    const before = costOf(networks[0]!.graph, options, first.fitted.before, price);
    const after = costOf(graph, options, first.fitted.after, price);
    const spent = value.map(({ fitted, prefix }, i) => spentOn(fitted.result, rows[i]!, prefix, windowJ));
    const seeds = value.map((run, i) => seedRow(run, spent[i]!));
    const ends = value.flatMap((run, i) => [...endNotes(run, settings), ...unfinishedNote(spent[i]!, run.prefix)]);
    const all = [...notes, ...ends, ...file.left, ...remarks];
    const { batch, rate, schedule, optimiser, loss, data } = settings;
    return {
      result: {
        model,
        data,
        out: file.written ?? null,
        end: result.end,
        epochs: rows[0]!.map(epochResult),
        unfinished: unfinishedResult(spent[0]!),
        before: costResult(before),
        after: costResult(after),
        seeds: seeds.map(({ seed, end, score, seconds, energyJ }) => ({
          seed,
          end,
          metric: scoreResult(score),
          seconds,
          energyJ: energyJ ?? null,
        })),
        metricName: scoreName(first.fitted.after ?? first.fitted.before),
        updates: result.updates,
        resumedAt: result.resumedAt,
        spentJ: result.spentJ ?? null,
        settings: { ...settings, budgetJ: settings.budgetJ ?? null },
        device: price.device ?? null,
        energy: measurement === undefined ? null : measurementResult(measurement),
        remarks: all,
      },
      document: trainDocument({
        title: `${model} trained on ${data}`,
        out: file.written,
        settings: [
          ["optimiser", `${optimiser.kind}, learning rate ${rate}, ${schedule}`],
          ["loss", loss.kind],
          ["batch", String(batch)],
        ],
        epochs: rows[0]!,
        seeds,
        before,
        after,
        measurement,
        device: price.device,
        notes: all,
      }),
      exitCode: result.end === "interrupted" ? INTERRUPTED : 0,
      remarks: file.remarks,
    };
  } finally {
    for (const network of networks) network.close();
  }
}

export const train: Command = {
  name: "train",
  summary: "train or fine-tune a network on this machine, and tell the joules of every epoch",
  arguments: [
    {
      name: "model",
      description:
        "a built-in network as zoo:NAME, an .onnx file with float weights, or deeprx: a radio receiver on simulated slots",
      required: true,
    },
  ],
  options: [
    ...LEARNING_OPTIONS,
    ...DEEPRX_OPTIONS,
    FORCE_OPTION,
    { flags: "--dim <name=n>", description: "length of a symbolic dimension; may be repeated", repeatable: true },
    { flags: "--fold", description: "fold batch normalisation into the layers before it in what is written" },
    { flags: "--on <device>", description: "device for the joules per inference (default: this CPU)" },
    { flags: "--idle <time>", description: "idle time before, for the baseline (default 0: none)" },
    ...SOURCE_OPTIONS.filter(({ flags }) => !flags.startsWith("--replay")),
    { flags: "--no-measure", description: "do not read any power source" },
    { flags: "--label <text>", description: "a name for the run in the history" },
    { flags: "--no-save", description: "do not keep the run in the history" },
  ],
  out: "where to write the trained network, an .onnx file for inference",
  examples: [
    "joulecast train zoo:mnist-cnn --data synthetic:digits --epochs 2 --out digits.onnx",
    "joulecast train zoo:cifar/resnet18 --data cifar-10-batches-bin --epochs 20 --optimiser sgd --momentum 0.9 --lr 0.1 --schedule cosine",
    "joulecast train deeprx --size 1GFLOP --subcarriers 72 --steps 500 --out rx.onnx",
    "joulecast train model.onnx --data DIR --lr 1e-4 --budget 50kJ --checkpoint run1",
  ],
  run: async ([model = ""], options, context) =>
    model === DEEPRX_MODEL ? trainDeepRx(options, context) : trainAll(model, options, context),
};
