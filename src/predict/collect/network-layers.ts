// The layers of a whole network as the predictor knows them: type and parameters of each, and which of them a runtime does not run by
// themselves. The fusions are those of ONNX Runtime's CPU provider at its default level [ONNXRuntime]; nothing else is assumed of it.
import { bindDimensions } from "../../graph/bind.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import { inferShapes, type ShapedGraph } from "../../graph/shape/infer.ts";
import type { Parameters } from "../layerwise/parameters.ts";
import type { CollectedKind, LayerView } from "./kinds/kind.ts";
import { COLLECTED_KINDS } from "./kinds/table.ts";

export interface NetworkLayer {
  readonly name: string;
  /** operatorKey. */
  readonly operator: string;
  /** "alone": run by itself. "fused": done by the layer before it. "free": a view, or known before the network runs. */
  readonly runs: "alone" | "fused" | "free";
  /** undefined: no collected type describes it. */
  readonly kind: CollectedKind | undefined;
  readonly parameters: Parameters | undefined;
}

const VIEWS: ReadonlySet<string> = new Set([
  "Constant",
  "Dropout",
  "Flatten",
  "Identity",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Shape",
]);
const ACTIVATIONS = ["Relu", "LeakyRelu", "Sigmoid", "Tanh"];
/** Operator → operators that run inside it when they are its only reader. */
const FUSES: Readonly<Record<string, ReadonlySet<string>>> = {
  Conv: new Set(["BatchNormalization", "Clip", "HardSigmoid", ...ACTIVATIONS]),
  Gemm: new Set(ACTIVATIONS),
};

/** Layers that are done inside the one before them, by name. */
export function fusedLayers({ layers, outputs }: Graph): ReadonlySet<string> {
  const readers = new Map<string, number>(outputs.map((name) => [name, 1]));
  for (const input of layers.flatMap((layer) => layer.inputs)) readers.set(input, (readers.get(input) ?? 0) + 1);
  /** Tensor → what it may still be fused with. */
  const open = new Map<string, ReadonlySet<string>>();
  const fused = new Set<string>();
  for (const layer of layers) {
    const source = layer.inputs[0] ?? "";
    const allowed = readers.get(source) === 1 ? open.get(source) : undefined;
    const isFused = allowed?.has(layer.op) === true;
    if (isFused) fused.add(layer.name);
    // A folded normalisation leaves room for an activation; after an activation nothing more fits in.
    const next = isFused ? (layer.op === "BatchNormalization" ? allowed : undefined) : FUSES[operatorKey(layer)];
    if (next !== undefined) open.set(layer.outputs[0] ?? "", next);
  }
  return fused;
}

function viewOf({ graph, constants }: ShapedGraph, layer: Layer): LayerView {
  const lengths = (name: string): readonly number[] | undefined => {
    const shape = graph.tensors.get(name)?.shape;
    return shape?.every((dim) => typeof dim === "number") ? (shape as readonly number[]) : undefined;
  };
  return {
    layer,
    inputs: layer.inputs.map(lengths),
    outputs: layer.outputs.map(lengths),
    fixed: layer.inputs.map((name) => graph.weights.has(name) || constants.has(name)),
  };
}

/** The batch and the lengths of open dimensions, as for countGraph. */
export interface Lengths {
  readonly batch?: number;
  readonly dims?: Readonly<Record<string, number>>;
}

/** A network with the shapes of all its tensors, as countGraph sees it. */
export const shapedNetwork = (network: Graph, { batch, dims }: Lengths = {}): ShapedGraph =>
  inferShapes(bindDimensions(network, { batch, dims }).graph);

/** The layers of a network, in its order; the insides of If, Loop and Scan are not looked at. */
export function networkLayers(network: Graph, lengths: Lengths = {}): NetworkLayer[] {
  const shaped = shapedNetwork(network, lengths);
  const fused = fusedLayers(shaped.graph);
  return shaped.graph.layers.map((layer): NetworkLayer => {
    const operator = operatorKey(layer);
    const isFree = shaped.folded.has(layer.name) || VIEWS.has(operator);
    const runs = isFree ? "free" : fused.has(layer.name) ? "fused" : "alone";
    const view = viewOf(shaped, layer);
    const candidates = COLLECTED_KINDS.filter(({ ops }) => ops.includes(operator));
    for (const kind of candidates) {
      const parameters = kind.read(view);
      if (parameters !== undefined) return { name: layer.name, operator, runs, kind, parameters };
    }
    return { name: layer.name, operator, runs, kind: undefined, parameters: undefined };
  });
}
