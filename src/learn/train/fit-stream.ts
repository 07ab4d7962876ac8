// Training on numbers that are made as they are wanted: no data set, no end of it. An "epoch" is the batchesPerEpoch steps of what is
// opened, after which a row is told and a checkpoint kept. What else a training is, is trainer.ts.
import type { Graph } from "../../graph/graph.ts";
import type { Runtime, WeightReader } from "../../runtime/runtime.ts";
import type { Batches } from "../data/batches.ts";
import { differentiate } from "../differentiate.ts";
import type { DifferentiateOptions, TrainingGraph } from "../training-graph.ts";
import { withLearned } from "./evaluate.ts";
import type { LoopOptions, TrainingPlan, TrainingResult } from "./plan.ts";
import { train } from "./trainer.ts";

export interface StreamPlan extends LoopOptions, Pick<TrainingPlan, "learningRate">, DifferentiateOptions {
  readonly runtime: Runtime;
  readonly network: Graph;
  readonly weights: WeightReader;
  /** Opens the numbers for a training graph. */
  readonly open: (training: TrainingGraph) => Batches & { close?(): Promise<void> };
}

export interface StreamFitted {
  readonly result: TrainingResult;
  /** The network with what it learned. */
  readonly network: Graph;
}

/** @throws InputError as differentiate, `open` and train do */
export async function fitStream(plan: StreamPlan): Promise<StreamFitted> {
  const { runtime, network, open } = plan;
  const convolutionBlock = await runtime.convolutionBlock?.();
  const training = differentiate(network, { ...plan, ...(convolutionBlock !== undefined && { convolutionBlock }) });
  const batches = open(training);
  try {
    const result = await train({ ...plan, training, batches });
    return { result, network: withLearned(network, training.state, result.state) };
  } finally {
    await batches.close?.();
  }
}
