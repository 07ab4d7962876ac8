// A network made ready for training: dimensions bound, Constant layers turned into weights, parameters and running statistics
// found and made inputs, so that they can change from step to step.
import { bindDimensions } from "../graph/bind.ts";
import { isFloat } from "../graph/dtype.ts";
import { type Graph, type Layer, operatorKey, type TensorType, type WeightRef } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import type { ShapedGraph } from "../graph/shape/shaped.ts";
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import { WORK_TABLE } from "../work/table.ts";
import { type Role, roleOf, storedWeight } from "../work/weights.ts";
import { modernised } from "./modernise.ts";
import type { ForwardOptions } from "./training-graph.ts";

/** A tensor of the network that was a weight and is now an input. */
export interface FreedWeight {
  readonly name: string;
  readonly type: TensorType;
  readonly initial: WeightRef;
  readonly role: "parameter" | "statistic";
}

export interface PreparedNetwork {
  /** Only the layers that the output needs; freed weights are inputs. */
  readonly shaped: ShapedGraph;
  readonly freed: readonly FreedWeight[];
  /** Inputs that the caller feeds. */
  readonly data: readonly string[];
  readonly output: string;
  /** Operator set of ONNX that the training graph is written in. */
  readonly opset: number;
}

/** The rules write operators of this set or newer: ScatterElements adds up since 16. */
const WRITTEN_OPSET = 17;

/** @throws InputError for dimensions, outputs and operator sets that do not fit */
export function prepareNetwork(graph: Graph, options: ForwardOptions): PreparedNetwork {
  const output = options.output ?? graph.outputs[0]!;
  if (!graph.outputs.includes(output))
    throw unknownName("output", output, graph.outputs, `outputs: ${graph.outputs.join(", ")}`);
  const bindings = { batch: options.batch, ...(options.dims && { dims: options.dims }) };
  const sized = inferShapes(bindDimensions(graph, bindings).graph).graph;
  const bound = modernised(sized);
  const needed = neededLayers(withoutConstants(bound), output);
  const freed = findFreed(needed, options);
  const names = new Set(freed.map(({ name }) => name));
  const read = new Set([output, ...needed.layers.flatMap((layer) => layer.inputs)]);
  const data = needed.inputs.filter((name) => read.has(name) && !needed.weights.has(name));
  const open: Graph = {
    ...needed,
    inputs: [...data, ...names],
    outputs: [output],
    weights: new Map([...needed.weights].filter(([name]) => !names.has(name) && read.has(name))),
  };
  const shaped = inferShapes(open);
  const [unknown] = shaped.unknown;
  if (unknown !== undefined)
    throw new InputError(
      "no-gradient",
      `layer "${unknown.layer}" (${unknown.op}): its shape is not known (${unknown.reason})`,
      "training needs fixed shapes: give the lengths with --dim, or export the network with simpler operators",
    );
  return { shaped, freed, data, output, opset: Math.max(bound.opsets.get("") ?? WRITTEN_OPSET, WRITTEN_OPSET) };
}

/** Tensors of Constant layers become weights. */
function withoutConstants(graph: Graph): Graph {
  const weights = new Map(graph.weights);
  const tensors = new Map(graph.tensors);
  const layers = graph.layers.filter((layer) => {
    const value = operatorKey(layer) === "Constant" ? layer.attributes.get("value") : undefined;
    if (value?.kind !== "tensor") return true;
    weights.set(layer.outputs[0]!, value.value);
    tensors.set(layer.outputs[0]!, value.type);
    return false;
  });
  return { ...graph, weights, tensors, layers };
}

function neededLayers(graph: Graph, output: string): Graph {
  const needed = new Set([output]);
  const layers: Layer[] = [];
  for (const layer of graph.layers.toReversed()) {
    if (!layer.outputs.some((name) => needed.has(name))) continue;
    layers.push(layer);
    for (const input of layer.inputs) needed.add(input);
  }
  return { ...graph, layers: layers.reverse() };
}

const FREED_ROLES: Partial<Readonly<Record<Role, FreedWeight["role"]>>> = { weight: "parameter", buffer: "statistic" };

/** Float weights by what their readers take them for; the network's own order. */
function findFreed(graph: Graph, options: ForwardOptions): readonly FreedWeight[] {
  const { trainable = () => true, statistics = "batch" } = options;
  const roles = new Map<string, FreedWeight["role"]>();
  for (const layer of graph.layers) {
    layer.inputs.forEach((name, index) => {
      const type = graph.tensors.get(name);
      const origin = graph.weights.has(name) ? storedWeight(name, type) : undefined;
      if (origin === undefined || !isFloat(origin.dtype)) return;
      const rule = WORK_TABLE[operatorKey(layer)];
      const role = FREED_ROLES[rule === undefined ? "weight" : roleOf(rule, index, origin)];
      if (role !== undefined) roles.set(name, role);
    });
  }
  return [...roles]
    .filter(([name, role]) => (role === "parameter" ? trainable(name) : statistics === "batch"))
    .map(([name, role]) => ({ name, role, type: graph.tensors.get(name)!, initial: graph.weights.get(name)! }));
}
