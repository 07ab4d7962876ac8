// What a network must be to learn at all, said before anything is differentiated: weights in full precision, no branches that read them.
import { isFloat } from "../graph/dtype.ts";
import { type Graph, type Layer, operatorKey } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import type { FreedWeight } from "./prepare.ts";

const BODIES = new Set(["If", "Loop", "Scan"]);

/** Tensors of the graph around it that a body reads. */
function outerReads({ inputs, layers, weights, outputs }: Graph): readonly string[] {
  const own = new Set([...inputs, ...weights.keys(), ...layers.flatMap((layer) => layer.outputs)]);
  const read = [...layers.flatMap((layer) => [...layer.inputs, ...bodiesOf(layer).flatMap(outerReads)]), ...outputs];
  return read.filter((name) => name !== "" && !own.has(name));
}

const bodiesOf = (layer: Layer): readonly Graph[] =>
  [...layer.attributes.values()].flatMap((attribute) => (attribute.kind === "graph" ? [attribute.value] : []));

/** Everything that depends on a weight that learns. */
function learnedTensors(graph: Graph, freed: readonly FreedWeight[]): ReadonlySet<string> {
  const learned = new Set(freed.map(({ name }) => name));
  for (const layer of graph.layers)
    if (layer.inputs.some((name) => learned.has(name))) for (const output of layer.outputs) learned.add(output);
  return learned;
}

/**
 * @throws InputError "no-gradient" for a branch or loop that reads what learns, with its layer; "half-precision" for weights that are not float32 or float64
 */
export function checkTrainable(graph: Graph, freed: readonly FreedWeight[]): void {
  const half = freed.find(({ type }) => isFloat(type.dtype) && type.dtype !== "float32" && type.dtype !== "float64");
  if (half !== undefined)
    throw new InputError(
      "half-precision",
      `weight "${half.name}" is ${half.type.dtype}: small updates would be rounded away`,
      "export the network in float32 (model.float() in PyTorch), train it, and convert the result",
    );
  const learned = learnedTensors(graph, freed);
  for (const layer of graph.layers) {
    if (!BODIES.has(operatorKey(layer))) continue;
    const read = [...layer.inputs, ...bodiesOf(layer).flatMap(outerReads)].find((name) => learned.has(name));
    if (read === undefined) continue;
    throw new InputError(
      "no-gradient",
      `layer "${layer.name}" (${layer.op}) reads "${read}" in a branch or loop, which has no gradient`,
      "export the network without control flow: traced, not scripted, with fixed lengths",
    );
  }
}
