// `joulecast prune MODEL --data DIR`: fewer weights, or fewer channels, with the training that goes with it; and what that saves, on a
// runtime that multiplies zeros and on hardware that skips them.

import type { Score } from "../../../learn/train/plan.ts";
import type { PruneFit, PruneOutcome, PrunePlan } from "../../../reduce/prune/pipeline.ts";
import type { PruneMethod, PruneTarget, TargetOf } from "../../../reduce/prune/target.ts";
import type { SeedRow } from "../../../report/learning/train-report.ts";
import { pruningSections } from "../../../report/reducing/prune-report.ts";
import { plural } from "../../../report/work-sections.ts";
import { formatNumber } from "../../../units/format.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption } from "../../options.ts";
import { type LearningData, learningData } from "../learning/learning-data.ts";
import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import { sumOf } from "../learning/learning-result.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { PRUNE_OPTIONS, type PruneSettings, pruneSettings } from "./prune-options.ts";
import { type Reduced, type ReductionTools, reductionOutcome } from "./reduction-outcome.ts";

interface SeedRun {
  readonly seed: number;
  readonly prefix: string;
  readonly outcome: PruneOutcome;
  readonly before: Score | undefined;
  readonly after: Score | undefined;
}

interface Task {
  readonly model: string;
  readonly settings: PruneSettings;
  readonly data: LearningData;
  readonly options: OptionValues;
  readonly context: CommandContext;
  readonly tools: ReductionTools;
}

const lossOf = ({ settings, data }: Pick<Task, "settings" | "data">) => {
  const { loss } = settings.learning;
  return data.train.columns.some(({ role }) => role === "mask") ? { ...loss, masked: true } : loss;
};

async function fitOf({ settings, data, options, tools }: Task, seed: number, prefix: string): Promise<PruneFit> {
  const { sessionMeter } = await import("../../../node/runtime/session-meter.ts");
  const { optimiser, batch, accumulate, rate, schedule, warmUp, clipNorm, threads } = settings.learning;
  const { runtime, clock, session, signal } = tools;
  const { train, validation } = data;
  return {
    runtime,
    train,
    ...(validation && { validation }),
    loss: lossOf({ settings, data }),
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
    ...(clipNorm !== undefined && { clipNorm }),
    ...(threads !== undefined && { threads }),
    ...(session && { meter: sessionMeter(session, { prefix, wallFactor: wallFactorOption(options) }) }),
  };
}

async function pruneSeed(task: Task, network: OpenNetwork, seed: number, prefix: string): Promise<SeedRun> {
  const [{ pruneNetwork }, { judgeNetwork }] = await Promise.all([
    import("../../../reduce/prune/pipeline.ts"),
    import("../../../reduce/judge.ts"),
  ]);
  const { settings, data, context, tools } = task;
  const { target, l1, warmEpochs, epochs, gradual, keepShapes, multiple } = settings;
  const fit = await fitOf(task, seed, prefix);
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
  const outcome = await pruneNetwork(plan);
  const { test } = data;
  const { runtime } = tools;
  const { threads } = settings.learning;
  const how = {
    runtime,
    loss: lossOf(task),
    ...(fit.dims && { dims: fit.dims }),
    ...(threads !== undefined && { threads }),
  };
  const judge = async (one: PruneOutcome["network"]) =>
    test === undefined ? undefined : judgeNetwork(one, { ...how, set: test });
  return { seed, prefix, outcome, before: await judge(outcome.original), after: await judge(outcome.network) };
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
    ...(isUnstructured(settings.target) || settings.epochs > 0
      ? []
      : ["not fine-tuned: removing channels costs accuracy that --epochs 2 mostly brings back"]),
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

function seedRow({ seed, outcome, after }: SeedRun): SeedRow {
  const { rows, end } = outcome;
  return {
    seed,
    end,
    score: after,
    seconds: rows.reduce((sum, row) => sum + row.seconds, 0),
    energyJ: rows.length === 0 ? undefined : sumOf(rows.map(({ energyJ }) => energyJ)),
  };
}

function reducedOf(task: Task, runs: readonly SeedRun[]): Reduced {
  const { settings } = task;
  const { target, learning, l1 } = settings;
  const first = runs[0]!;
  const { outcome } = first;
  const layers = layersResult(outcome);
  const { optimiser, rate, schedule, data, batch } = learning;
  return {
    before: outcome.original,
    after: outcome.network,
    trained: { rows: outcome.rows, earlierEpochs: 0, prefix: first.prefix },
    seeds: runs.map(seedRow),
    scores: { before: first.before, after: first.after },
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
      data,
      method: target.method,
      target,
      compressionRatio: outcome.ratio ?? null,
      layers,
      channels: outcome.channels,
      dead: [...outcome.dead].map(([layer, count]) => ({ layer, count })),
      phases: outcome.phases,
      settings: { ...settings, l1: l1 ?? null },
    },
    interrupted: outcome.end === "interrupted",
  };
}

async function pruneModel(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const settings = pruneSettings(model, options);
  const data = learningData(settings.learning);
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
        reduce: async (tools) => {
          const task: Task = { model, settings, data, options, context, tools };
          const runs: SeedRun[] = [];
          for (const [i, seed] of seeds.entries()) {
            if (runs.length > 0 && tools.signal.aborted) break;
            const prefix = seeds.length > 1 ? `seed ${seed}, ` : "";
            runs.push(await pruneSeed(task, networks[i]!, seed, prefix));
          }
          return reducedOf(task, runs);
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
    "threshold and magnitude make zeros; structured and slimming make a smaller network.",
    "With --l1 the loss holds the sum of all weights: begin with a trained network.",
  ],
  examples: [
    "joulecast prune model.onnx --data DIR --l1 0.9999 --threshold 0.005 --out sparse.onnx",
    "joulecast prune model.onnx --data DIR --ratio 50 --gradual 3 --epochs 2 --out r50.onnx",
    "joulecast prune model.onnx --data DIR --macs 0.2 --epochs 3 --out small.onnx",
  ],
  run: async ([model = ""], options, context) => pruneModel(model, options, context),
};
