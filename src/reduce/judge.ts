// How good a network is as it stands, whatever its operators: the runtime runs it, and a head of its own compares the outputs with the
// labels. learn/train/evaluate.ts judges what is being trained; this also judges what cannot be trained, such as int8 networks.
// The head is the training losses' own evaluation graph over a network that is nothing but its last layer.
import { bindDimensions } from "../graph/bind.ts";
import { NetworkBuilder } from "../graph/build.ts";
import type { Dim, Graph, Layer, TensorType } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { orderedBatches } from "../learn/data/batches.ts";
import { type DataSet, slice } from "../learn/data/data-set.ts";
import { evaluationGraph } from "../learn/differentiate.ts";
import { withState } from "../learn/train/evaluate.ts";
import type { Score } from "../learn/train/plan.ts";
import type { EvaluationGraph, FedTensor, LossSpec } from "../learn/training-graph.ts";
import type { Runtime, Tensors } from "../runtime/runtime.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { InputError } from "../units/input-error.ts";
import type { WeightedNetwork } from "./network.ts";
import { goOn, type StopSignal } from "./stoppable.ts";

export interface JudgePlan {
  readonly runtime: Runtime;
  readonly set: DataSet;
  readonly loss: LossSpec;
  /** Samples in one pass. Default 100. */
  readonly batch?: number;
  readonly dims?: Readonly<Record<string, number>>;
  readonly threads?: number;
  /** Aborted: ends with InputError "interrupted" after the pass that it is in. Default: never. */
  readonly signal?: StopSignal;
}

/** Last layers that losses take into themselves: they are judged with the head. */
const FINAL: readonly string[] = ["Softmax", "Sigmoid"];

interface Halves {
  /** Everything but a final Softmax or Sigmoid. */
  readonly body: Graph;
  readonly final: Layer | undefined;
  /** What the body gives, bound. */
  readonly logits: TensorType & { readonly shape: readonly Dim[] };
}

function halvesOf(graph: Graph): Halves {
  const output = graph.outputs[0]!;
  const maker = graph.layers.find(({ outputs }) => outputs[0] === output);
  const final = maker !== undefined && maker.domain === "" && FINAL.includes(maker.op) ? maker : undefined;
  const logitsName = final === undefined ? output : final.inputs[0]!;
  const logits = inferShapes(graph).graph.tensors.get(logitsName);
  if (logits?.shape === undefined || logits.shape.some((dim) => typeof dim !== "number"))
    throw new InputError(
      "bad-output",
      `the shape of the output "${output}" cannot be told before the network runs`,
      "export the network with fixed shapes",
    );
  const layers = final === undefined ? graph.layers : graph.layers.filter((layer) => layer !== final);
  return { body: { ...graph, layers, outputs: [logitsName] }, final, logits: { ...logits, shape: logits.shape } };
}

interface Head {
  /** Reads the body's output and the labels. */
  readonly graph: Graph;
  /** The input that takes the body's output. */
  readonly input: string;
  readonly targets: readonly FedTensor[];
  readonly evaluation: EvaluationGraph;
}

/** Losses are written over something that learns (and one number would be taken for a setting): the head picks a 1 out of two. */
const ONES: Tensor = { dtype: "float32", shape: [2], data: Float32Array.of(1, 1) };

function headOf({ final, logits }: Halves, loss: LossSpec): Head {
  const b = new NetworkBuilder("head");
  const input = b.input("network-output", logits.shape, "float32");
  const ones = b.weight("ones", ONES.shape, { kind: "constant", value: 1 });
  const one = b.layer("Gather", [ones, b.constant("first", "int64", [0], [])]);
  const same = b.layer("Mul", [input, one]);
  b.output(
    final === undefined ? same : b.layer(final.op, [same], { attributes: Object.fromEntries(final.attributes) }),
  );
  const evaluation = evaluationGraph(b.graph(), { loss, batch: logits.shape[0] as number });
  const state = Object.fromEntries(evaluation.state.map((entry) => [entry.input, ONES]));
  const targets = evaluation.inputs.filter(({ role }) => role !== "data");
  return { graph: withState(evaluation, state), input, targets, evaluation };
}

interface Sums {
  loss: number;
  samples: number;
  correct: number;
  count: number;
}

const scalar = (tensors: Tensors, name: string): number => Number(tensors[name]!.data[0]);

/** Batches give network inputs and labels by one set of names: these cannot be taken for labels. */
const FED = "fed/";

function split(fed: Tensors): { readonly feeds: Tensors; readonly labels: Tensors } {
  const entries = Object.entries(fed);
  const feeds = entries.flatMap(([name, tensor]) => (name.startsWith(FED) ? [[name.slice(FED.length), tensor]] : []));
  return {
    feeds: Object.fromEntries(feeds),
    labels: Object.fromEntries(entries.filter(([name]) => !name.startsWith(FED))),
  };
}

async function addPasses(
  { graph, weights }: WeightedNetwork,
  plan: JudgePlan,
  set: DataSet,
  batch: number,
  sums: Sums,
): Promise<void> {
  const { runtime, loss, dims, threads } = plan;
  const bound = bindDimensions(graph, { batch, dims }).graph;
  const halves = halvesOf(bound);
  const head = headOf(halves, loss);
  const { correct, count } = head.evaluation.outputs;
  const data = bound.inputs.map(
    (name): FedTensor => ({ name: FED + name, role: "data", type: bound.tensors.get(name)! }),
  );
  const how = { weights, ...(threads !== undefined && { threads }) };
  const body = await runtime.open(halves.body, how);
  try {
    const judge = await runtime.open(head.graph, how);
    try {
      for await (const fed of orderedBatches(set, [...data, ...head.targets]).epoch(0)) {
        goOn(plan.signal);
        const { feeds, labels } = split(fed);
        const given = (await body.run(feeds))[halves.body.outputs[0]!]!;
        const outputs = await judge.run({ ...labels, [head.input]: given });
        sums.loss += scalar(outputs, head.evaluation.loss) * batch;
        sums.samples += batch;
        if (correct === undefined || count === undefined) continue;
        sums.correct += scalar(outputs, correct);
        sums.count += scalar(outputs, count);
      }
    } finally {
      await judge.close();
    }
  } finally {
    await body.close();
  }
}

/**
 * Loss and accuracy of a network over every sample of a set; by its first output.
 * @throws InputError for data that do not fit, when the runtime refuses, and "interrupted"
 */
export async function judgeNetwork(network: WeightedNetwork, plan: JudgePlan): Promise<Score> {
  const { set } = plan;
  const batch = Math.min(plan.batch ?? 100, set.samples);
  const whole = Math.floor(set.samples / batch) * batch;
  const sums: Sums = { loss: 0, samples: 0, correct: 0, count: 0 };
  await addPasses(network, plan, slice(set, 0, whole), batch, sums);
  if (whole < set.samples) await addPasses(network, plan, slice(set, whole, set.samples), set.samples - whole, sums);
  return { loss: sums.loss / sums.samples, accuracy: sums.count > 0 ? sums.correct / sums.count : undefined };
}
