// `joulecast prune MODEL --data DIR`: fewer weights, or fewer channels, with the training that goes with it; and what that saves, on a
// runtime that multiplies zeros and on hardware that skips them.

import type { DataSet } from "../../../learn/data/data-set.ts";
import type { Score } from "../../../learn/train/plan.ts";
import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import type { PruneFit, PruneOutcome, PrunePlan } from "../../../reduce/prune/pipeline.ts";
import type { PruneMethod, PruneTarget, TargetOf } from "../../../reduce/prune/target.ts";
import { unlessStopped } from "../../../reduce/stoppable.ts";
import type { SeedRow } from "../../../report/learning/train-report.ts";
import { pruningSections } from "../../../report/reducing/prune-report.ts";
import { plural } from "../../../report/work-sections.ts";
import { formatNumber } from "../../../units/format.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption } from "../../options.ts";
import { type LearningData, learningData } from "../learning/learning-data.ts";
import { trainableBy } from "../learning/learning-options.ts";
import { sumOf } from "../learning/learning-result.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { PRUNE_OPTIONS, type PruneSettings, pruneSettings } from "./prune-options.ts";
import { lossOn } from "./reduction-options.ts";
import { type Look, type Reduced, type ReductionTools, reductionOutcome } from "./reduction-outcome.ts";

interface SeedRun {
  readonly seed: number;
  readonly prefix: string;
  readonly outcome: PruneOutcome;
}

/** On test data, before and after. */
interface Scores {
  readonly before: Score | undefined;
  readonly after: Score | undefined;
}

interface Task {
  readonly model: string;
  readonly settings: PruneSettings;
  /** Undefined: nothing is trained or judged. */
  readonly data: LearningData | undefined;
  readonly options: OptionValues;
  readonly context: CommandContext;
  readonly tools: ReductionTools;
}

/** Stands for the data where nothing is trained. */
const NO_DATA: DataSet = { name: "no data", samples: 0, columns: [] };

async function fitOf(
  { settings, data, options, tools }: Task,
  network: OpenNetwork,
  seed: number,
  prefix: string,
): Promise<PruneFit> {
  const { sessionMeter } = await import("../../../node/runtime/session-meter.ts");
  const { optimiser, batch, accumulate, rate, schedule, warmUp, clipNorm, threads, freeze, recompute } =
    settings.learning;
  const { runtime, clock, session, signal } = tools;
  const { train, validation } = data ?? { train: NO_DATA, validation: undefined };
  return {
    runtime,
    train,
    ...(validation && { validation }),
    loss: lossOn(train, settings.learning.loss),
    optimiser,
    batch,
    accumulate,
    rate,
    schedule,
    warmUp,
    seed,
    clock,
    signal,
    dims: dimensionsOption(options, "--dim"),
    ...(freeze && { trainable: trainableBy(freeze, [...network.graph.weights.keys()]) }),
    ...(recompute && { recompute }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(threads !== undefined && { threads }),
    ...(session && { meter: sessionMeter(session, { prefix, wallFactor: wallFactorOption(options) }) }),
  };
}

async function pruneSeed(task: Task, network: OpenNetwork, seed: number, prefix: string): Promise<SeedRun> {
  const { pruneNetwork } = await import("../../../reduce/prune/pipeline.ts");
  const { settings, context } = task;
  const { target, l1, warmEpochs, epochs, gradual, keepShapes, multiple } = settings;
  const fit = await fitOf(task, network, seed, prefix);
  const plan: PrunePlan = {
    network,
    target,
    warmEpochs,
    epochs,
    gradual,
    keepShapes,
    multiple,
    fit,
    ...(l1 && { l1 }),
    onEpoch: (phase, { epoch, loss, score, seconds }) =>
      context.progress(
        `${prefix}${phase}, epoch ${epoch}: loss ${loss.toPrecision(4)}${score?.accuracy === undefined ? "" : `, accuracy ${score.accuracy.toPrecision(4)}`}, ${seconds.toFixed(1)} s\n`,
      ),
    onProgress: (phase, { epoch, epochs: of, loss, done, total }) =>
      context.progress({
        label: `${prefix}${phase}: epoch ${epoch} of ${of}, loss ${loss.toPrecision(3)}`,
        done,
        total,
        unit: "steps",
      }),
  };
  return { seed, prefix, outcome: await pruneNetwork(plan) };
}

/** On the test data; nothing is known of what was interrupted. */
async function scoresOf({ settings, data, options, tools }: Task, { outcome }: SeedRun): Promise<Scores> {
  const test = data?.test;
  if (test === undefined) return { before: undefined, after: undefined };
  const { judgeNetwork } = await import("../../../reduce/judge.ts");
  const { runtime, signal } = tools;
  const { threads, loss } = settings.learning;
  const how = {
    runtime,
    signal,
    set: test,
    loss: lossOn(test, loss),
    dims: dimensionsOption(options, "--dim"),
    ...(threads !== undefined && { threads }),
  };
  const judge = (network: WeightedNetwork) => unlessStopped(() => judgeNetwork(network, how));
  return { before: await judge(outcome.original), after: await judge(outcome.network) };
}

const TARGET_TEXT: { readonly [M in PruneMethod]: (target: TargetOf<M>) => string } = {
  threshold: ({ threshold }) => `weights and biases below ${formatNumber(threshold)} become zero`,
  magnitude: ({ ratio, scope }) => `the smallest weights (${scope}) become zero, ratio ${formatNumber(ratio)}`,
  structured: ({ macsRatio, scope }) =>
    `channels with the smallest weights (${scope}) go, to ${formatNumber(100 * macsRatio)} % of the MACs`,
  slimming: ({ macsRatio, scope }) =>
    `channels with the smallest batch-normalisation scales (${scope}) go, to ${formatNumber(100 * macsRatio)} % of the MACs`,
};

const targetText = (target: PruneTarget): string =>
  (TARGET_TEXT[target.method] as (target: PruneTarget) => string)(target);

const isUnstructured = ({ method }: PruneTarget): boolean => method === "threshold" || method === "magnitude";

/** What the user should know before believing the joules. */
function notesOf({ settings }: Task, { outcome }: SeedRun): readonly string[] {
  const { dead, after, end } = outcome;
  const gone = [...dead.values()].reduce((sum, count) => sum + count, 0);
  const zeros = after.params - after.nonzero;
  return [
    ...(settings.warmEpochs > 0 ? ["before: after the warm start, which is what is pruned"] : []),
    ...(gone > 0 ? [`${plural(gone, "dead unit")} (channels and neurons) taken out, which changes no answer`] : []),
    ...(isUnstructured(settings.target) && zeros > 0
      ? [
          `${zeros} zeros are left in the file: a dense runtime multiplies them too; only what says "zeros skipped" counts them as saved`,
        ]
      : []),
    ...(settings.epochs > 0
      ? []
      : [
          `not fine-tuned: removing ${isUnstructured(settings.target) ? "weights" : "channels"} costs accuracy that --epochs 2 mostly brings back`,
        ]),
    ...(end === "interrupted" ? ["interrupted: what was done so far"] : []),
  ];
}

const layersResult = ({ before, after }: PruneOutcome) => {
  const left = new Map(after.layers.map((row) => [row.layer, row]));
  return before.layers.map(({ layer, params, nonzero }) => ({
    layer,
    params,
    nonzero,
    paramsAfter: left.get(layer)?.params ?? 0,
    nonzeroAfter: left.get(layer)?.nonzero ?? 0,
  }));
};

function seedRow({ seed, outcome }: SeedRun, { after }: Scores): SeedRow {
  const { rows, end } = outcome;
  return {
    seed,
    end,
    score: after,
    seconds: rows.reduce((sum, row) => sum + row.seconds, 0),
    energyJ: rows.length === 0 ? undefined : sumOf(rows.map(({ energyJ }) => energyJ)),
  };
}

async function reducedOf(task: Task, runs: readonly SeedRun[]): Promise<Reduced> {
  const { settings, context } = task;
  if (task.data?.test !== undefined) context.progress("judging before and after");
  const scores: Scores[] = [];
  for (const run of runs) scores.push(await scoresOf(task, run));
  const { target, learning, l1 } = settings;
  const first = runs[0]!;
  const { outcome } = first;
  const layers = layersResult(outcome);
  const { optimiser, rate, schedule, batch } = learning;
  const { data } = settings;
  return {
    before: outcome.original,
    after: outcome.network,
    trained: { rows: outcome.rows, earlierEpochs: 0, prefix: first.prefix },
    seeds: runs.map((run, i) => seedRow(run, scores[i]!)),
    scores: scores[0]!,
    settings: [
      ["method", `${target.method}: ${targetText(target)}`],
      ["compression ratio", outcome.ratio === undefined ? "nothing is left" : formatNumber(outcome.ratio)],
      ...(l1
        ? [["L1 training", `μ = ${l1.mu}, ${plural(l1.epochs, "epoch")}, learning rate ${l1.rate}`] as const]
        : []),
      ...(outcome.rows.length > 0
        ? [["training", `${optimiser.kind}, learning rate ${rate}, ${schedule}, batch ${batch}`] as const]
        : []),
    ],
    notes: notesOf(task, first),
    sections: pruningSections({ layers, channels: outcome.channels, dead: outcome.dead, phases: outcome.phases }),
    result: {
      data: data ?? null,
      method: target.method,
      target,
      compressionRatio: outcome.ratio ?? null,
      layers,
      channels: outcome.channels,
      dead: [...outcome.dead].map(([layer, count]) => ({ layer, count })),
      phases: outcome.phases,
      settings: { ...settings, l1: l1 ?? null, learning: { ...learning, data: data ?? null } },
    },
    interrupted: outcome.end === "interrupted",
    ...(outcome.steps === 0 && { unfinished: "interrupted before the first step of pruning" }),
  };
}

async function pruneModel(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const settings = pruneSettings(model, options);
  const { data: named } = settings;
  const data = named === undefined ? undefined : learningData({ ...settings.learning, data: named });
  const { seeds } = settings.learning;
  const networks: OpenNetwork[] = [];
  try {
    for (const seed of seeds) networks.push(await openNetwork(model, seed));
    return await reductionOutcome(
      {
        command: "prune",
        model,
        title: `${model} pruned`,
        judge: undefined,
        reduce: async (tools): Promise<Look> => {
          const task: Task = { model, settings, data, options, context, tools };
          const runs: SeedRun[] = [];
          for (const [i, seed] of seeds.entries()) {
            if (runs.length > 0 && tools.signal.aborted) break;
            const prefix = seeds.length > 1 ? `seed ${seed}, ` : "";
            runs.push(await pruneSeed(task, networks[i]!, seed, prefix));
          }
          return () => reducedOf(task, runs);
        },
      },
      options,
      context,
    );
  } finally {
    for (const network of networks) network.close();
  }
}

export const prune: Command = {
  name: "prune",
  summary: "take weights or whole channels out of a network, with fine-tuning, and tell what that saves",
  arguments: [
    {
      name: "model",
      description: "an .onnx file with float weights, or a built-in network as zoo:NAME, which is trained first",
      required: true,
    },
  ],
  options: PRUNE_OPTIONS,
  out: "where to write the pruned network, an .onnx file",
  notes: [
    "threshold and magnitude make zeros, structured and slimming a smaller network.",
    "With --l1 the loss holds the sum of all weights: begin with a trained network.",
  ],
  examples: [
    "joulecast prune model.onnx --data DIR --l1 0.9999 --threshold 0.005 --out sparse.onnx",
    "joulecast prune model.onnx --data DIR --ratio 50 --gradual 3 --epochs 2 --out r50.onnx",
    "joulecast prune model.onnx --data DIR --macs 0.2 --epochs 3 --out small.onnx",
  ],
  run: async ([model = ""], options, context) => pruneModel(model, options, context),
};
