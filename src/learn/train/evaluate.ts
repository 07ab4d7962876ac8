// How good a state is: the network in inference mode over a data set, its weights baked in as constants, which run faster than fed ones.
import type { Graph, TensorType, WeightRef } from "../../graph/graph.ts";
import type { Runtime, Tensors, WeightReader } from "../../runtime/runtime.ts";
import { bytesOf, type Tensor } from "../../runtime/tensor.ts";
import { orderedBatches } from "../data/batches.ts";
import { type DataSet, slice } from "../data/data-set.ts";
import type { EvaluationGraph } from "../training-graph.ts";
import type { Score } from "./plan.ts";

const inline = (tensor: Tensor): WeightRef => ({ kind: "inline", bytes: bytesOf(tensor.data) });

/** The graph with its state as weights instead of inputs. */
export function withState(evaluation: EvaluationGraph, state: Tensors): Graph {
  const { graph } = evaluation;
  const fed = new Set(evaluation.state.map(({ input }) => input));
  const weights = new Map<string, WeightRef>(graph.weights);
  for (const input of fed) weights.set(input, inline(state[input]!));
  return { ...graph, inputs: graph.inputs.filter((name) => !fed.has(name)), weights };
}

/**
 * The network as it was, with the weights that were learned. What is not learned stays where it is.
 * @param learned the training graph's state tensors
 */
export function withLearned(
  network: Graph,
  learned: readonly { readonly name: string; readonly input: string; readonly role: string }[],
  state: Tensors,
): Graph {
  const weights = new Map<string, WeightRef>(network.weights);
  const tensors = new Map<string, TensorType>(network.tensors);
  for (const { name, input, role } of learned) {
    const tensor = state[input];
    if (role === "moment" || tensor === undefined || !weights.has(name)) continue;
    weights.set(name, inline(tensor));
    tensors.set(name, { dtype: tensor.dtype, shape: tensor.shape });
  }
  return { ...network, weights, tensors };
}

export interface EvaluatePlan {
  readonly runtime: Runtime;
  /** Makes the evaluation graph for a batch: once for whole batches, once for what is left over. */
  readonly graphFor: (batch: number) => EvaluationGraph;
  readonly weights: WeightReader;
  readonly set: DataSet;
  /** Samples in one pass. */
  readonly batch: number;
  readonly threads?: number;
  /** Aborted: nothing is told. Default: never. */
  readonly signal?: { readonly aborted: boolean };
}

const scalar = (tensors: Tensors, name: string): number => Number(tensors[name]!.data[0]);

interface Sums {
  loss: number;
  samples: number;
  correct: number;
  count: number;
}

async function addPasses(plan: EvaluatePlan, set: DataSet, batch: number, state: Tensors, sums: Sums): Promise<void> {
  const evaluation = plan.graphFor(batch);
  const { correct, count } = evaluation.outputs;
  const { runtime, weights, threads, signal } = plan;
  const session = await runtime.open(withState(evaluation, state), {
    weights,
    ...(threads !== undefined && { threads }),
  });
  try {
    for await (const feeds of orderedBatches(set, evaluation.inputs).epoch(0)) {
      if (signal?.aborted) return;
      const outputs = await session.run(feeds);
      sums.loss += scalar(outputs, evaluation.loss) * batch;
      sums.samples += batch;
      if (correct === undefined || count === undefined) continue;
      sums.correct += scalar(outputs, correct);
      sums.count += scalar(outputs, count);
    }
  } finally {
    await session.close();
  }
}

/** Loss and accuracy of a state (by the training graph's input names) over every sample of the set; undefined when it was stopped. */
export async function evaluate(plan: EvaluatePlan, state: Tensors): Promise<Score | undefined> {
  const { set } = plan;
  const batch = Math.min(plan.batch, set.samples);
  const whole = Math.floor(set.samples / batch) * batch;
  const sums: Sums = { loss: 0, samples: 0, correct: 0, count: 0 };
  await addPasses(plan, slice(set, 0, whole), batch, state, sums);
  if (whole < set.samples) await addPasses(plan, slice(set, whole, set.samples), set.samples - whole, state, sums);
  if (plan.signal?.aborted) return undefined;
  return { loss: sums.loss / sums.samples, accuracy: sums.count > 0 ? sums.correct / sums.count : undefined };
}
