// Which layers of a network are done in 8 bits: convolutions and products with a fixed float32 weight, those that the user keeps excepted.
import { floatAttribute, intAttribute } from "../../graph/attributes.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";

/** A layer to be quantised. */
export interface Target {
  readonly layer: Layer;
  readonly op: "Conv" | "Gemm" | "MatMul";
  /** What is multiplied by the weight. */
  readonly data: string;
  readonly weight: string;
  readonly bias: string | undefined;
  /** Axis of the output channels in the weight. */
  readonly axis: number;
}

export interface TargetOptions {
  /** Layers, or blocks of them ("block3"), that stay in float. Default: none. */
  readonly keep?: readonly string[];
  /** Leave the first and the last of the layers in float, which are the most sensitive. Default false. */
  readonly keepEnds?: boolean;
}

const rankOf = (graph: Graph, name: string): number => graph.tensors.get(name)?.shape?.length ?? 0;

const isPlainGemm = (layer: Layer): boolean =>
  floatAttribute(layer, "alpha", 1) === 1 &&
  floatAttribute(layer, "beta", 1) === 1 &&
  intAttribute(layer, "transA", 0) === 0;

/** Axis of the output channels by operator; undefined: this layer cannot be quantised. */
const AXES: Readonly<Record<Target["op"], (layer: Layer, graph: Graph) => number | undefined>> = {
  Conv: () => 0,
  Gemm: (layer) => (isPlainGemm(layer) ? (intAttribute(layer, "transB", 0) === 1 ? 0 : 1) : undefined),
  MatMul: (layer, graph) => (rankOf(graph, layer.inputs[1]!) === 2 ? 1 : undefined),
};
const isCandidate = (layer: Layer): boolean => Object.hasOwn(AXES, operatorKey(layer));

function targetOf(graph: Graph, layer: Layer): Target | undefined {
  if (!isCandidate(layer)) return undefined;
  const op = layer.op as Target["op"];
  const [data = "", weight = "", bias = ""] = layer.inputs;
  const isFixed = (name: string) => graph.weights.has(name) && graph.tensors.get(name)?.dtype === "float32";
  if (graph.weights.has(data) || !isFixed(weight) || (bias !== "" && !isFixed(bias))) return undefined;
  const axis = AXES[op](layer, graph);
  return axis === undefined ? undefined : { layer, op, data, weight, bias: bias === "" ? undefined : bias, axis };
}

/** Why nothing was found. */
function nothing(graph: Graph): InputError {
  const odd = graph.layers.filter(isCandidate).find((layer) => {
    const dtype = graph.tensors.get(layer.inputs[1] ?? "")?.dtype;
    return dtype !== undefined && dtype !== "float32";
  });
  if (odd !== undefined)
    return new InputError(
      "not-float32",
      `the weight of layer "${odd.name}" is ${graph.tensors.get(odd.inputs[1]!)!.dtype}, expected float32`,
      "quantise the float32 network that it was made from",
    );
  return new InputError(
    "nothing-to-quantise",
    `${graph.name} has no convolution or product with a fixed float32 weight`,
    "`joulecast inspect` lists its layers; a network that is quantised already cannot be quantised again",
  );
}

/** Whether a layer is one of those named, or in a block named. @throws InputError "unknown-layer" for a name in `keep` that no layer and no block has */
export function isKeptBy(graph: Graph, keep: readonly string[]): (layer: Layer) => boolean {
  const within = (layer: Layer, name: string) => layer.name === name || layer.name.startsWith(`${name}/`);
  for (const name of keep) {
    if (graph.layers.some((layer) => within(layer, name))) continue;
    const names = graph.layers.map((layer) => layer.name);
    throw unknownName("layer", name, names, "`joulecast inspect` lists the layers");
  }
  return (layer) => keep.some((name) => within(layer, name));
}

/**
 * The layers to quantise, in the network's order.
 * @throws InputError "nothing-to-quantise", "not-float32", "unknown-layer"
 */
export function targetsOf(graph: Graph, { keep = [], keepEnds = false }: TargetOptions = {}): readonly Target[] {
  const isKept = isKeptBy(graph, keep);
  const all = graph.layers.map((layer) => targetOf(graph, layer)).filter((target) => target !== undefined);
  if (all.length === 0) throw nothing(graph);
  const inner = keepEnds ? all.slice(1, -1) : all;
  const targets = inner.filter(({ layer }) => !isKept(layer));
  if (targets.length > 0) return targets;
  throw new InputError(
    "nothing-to-quantise",
    `all ${all.length} layers that could be quantised are kept in float`,
    "keep fewer of them",
  );
}
