// Which numbers of a network pruning may look at: its trained float weights, each with the layers that read it. Roles come from
// the same table that counts parameters (work/), so what is counted as a parameter is what is pruned.
import { isFloat } from "../../graph/dtype.ts";
import { elementCount, type Graph, operatorKey } from "../../graph/graph.ts";
import { WORK_TABLE } from "../../work/table.ts";
import { convertedWeight, roleOf, storedWeight, type WeightOrigin } from "../../work/weights.ts";

/** One trained weight. */
export interface Parameter {
  /** Name of the weight in the graph. */
  readonly name: string;
  /** Layers that read it, in the network's order; at least one. */
  readonly layers: readonly string[];
  readonly shape: readonly number[];
  readonly elements: number;
  /** matrix: two or more axes. bias: one axis, added by a layer that has a matrix. scale: everything else (normalisation). */
  readonly kind: "matrix" | "bias" | "scale";
}

interface Found {
  readonly layers: string[];
  readonly origin: WeightOrigin;
  hasMatrix: boolean;
}

/** Trained float weights in the order in which layers read them; integers that stand for weights are not among them. */
export function parametersOf(graph: Graph): readonly Parameter[] {
  const origins = new Map<string, WeightOrigin>();
  for (const name of graph.weights.keys()) {
    const origin = storedWeight(name, graph.tensors.get(name));
    if (origin !== undefined && isFloat(origin.dtype)) origins.set(name, origin);
  }
  const found = new Map<string, Found>();
  for (const layer of graph.layers) {
    const converted = convertedWeight(layer, origins.get(layer.inputs[0] ?? ""));
    if (converted !== undefined) {
      origins.set(layer.outputs[0]!, converted);
      continue;
    }
    const rule = WORK_TABLE[operatorKey(layer)];
    const weights = layer.inputs.flatMap((input, index) => {
      const origin = origins.get(input);
      return origin !== undefined && (rule === undefined || roleOf(rule, index, origin) === "weight") ? [origin] : [];
    });
    const hasMatrix = weights.some(({ key }) => rankOf(graph, key) >= 2);
    for (const origin of weights) {
      const entry = found.get(origin.key) ?? { layers: [], origin, hasMatrix };
      entry.layers.push(layer.name);
      found.set(origin.key, entry);
    }
  }
  return [...found].map(([name, { layers, origin, hasMatrix }]) => ({
    name,
    layers,
    shape: graph.tensors.get(name)!.shape as readonly number[],
    elements: origin.elements,
    kind: rankOf(graph, name) >= 2 ? "matrix" : hasMatrix ? "bias" : "scale",
  }));
}

function rankOf(graph: Graph, name: string): number {
  const type = graph.tensors.get(name);
  return elementCount(type) === undefined ? 0 : type!.shape!.length;
}
