// The process that does one trial of a study: a training or an inference in ONNX Runtime. It is a process of its own so that memory
// that runs out ends the trial and not the study. It reads no meter: it says when its windows open and close.
import { elementCount } from "../../graph/graph.ts";
import { orderedBatches } from "../../learn/data/batches.ts";
import { type DataSet, limited } from "../../learn/data/data-set.ts";
import { evaluationGraph } from "../../learn/differentiate.ts";
import { withState } from "../../learn/train/evaluate.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import { startingState } from "../../learn/train/trainer.ts";
import type { LossSpec, OptimiserSpec } from "../../learn/training-graph.ts";
import { InputError } from "../../units/input-error.ts";
import { countGraph } from "../../work/count-graph.ts";
import { failedAnswer } from "../child.ts";
import { monotonicS } from "../clock.ts";
import { type OpenNetwork, openNetwork } from "../open-network.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";
import { openStudyData } from "./study-data.ts";
import type { TrialAnswer, TrialCounts, TrialOrder, TrialPart } from "./trial-protocol.ts";

/** Name of the window of an inference trial. */
const INFERENCE = "inference";

const answer = (said: TrialAnswer | ReturnType<typeof failedAnswer>): void => void process.send?.(said);
const window = (name: string, isOpen: boolean): void => answer({ kind: "window", name, isOpen, atS: monotonicS() });

/** Trainable is what a gradient changes: a file may hold weights, such as whole numbers, that none does. */
function countsOf({ graph }: OpenNetwork, { trial, settings }: TrialOrder): TrialCounts {
  const { macs, params, buffers, weightBytes } = countGraph(graph, { batch: 1 }).total;
  const { state } = evaluationGraph(graph, { loss: { kind: settings.loss } as LossSpec, batch: trial.batch });
  const trained = state.filter(({ role }) => role === "parameter");
  const trainableParams = trained.reduce((sum, { type }) => sum + (elementCount(type) ?? 0), 0);
  return { macs, params, trainableParams, buffers, sizeBytes: weightBytes };
}

function optimiserOf({ trial, settings }: TrialOrder): OptimiserSpec {
  const { weightDecay, momentum } = trial;
  if (settings.optimiser === "sgd") return { kind: "sgd", weightDecay, momentum };
  return { kind: settings.optimiser as "adam", weightDecay };
}

async function trained(order: TrialOrder, network: OpenNetwork, train: DataSet, test: DataSet | undefined) {
  const { trial, settings } = order;
  const plan = {
    runtime: onnxRuntime(),
    network: network.graph,
    weights: network.weights,
    loss: { kind: settings.loss } as LossSpec,
    optimiser: optimiserOf(order),
    batch: trial.batch,
    rate: trial.learningRate,
    seed: trial.seed,
    clock: { nowS: monotonicS },
  };
  // Caches, pages and clock rates are warm; what these steps learned is thrown away, and the trial begins with its own weights.
  if (settings.warmUpSteps > 0)
    await fitNetwork({ ...plan, train: limited(train, settings.warmUpSteps * trial.batch), epochs: 1 });
  const { result } = await fitNetwork({
    ...plan,
    train,
    ...(test && { validation: test }),
    epochs: settings.epochs,
    meter: {
      openWindow: (name) => window(name, true),
      closeWindow: (name) => window(name, false),
      spentJ: async () => undefined,
    },
    onProgress: ({ done, total }) => answer({ kind: "progress", done, total }),
  });
  const seen = Math.floor(train.samples / trial.batch) * trial.batch;
  return result.rows.map(
    ({ epoch, loss, score }): TrialPart => ({
      window: `epoch ${epoch}`,
      epoch,
      samples: seen,
      loss,
      ...(score?.accuracy !== undefined && { accuracy: score.accuracy }),
    }),
  );
}

async function inferred(order: TrialOrder, network: OpenNetwork, set: DataSet): Promise<TrialPart[]> {
  const { trial, settings } = order;
  const { graph, weights } = network;
  const loss = { kind: settings.loss } as LossSpec;
  const evaluation = evaluationGraph(graph, { loss, batch: trial.batch });
  const state = await startingState({ training: evaluation, weights });
  const session = await onnxRuntime().open(withState(evaluation, state), { weights });
  const batches = orderedBatches(set, evaluation.inputs);
  if (batches.batchesPerEpoch === 0)
    throw new InputError(
      "few-samples",
      `${set.name} has ${set.samples} samples, fewer than one batch of ${trial.batch}`,
      "give a smaller batch",
    );
  try {
    let warm = 0;
    for await (const feeds of batches.epoch(0)) {
      if (warm++ >= settings.warmUpSteps) break;
      await session.run(feeds);
    }
    const total = settings.inferencePasses * batches.batchesPerEpoch;
    let done = 0;
    window(INFERENCE, true);
    for (let pass = 0; pass < settings.inferencePasses; pass++)
      for await (const feeds of batches.epoch(pass)) {
        await session.run(feeds);
        answer({ kind: "progress", done: ++done, total });
      }
    window(INFERENCE, false);
    return [{ window: INFERENCE, samples: done * trial.batch }];
  } finally {
    await session.close();
  }
}

async function done(order: TrialOrder): Promise<TrialAnswer> {
  const { trial, settings } = order;
  const data = openStudyData(trial.data);
  const train = limited(data.train, settings.limitTrain);
  const test = data.test && limited(data.test, settings.limitTest);
  const network = await openNetwork(trial.network, trial.seed);
  try {
    const parts = await (trial.phase === "training"
      ? trained(order, network, train, test)
      : inferred(order, network, test ?? train));
    return { kind: "done", parts, counts: countsOf(network, order) };
  } finally {
    network.close();
  }
}

process.on("message", (order: TrialOrder) => {
  done(order).then(answer, (error) => answer(failedAnswer(error)));
});
process.on("disconnect", () => process.exit(0));
// What is sent to the whole process group reaches us too: the one who started us decides.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => undefined);
