// Batch normalisation folded into the convolution or dense layer before it: the same answers in inference with fewer layers.
// y = γ(Wx + b − μ)/√(σ²+ε) + β  =  (sW)x + (s(b − μ) + β)  with s = γ/√(σ²+ε) per output channel [Jacob2018], section 3.2.
import type { Graph, Layer, TensorType, WeightRef } from "../../graph/graph.ts";
import type { WeightReader } from "../../runtime/runtime.ts";
import { bytesOf } from "../../runtime/tensor.ts";

const EPSILON = 1e-5;

/** Where output channels are in the weight of each operator; undefined: the layer cannot take a factor per output channel. */
const CHANNEL_AXIS: Readonly<Record<string, (layer: Layer) => 0 | 1 | undefined>> = {
  Conv: () => 0,
  Gemm: (layer) => (isPlainGemm(layer) ? (intOf(layer, "transB") === 1 ? 0 : 1) : undefined),
};

const intOf = (layer: Layer, name: string): number => {
  const attribute = layer.attributes.get(name);
  return attribute?.kind === "int" ? attribute.value : 0;
};

function floatOf(layer: Layer, name: string, otherwise: number): number {
  const attribute = layer.attributes.get(name);
  return attribute?.kind === "float" ? attribute.value : otherwise;
}

const isPlainGemm = (layer: Layer): boolean => floatOf(layer, "alpha", 1) === 1 && floatOf(layer, "beta", 1) === 1;

interface Pair {
  readonly layer: Layer;
  readonly norm: Layer;
  readonly axis: 0 | 1;
}

/** Layers whose only reader is a batch normalisation with fixed statistics, and whose own weights nobody else reads. */
function pairsIn(graph: Graph): readonly Pair[] {
  const readers = new Map<string, number>();
  for (const name of [...graph.layers.flatMap(({ inputs }) => inputs), ...graph.outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const makers = new Map(graph.layers.map((layer) => [layer.outputs[0], layer]));
  const isOwn = (name: string | undefined): boolean =>
    name === undefined || name === "" || (graph.weights.has(name) && readers.get(name) === 1);
  return graph.layers.flatMap((norm) => {
    const [x = "", ...statistics] = norm.inputs;
    const layer = norm.op === "BatchNormalization" && norm.domain === "" ? makers.get(x) : undefined;
    if (layer === undefined || layer.domain !== "" || readers.get(x) !== 1) return [];
    const axis = CHANNEL_AXIS[layer.op]?.(layer);
    const isFixed = intOf(norm, "training_mode") === 0 && statistics.every((name) => graph.weights.has(name));
    const hasWeights = layer.inputs[1] !== undefined && isOwn(layer.inputs[1]) && isOwn(layer.inputs[2]);
    return axis !== undefined && isFixed && hasWeights ? [{ layer, norm, axis }] : [];
  });
}

/**
 * Folds every batch normalisation that follows a Conv or Gemm directly. Others stay.
 * @returns the graph, and how many were folded
 */
export async function foldBatchNorms(
  graph: Graph,
  reader: WeightReader,
): Promise<{ readonly graph: Graph; readonly folded: number }> {
  const weights = new Map<string, WeightRef>(graph.weights);
  const tensors = new Map<string, TensorType>(graph.tensors);
  const replaced = new Map<Layer, Layer | undefined>();
  const read = async (name: string): Promise<Float32Array> => {
    const bytes = await reader(weights.get(name)!, tensors.get(name)!);
    return new Float32Array(new Uint8Array(bytes).buffer);
  };
  const write = (name: string, shape: readonly number[], data: Float32Array) => {
    weights.set(name, { kind: "inline", bytes: bytesOf(data) });
    tensors.set(name, { dtype: "float32", shape });
  };
  let folded = 0;
  for (const { layer, norm, axis } of pairsIn(graph)) {
    const [, gammaName = "", betaName = "", meanName = "", varianceName = ""] = norm.inputs;
    const [x = "", weightName = "", biasName = ""] = layer.inputs;
    if (tensors.get(weightName)?.dtype !== "float32") continue;
    const [gamma, beta, mean, variance] = await Promise.all([gammaName, betaName, meanName, varianceName].map(read));
    const channels = gamma!.length;
    const epsilon = floatOf(norm, "epsilon", EPSILON);
    const factor = gamma!.map((value, c) => value / Math.sqrt(variance![c]! + epsilon));
    const weight = await read(weightName);
    const perChannel = weight.length / channels;
    const channelOf = axis === 0 ? (i: number) => Math.floor(i / perChannel) : (i: number) => i % channels;
    write(
      weightName,
      tensors.get(weightName)!.shape as readonly number[],
      weight.map((value, i) => value * factor[channelOf(i)]!),
    );
    const bias = biasName === "" ? new Float32Array(channels) : await read(biasName);
    const newBias = biasName === "" ? `${norm.name}/folded_bias` : biasName;
    // A Gemm's bias may be one number for all channels.
    const biasAt = (c: number): number => bias[bias.length === 1 ? 0 : c]!;
    write(
      newBias,
      [channels],
      factor.map((s, c) => s * (biasAt(c) - mean![c]!) + beta![c]!),
    );
    replaced.set(layer, { ...layer, inputs: [x, weightName, newBias], outputs: norm.outputs.slice(0, 1) });
    replaced.set(norm, undefined);
    folded++;
  }
  const layers = graph.layers.flatMap((layer) => {
    const now = replaced.has(layer) ? replaced.get(layer) : layer;
    return now === undefined ? [] : [now];
  });
  const used = new Set([...layers.flatMap(({ inputs }) => inputs), ...graph.outputs]);
  for (const name of graph.weights.keys()) {
    if (used.has(name)) continue;
    weights.delete(name);
    tensors.delete(name);
  }
  return { graph: { ...graph, layers, weights, tensors }, folded };
}
