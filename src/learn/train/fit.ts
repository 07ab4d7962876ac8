// A network and a data set in, a trained network out: differentiate, train, evaluate before and after, put the weights in.
// The loop itself is trainer.ts; what it is told here is what every kind of learning (training, fine-tuning, after pruning) shares.
import type { Graph } from "../../graph/graph.ts";
import type { Runtime, Tensors, WeightReader } from "../../runtime/runtime.ts";
import { shuffledBatches } from "../data/batches.ts";
import { checkLabels, type DataSet } from "../data/data-set.ts";
import { differentiate, evaluationGraph } from "../differentiate.ts";
import { checkMemory, type MachineMemory, stepMemory } from "../memory.ts";
import { type ScheduleSpec, scheduleOf } from "../optimisers/schedule.ts";
import type { DifferentiateOptions, EvaluationGraph, LossSpec, TrainingGraph } from "../training-graph.ts";
import { evaluate, withLearned } from "./evaluate.ts";
import { diagnose } from "./finite.ts";
import type { LoopOptions, Score, TrainingPlan, TrainingResult } from "./plan.ts";
import { startingState, train } from "./trainer.ts";

/** Schedules by kind, made to the length of a run: "step" takes a tenth after each third. */
const SCHEDULES = {
  constant: () => ({ kind: "constant" }),
  step: (updates) => ({ kind: "step", every: Math.ceil(updates / 3) }),
  cosine: (updates) => ({ kind: "cosine", steps: updates }),
  linear: (updates) => ({ kind: "linear", steps: updates }),
} as const satisfies Readonly<Record<string, (updates: number) => ScheduleSpec>>;

export type ScheduleKind = keyof typeof SCHEDULES;
export const SCHEDULE_KINDS = Object.keys(SCHEDULES) as readonly ScheduleKind[];

export interface FitPlan extends LoopOptions, Pick<TrainingPlan, "earlyStopping">, DifferentiateOptions {
  readonly runtime: Runtime;
  readonly network: Graph;
  readonly weights: WeightReader;
  /** Learned from. */
  readonly train: DataSet;
  /** Looked at after each epoch, and what early stopping goes by. Default: nothing is. */
  readonly validation?: DataSet;
  /** Judges before and after. Default: the validation data. */
  readonly test?: DataSet;
  /** Loss that judges; what is learned may have parts that say nothing of how good an answer is. Default: `loss`. */
  readonly judgedBy?: LossSpec;
  /** What the machine has: a step that needs more is refused before it starts. Default: not looked at. */
  readonly memory?: MachineMemory;
  /** Told once when a step needs more memory than is free. */
  readonly onShortMemory?: (sentence: string) => void;
  readonly rate: number;
  /** Default "constant". */
  readonly schedule?: ScheduleKind;
  /** Updates over which the rate rises. Default 0. */
  readonly warmUp?: number;
}

export interface Fitted {
  readonly result: TrainingResult;
  /** Undefined without test data, and when the signal was aborted before it was known; so is `after`. */
  readonly before: Score | undefined;
  readonly after: Score | undefined;
  /** The network with what it learned, ready to be written. */
  readonly network: Graph;
}

/** Classes of a loss over class numbers; undefined for others. */
function classCount(training: TrainingGraph): number | undefined {
  const label = training.inputs.find(({ role }) => role === "label");
  const output = training.outputs.output;
  const shape = output === undefined ? undefined : training.graph.tensors.get(output)?.shape;
  if (label?.type.dtype !== "int64" || typeof shape?.[1] !== "number") return undefined;
  return shape[1];
}

function checkClasses(training: TrainingGraph, sets: readonly (DataSet | undefined)[]): void {
  const count = classCount(training);
  if (count === undefined) return;
  for (const set of sets) {
    const labels = set?.columns.find(({ role }) => role === "label");
    if (labels !== undefined) checkLabels(labels, count);
  }
}

/** One evaluation graph per batch size: what is left over at the end of a set has a size of its own. */
function evaluationGraphs(plan: FitPlan): (batch: number) => EvaluationGraph {
  const { network, judgedBy, loss, dims, output, trainable, statistics } = plan;
  const made = new Map<number, EvaluationGraph>();
  return (batch) => {
    const known = made.get(batch);
    if (known !== undefined) return known;
    const graph = evaluationGraph(network, {
      loss: judgedBy ?? loss,
      batch,
      ...(dims && { dims }),
      ...(output !== undefined && { output }),
      ...(trainable && { trainable }),
      ...(statistics && { statistics }),
    });
    made.set(batch, graph);
    return graph;
  };
}

/** @throws InputError for data that do not fit the network, and what `train` throws */
export async function fitNetwork(plan: FitPlan): Promise<Fitted> {
  const { runtime, network, weights, validation, batch, accumulate = 1, threads, signal } = plan;
  const test = plan.test ?? validation;
  const convolutionBlock = await runtime.convolutionBlock?.();
  const training = differentiate(network, { ...plan, ...(convolutionBlock !== undefined && { convolutionBlock }) });
  checkClasses(training, [plan.train, validation, test]);
  const batches = shuffledBatches(plan.train, training.inputs, plan.seed);
  const short = plan.memory && checkMemory(stepMemory(training), plan.memory);
  if (short !== undefined) plan.onShortMemory?.(short);
  const graphFor = evaluationGraphs(plan);
  const how = { runtime, graphFor, weights, batch, ...(threads !== undefined && { threads }) };
  const judge = (set: DataSet | undefined, stop?: Pick<FitPlan, "signal">) =>
    set && ((state: Tensors) => evaluate({ ...how, set, ...stop }, state));
  // An epoch is judged to its end: what is resumed comes to the same numbers.
  const judgeEpoch = judge(validation);
  const judgeTest = judge(test, signal && { signal });
  const before = await judgeTest?.(await startingState({ training, weights }));
  const updates = Math.max(1, Math.floor((plan.epochs * batches.batchesPerEpoch) / accumulate));
  const result = await train({
    ...plan,
    training,
    batches,
    accumulate,
    learningRate: scheduleOf(plan.rate, {
      ...SCHEDULES[plan.schedule ?? "constant"](updates),
      ...(plan.warmUp !== undefined && { warmupSteps: plan.warmUp }),
    }),
    ...(judgeEpoch && { evaluate: judgeEpoch }),
    diagnose: (state, feeds) => diagnose(runtime, graphFor(batch), weights, state, feeds),
  });
  const isSame = test === validation && result.rows.at(-1)?.epoch === result.epoch && result.partialBatches === 0;
  const after = isSame ? result.rows.at(-1)?.score : await judgeTest?.(result.state);
  return { result, before, after, network: withLearned(network, training.state, result.state) };
}
