// What the walk found -> a Graph: unique names, one producer per tensor, layers in topological order, everything that is read is
// made by somebody. Types are as declared; graph/shape infers them again once dimensions are bound, and that result wins.
import type { Attribute, Graph, Layer, TensorType, WeightRef } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import type { RawGraph, RawNode } from "./proto.ts";

/** A graph, and the tensors of the scopes around it that it reads, each with a layer that reads it. */
interface Assembled {
  readonly graph: Graph;
  readonly free: ReadonlyMap<string, string>;
}

/**
 * The model's main graph.
 * @throws InputError "missing-tensor", "duplicate-tensor", "cyclic-graph"
 */
export function assemble(raw: RawGraph, name: string, opsets: ReadonlyMap<string, number>): Graph {
  // Files before IR version 4 list weights among the inputs too, later ones may: they are weights.
  const weights = new Set(raw.weights.map((weight) => weight.name));
  const inputs = raw.inputs.filter((input) => !weights.has(input.name));
  const { graph, free } = assembleGraph({ ...raw, inputs }, name, opsets);
  for (const [tensor, reader] of free)
    throw new InputError(
      "missing-tensor",
      `${reader} reads tensor "${tensor}", which no layer makes and no input or weight is`,
      "the model file is damaged or cut; export it again",
    );
  return graph;
}

function assembleGraph(raw: RawGraph, name: string, opsets: ReadonlyMap<string, number>): Assembled {
  const tensors = new Map<string, TensorType>();
  for (const { name: tensor, type } of [...raw.values, ...raw.outputs, ...raw.inputs, ...raw.weights])
    if (type !== undefined) tensors.set(tensor, type);
  const weights = new Map<string, WeightRef>();
  const producers = new Map<string, number>();
  for (const weight of raw.weights) {
    claim(producers, weight.name, FED);
    weights.set(weight.name, weight.ref);
  }
  for (const input of raw.inputs) claim(producers, input.name, FED);

  const names = uniqueNames(raw.nodes);
  const layers: Layer[] = [];
  const reads: ReadonlyMap<string, string>[] = [];
  for (const [index, node] of raw.nodes.entries()) {
    const { layer, captured } = toLayer(node, names[index]!, opsets);
    for (const output of layer.outputs) if (output !== "") claim(producers, output, index);
    layers.push(layer);
    reads.push(captured);
  }

  const free = new Map<string, string>();
  const needs = layers.map((layer, index) => {
    const needed: number[] = [];
    const need = (tensor: string, reader: string): void => {
      const producer = producers.get(tensor);
      if (producer === undefined) free.set(tensor, reader);
      else if (producer !== FED) needed.push(producer);
    };
    for (const input of layer.inputs) if (input !== "") need(input, `layer "${layer.name}"`);
    for (const [tensor, reader] of reads[index]!) need(tensor, reader);
    return needed;
  });
  for (const output of raw.outputs)
    if (!producers.has(output.name)) free.set(output.name, `the output list of graph "${name}"`);

  const graph: Graph = {
    name,
    inputs: raw.inputs.map((input) => input.name),
    outputs: raw.outputs.map((output) => output.name),
    layers: topological(layers, needs),
    tensors,
    weights,
    opsets,
  };
  return { graph, free };
}

/** In place of a producing layer's index: fed by the caller, or a weight. */
const FED = -1;

function claim(producers: Map<string, number>, tensor: string, producer: number): void {
  if (producers.has(tensor))
    throw new InputError(
      "duplicate-tensor",
      `tensor "${tensor}" is made more than once, expected one layer, input or weight for each name`,
      "the model file is not valid ONNX; export it again",
    );
  producers.set(tensor, producer);
}

/** The file's names where they are unique, else the operator and its place: "Conv_12". */
function uniqueNames(nodes: readonly RawNode[]): string[] {
  const taken = new Set<string>();
  const firsts = nodes.map(({ name }) => {
    const isFirst = name !== "" && !taken.has(name);
    taken.add(name);
    return isFirst;
  });
  return nodes.map((node, index) => {
    if (firsts[index] === true) return node.name;
    const stem = `${node.op}_${index}`;
    let name = stem;
    for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
    taken.add(name);
    return name;
  });
}

function toLayer(
  node: RawNode,
  name: string,
  opsets: ReadonlyMap<string, number>,
): { layer: Layer; captured: ReadonlyMap<string, string> } {
  const attributes = new Map<string, Attribute>();
  const captured = new Map<string, string>();
  for (const { name: key, value } of node.attributes) {
    if (value === undefined) continue;
    if (value.kind !== "body") attributes.set(key, value);
    else {
      const body = assembleGraph(value.value, value.value.name, opsets);
      attributes.set(key, { kind: "graph", value: body.graph });
      for (const [tensor, reader] of body.free) captured.set(tensor, reader);
    }
  }
  const { op, domain, inputs, outputs } = node;
  return { layer: { name, op, domain, inputs, outputs, attributes }, captured };
}

/** The layers so that each comes after those it needs; file order wherever that holds already. */
function topological(layers: readonly Layer[], needs: readonly (readonly number[])[]): readonly Layer[] {
  if (needs.every((needed, index) => needed.every((producer) => producer < index))) return layers;
  const sorted: Layer[] = [];
  const state = new Uint8Array(layers.length);
  const [OPEN, DONE] = [1, 2];
  for (let root = 0; root < layers.length; root++) {
    // Depth first with its own stack: chains are as long as the network.
    const stack: { index: number; next: number }[] = [{ index: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (state[top.index] === DONE) {
        stack.pop();
        continue;
      }
      state[top.index] = OPEN;
      const producer = needs[top.index]![top.next++];
      if (producer === undefined) {
        state[top.index] = DONE;
        sorted.push(layers[top.index]!);
        stack.pop();
      } else if (state[producer] === OPEN) throw cyclic(layers[top.index]!, layers[producer]!);
      else if (state[producer] !== DONE) stack.push({ index: producer, next: 0 });
    }
  }
  return sorted;
}

function cyclic(reader: Layer, producer: Layer): InputError {
  const direct = producer.outputs.find((output) => output !== "" && reader.inputs.includes(output));
  const tensor = direct ?? producer.outputs.find((output) => output !== "") ?? "";
  return new InputError(
    "cyclic-graph",
    `layer "${reader.name}" reads tensor "${tensor}", which depends on that layer's own output`,
    "the model file is not valid ONNX; export it again",
  );
}
