// The teacher: does it answer the student's question, and what does it say of a data set. Its answers are kept as columns of that set, so that they
// are made once for all trainings and epochs; or it goes into the training step whole (learn/frozen.ts).
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph, TensorType, WeightRef } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { orderedBatches } from "../../learn/data/batches.ts";
import { type Column, type DataSet, slice } from "../../learn/data/data-set.ts";
import { logitsName } from "../../learn/frozen.ts";
import type { FedTensor } from "../../learn/training-graph.ts";
import type { Runtime, Tensors } from "../../runtime/runtime.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import type { WeightedNetwork } from "../network.ts";

type Dims = Readonly<Record<string, number>>;

/** The network with all its weights inline: readable beside another network's. */
export async function inlined({ graph, weights }: WeightedNetwork): Promise<Graph> {
  const refs = new Map<string, WeightRef>();
  for (const [name, ref] of graph.weights) {
    const type = graph.tensors.get(name);
    refs.set(name, type === undefined ? ref : { kind: "inline", bytes: await weights(ref, type) });
  }
  return { ...graph, weights: refs };
}

function logitsType(graph: Graph, dims: Dims): TensorType | undefined {
  const shaped = inferShapes(bindDimensions(graph, { batch: 1, dims }).graph).graph;
  return shaped.tensors.get(logitsName(shaped));
}

const described = (type: TensorType | undefined): string =>
  type === undefined ? "of unknown type" : `${type.dtype} [${type.shape?.join(", ") ?? "?"}]`;

/** @throws InputError "other-outputs" unless both give one sample's answer in the same type and shape */
export function checkSameAnswers(teacher: Graph, student: Graph, dims: Dims = {}): void {
  const [theirs, own] = [logitsType(teacher, dims), logitsType(student, dims)];
  if (theirs?.shape !== undefined && theirs.dtype === own?.dtype && `${theirs.shape}` === `${own?.shape}`) return;
  throw new InputError(
    "other-outputs",
    `the teacher's output is ${described(theirs)}, the student's ${described(own)}: expected the same`,
    "choose a student with as many outputs as the teacher",
  );
}

export interface AskPlan {
  readonly runtime: Runtime;
  readonly set: DataSet;
  /** Samples in one pass. Default 64. */
  readonly batch?: number;
  readonly dims?: Dims;
  readonly threads?: number;
}

interface Sheet {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Passes over `set`, whose samples begin at `from` in the sheets. */
async function ask(
  { graph, weights }: WeightedNetwork,
  tensors: readonly string[],
  plan: AskPlan & { readonly from: number; readonly samples: number; readonly batch: number },
  sheets: Map<string, Sheet>,
): Promise<void> {
  const { runtime, set, batch, dims, threads, from, samples } = plan;
  const bound = bindDimensions(graph, { batch, dims }).graph;
  const inputs = bound.inputs
    .filter((name) => !bound.weights.has(name))
    .map((name): FedTensor => ({ name, role: "data", type: bound.tensors.get(name)! }));
  const session = await runtime.open(
    { ...bound, outputs: tensors },
    { weights, ...(threads !== undefined && { threads }) },
  );
  try {
    let at = from;
    for await (const feeds of orderedBatches(set, inputs).epoch(0)) {
      keep(await session.run(feeds), at, batch, samples, sheets);
      at += batch;
    }
  } finally {
    await session.close();
  }
}

function keep(outputs: Tensors, at: number, batch: number, samples: number, sheets: Map<string, Sheet>): void {
  for (const [name, { shape, data, dtype }] of Object.entries(outputs)) {
    const own = shape.slice(1);
    if (dtype !== "float32" || shape[0] !== batch)
      throw new InputError(
        "bad-output",
        `"${name}" of the teacher is ${dtype} [${shape.join(", ")}], expected float32 with ${batch} samples on the first axis`,
        "choose a teacher that answers in float32, one row per sample",
      );
    const sheet = sheets.get(name) ?? { shape: own, values: new Float32Array(samples * lengthOf(own)) };
    sheets.set(name, sheet);
    sheet.values.set(data as Float32Array, at * lengthOf(own));
  }
}

/** A teacher's answers to one data set, each made once. A lifetime, hence a class. */
export class AnswerBook {
  readonly #teacher: WeightedNetwork;
  readonly #plan: AskPlan;
  readonly #columns = new Map<string, Column>();
  /** Passes of one sample that the teacher has run. */
  samplesAsked = 0;

  constructor(teacher: WeightedNetwork, plan: AskPlan) {
    this.#teacher = teacher;
    this.#plan = plan;
  }

  #names(tensors: readonly (string | undefined)[]): readonly string[] {
    return tensors.map((tensor) => tensor ?? logitsName(this.#teacher.graph));
  }

  /** True when all of these are answered already. */
  knows(tensors: readonly (string | undefined)[]): boolean {
    return this.#names(tensors).every((name) => this.#columns.has(name));
  }

  /** The data set with these tensors of the teacher as columns; undefined stands for its logits. @throws InputError when data or teacher do not fit */
  async withAnswers(tensors: readonly (string | undefined)[]): Promise<DataSet> {
    const { set } = this.#plan;
    const names = this.#names(tensors);
    const missing = [...new Set(names)].filter((name) => !this.#columns.has(name));
    if (missing.length > 0) await this.#ask(missing);
    return { ...set, columns: [...set.columns, ...names.map((name) => this.#columns.get(name)!)] };
  }

  async #ask(names: readonly string[]): Promise<void> {
    const { set } = this.#plan;
    const { samples } = set;
    const batch = Math.min(this.#plan.batch ?? 64, samples);
    const whole = Math.floor(samples / batch) * batch;
    const sheets = new Map<string, Sheet>();
    const part = (from: number, to: number, size: number) =>
      ask(this.#teacher, names, { ...this.#plan, set: slice(set, from, to), batch: size, from, samples }, sheets);
    await part(0, whole, batch);
    if (whole < samples) await part(whole, samples, samples - whole);
    for (const [name, { shape, values }] of sheets)
      this.#columns.set(name, { role: "teacher", name: `"${name}" of the teacher`, shape, values, scale: 1 });
    this.samplesAsked += samples;
  }
}

/** Bytes that these answers take, per sample. @throws InputError for a tensor whose shape is not known before the network runs */
export function answerBytes(teacher: Graph, tensors: readonly (string | undefined)[], dims: Dims = {}): number {
  const shaped = inferShapes(bindDimensions(teacher, { batch: 1, dims }).graph).graph;
  return tensors.reduce((sum, tensor) => {
    const name = tensor ?? logitsName(shaped);
    const shape = shaped.tensors.get(name)?.shape;
    if (shape?.every((length) => typeof length === "number")) return sum + 4 * lengthOf(shape as readonly number[]);
    throw new InputError(
      "bad-output",
      `the shape of "${name}" of the teacher is not known before it runs`,
      "choose another tensor, or export the teacher with fixed shapes",
    );
  }, 0);
}
