// A radio receiver learns from slots that are drawn while it learns; from labels alone, or under a teacher that answers inside each step.
import type { Graph } from "../../graph/graph.ts";
import { fitStream, type StreamFitted, type StreamPlan } from "../../learn/train/fit-stream.ts";
import type { LoopOptions } from "../../learn/train/plan.ts";
import type { LossSpec } from "../../learn/training-graph.ts";
import type { ExampleSetup } from "../../link/examples.ts";
import { type DistilForm, lossOf } from "../../reduce/distil/objective.ts";
import type { Runtime, WeightReader } from "../../runtime/runtime.ts";
import { type Recipe, rateOf } from "../../study/papers/deeprx/recipe.ts";
import { monotonicS } from "../clock.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";
import { exampleStream } from "./example-stream.ts";

/** Rows that a training tells. */
const ROWS = 10;

/** Bits where there is data. */
const LABELS: LossSpec = { kind: "bce", masked: true };

export interface ReceiverTeaching {
  /** With inline weights. */
  readonly graph: Graph;
  /** Weight of the labels, in [0, 1]. */
  readonly alpha: number;
  readonly temperature: number;
  readonly form: DistilForm;
  /** Multiply the divergence by T². Default true. */
  readonly squared?: boolean;
}

/** The recipe says how long it is, and the clock is the machine's. */
type Passed = Omit<LoopOptions, "epochs" | "clock"> & Pick<StreamPlan, "recompute">;

export interface ReceiverTraining extends Passed {
  readonly network: Graph;
  readonly weights: WeightReader;
  readonly slots: ExampleSetup;
  readonly recipe: Recipe;
  /** Of dropout; weights and slots have their own. */
  readonly seed: number;
  readonly teacher?: ReceiverTeaching;
  /** Default: ONNX Runtime on the CPU. */
  readonly runtime?: Runtime;
}

/** Trains. @throws InputError for networks that do not fit the slots, a loss that is no number, … */
export function trainReceiver(training: ReceiverTraining): Promise<StreamFitted> {
  const { network, weights, slots, recipe, seed, teacher, runtime = onnxRuntime(), ...rest } = training;
  const { batch, steps, optimiser } = recipe;
  const batchesPerEpoch = Math.ceil(steps / ROWS);
  const epochs = Math.ceil(steps / batchesPerEpoch);
  const isTaught = teacher !== undefined && teacher.alpha < 1;
  return fitStream({
    ...rest,
    runtime,
    network,
    weights,
    loss: isTaught ? lossOf({ ...teacher, hard: LABELS }) : LABELS,
    ...(isTaught && { teacher: { graph: teacher.graph } }),
    optimiser,
    batch,
    epochs,
    seed,
    clock: { nowS: monotonicS },
    learningRate: (update) => rateOf(recipe, Math.min(update, steps)),
    open: ({ inputs }) => exampleStream(slots, { batch, batchesPerEpoch, batches: steps, inputs }),
  });
}
