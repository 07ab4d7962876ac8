// A teacher inside a training step: its layers appended in inference mode, its weights as constants. It has no gradient, because nothing that learns
// is before it. Also where a network's logits are, which is what teachers are asked for.
import { bindDimensions } from "../graph/bind.ts";
import { type Graph, type Layer, operatorKey, type TensorType } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import type { ShapedGraph } from "../graph/shape/shaped.ts";
import { InputError } from "../units/input-error.ts";
import type { Emitter } from "./gradient/emitter.ts";
import { beforeSquashing } from "./losses/loss.ts";
import { modernised } from "./modernise.ts";
import type { FrozenNetwork } from "./training-graph.ts";

/** The tensor before a final Softmax, LogSoftmax or Sigmoid, else the output itself. @param output default: the first */
export function logitsName(graph: Pick<Graph, "layers" | "outputs">, output = graph.outputs[0]!): string {
  return beforeSquashing(
    output,
    graph.layers.find(({ outputs }) => outputs.includes(output)),
  );
}

/** The set from which reductions take their axes as an input: a graph is written in one form or the other. */
const SPLIT_OPSET = 18;

function checkOpset(graph: Graph, opset: number): void {
  const own = graph.opsets.get("") ?? opset;
  if (own >= SPLIT_OPSET === opset >= SPLIT_OPSET && own <= Math.max(opset, SPLIT_OPSET)) return;
  throw new InputError(
    "old-operator-set",
    `the teacher is written in operator set ${own}, the student's training step in ${opset}: they do not fit into one graph`,
    "let the teacher answer beforehand (--teacher-runs before), or export both with one opset_version",
  );
}

/** A frozen network that can be applied to tensors of a graph, as often as wanted. A lifetime, hence a class. */
export class Frozen {
  readonly #e: Emitter;
  readonly #shaped: ShapedGraph;
  readonly #prefix: string;
  #applied = 0;

  /** @throws InputError "old-operator-set", and for dimensions that do not fit */
  constructor(
    e: Emitter,
    { graph }: FrozenNetwork,
    opset: number,
    batch: number,
    dims: Readonly<Record<string, number>> | undefined,
  ) {
    const sized = inferShapes(bindDimensions(graph, { batch, dims }).graph);
    const modern = modernised(sized.graph);
    checkOpset(modern, opset);
    this.#e = e;
    this.#shaped = modern === sized.graph ? sized : inferShapes(modern);
    this.#prefix = freePrefix(e);
    this.#takeWeights();
  }

  #named(name: string, pass: number): string {
    if (name === "") return "";
    return this.#shaped.graph.weights.has(name) ? `${this.#prefix}${name}` : `${this.#prefix}${pass}/${name}`;
  }

  #takeWeights(): void {
    const { graph, constants } = this.#shaped;
    for (const [name, ref] of graph.weights) {
      const type = graph.tensors.get(name);
      if (type !== undefined) this.#e.b.stored(this.#named(name, 0), type, ref, constants.get(name));
    }
  }

  /**
   * Appends the network once more.
   * @param inputs its inputs, in order
   * @returns what its tensors are called in this pass
   */
  apply(inputs: readonly string[]): (tensor: string | undefined) => string {
    const pass = this.#applied++;
    const { graph } = this.#shaped;
    const names = new Map(this.#inputs(inputs));
    const nameOf = (tensor: string): string => names.get(tensor) ?? this.#named(tensor, pass);
    for (const layer of graph.layers) this.#e.b.append(renamed(layer, `${this.#prefix}${pass}/${layer.name}`, nameOf));
    return (tensor = logitsName(graph)) => nameOf(tensor);
  }

  #inputs(given: readonly string[]): readonly (readonly [string, string])[] {
    const { graph } = this.#shaped;
    const own = graph.inputs.filter((name) => !graph.weights.has(name));
    return own.map((name, i) => {
      const [wanted, found] = [graph.tensors.get(name)!, given[i] && this.#e.b.typeOf(given[i])];
      if (found && wanted.dtype === found.dtype && `${wanted.shape}` === `${found.shape}`) return [name, given[i]!];
      throw new InputError(
        "wrong-shape",
        `the teacher reads ${described(wanted)}, the student ${found ? described(found) : "nothing"}`,
        "teacher and student must read the same data",
      );
    });
  }
}

const described = ({ dtype, shape }: TensorType): string => `${dtype} [${shape?.join(", ") ?? "?"}]`;

function freePrefix({ b }: Emitter): string {
  const taken = [...b.graph().tensors.keys()];
  let prefix = "teacher/";
  for (let i = 2; taken.some((name) => name.startsWith(prefix)); i++) prefix = `teacher${i}/`;
  return prefix;
}

/** A layer under other names. */
export function renamed(layer: Layer, name: string, nameOf: (tensor: string) => string): Layer {
  const all = (tensors: readonly string[]) => tensors.map((tensor) => (tensor === "" ? "" : nameOf(tensor)));
  if ([...layer.attributes.values()].some(({ kind }) => kind === "graph"))
    throw new InputError(
      "no-gradient",
      `layer "${layer.name}" (${operatorKey(layer)}) has a body, which cannot be put into another graph`,
      "let the teacher answer beforehand (--teacher-runs before)",
    );
  return { ...layer, name, inputs: all(layer.inputs), outputs: all(layer.outputs) };
}
