// Where did NaN or infinity come from: the data, a weight, or the first layer that made one of finite numbers.

import { isFloat } from "../../graph/dtype.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Runtime, Tensors, WeightReader } from "../../runtime/runtime.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import type { EvaluationGraph } from "../training-graph.ts";
import { withState } from "./evaluate.ts";

function nonFiniteAt({ data }: Tensor): number {
  return data instanceof Float32Array || data instanceof Float64Array
    ? data.findIndex((value) => !Number.isFinite(value))
    : -1;
}

/** Name of the first tensor that holds a number that is none. */
export function firstNonFinite(tensors: Tensors): string | undefined {
  return Object.keys(tensors).find((name) => nonFiniteAt(tensors[name]!) >= 0);
}

/** The graph with every float tensor that its layers make as an output, in the order of the layers. */
function opened(graph: Graph): Graph {
  const made = graph.layers.flatMap(({ outputs }) => outputs);
  const seen = made.filter((name) => name !== "" && isFloat(graph.tensors.get(name)?.dtype ?? "bool"));
  return { ...graph, outputs: seen };
}

/** Says in a sentence where the first number that is none appears. */
export async function diagnose(
  runtime: Runtime,
  evaluation: EvaluationGraph,
  weights: WeightReader,
  state: Tensors,
  feeds: Tensors,
): Promise<string> {
  const inputs = Object.fromEntries(evaluation.inputs.map(({ name }) => [name, feeds[name]!]));
  const bad = firstNonFinite(inputs);
  if (bad !== undefined) {
    const tensor = inputs[bad]!;
    const at = nonFiniteAt(tensor);
    const sample = Math.floor((at * (tensor.shape[0] ?? 1)) / tensor.data.length);
    return `input "${bad}" holds ${tensor.data[at]} in sample ${sample} of the batch`;
  }
  const weight = evaluation.state.find(({ input }) => nonFiniteAt(state[input]!) >= 0);
  if (weight !== undefined)
    return `weight "${weight.name}" became ${state[weight.input]!.data[nonFiniteAt(state[weight.input]!)]}`;
  const graph = opened(withState(evaluation, state));
  const session = await runtime.open(graph, { weights });
  try {
    const outputs = await session.run(inputs);
    const layer = graph.layers.find((one) =>
      one.outputs.some((name) => outputs[name] && nonFiniteAt(outputs[name]) >= 0),
    );
    return layer === undefined
      ? "every layer is finite in inference mode; it is a statistic of the batch or the backward pass"
      : `layer "${layer.name}" (${layer.op}) is the first to give one`;
  } finally {
    await session.close();
  }
}
