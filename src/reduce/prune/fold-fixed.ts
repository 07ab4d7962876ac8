// Channels whose value never changes go into the biases of the layers that read them; the weights that read them become zero. Exact
// but for rounding. Taking the channels out, which nobody reads then, is dead.ts.
import { floatAttribute } from "../../graph/attributes.ts";
import { type Layer, operatorKey } from "../../graph/graph.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { type WeightedNetwork, withWeights } from "../network.ts";
import { eachAlong, type Floats, floatsOf } from "./channels/along.ts";
import { fixedChannels } from "./channels/fixed.ts";
import type { Attachment, ChannelMap } from "./channels/map.ts";
import type { Fixed } from "./channels/rule.ts";
import { CHANNEL_TABLE } from "./channels/table.ts";

/** A reading layer whose fixed inputs are to go into its bias. */
interface Folding {
  readonly attachment: Attachment;
  /** By output channel, what the fixed inputs add. */
  readonly added: Float64Array;
}

/**
 * Zeroes the weights that read fixed channels, and works out what goes into the bias instead. Weights that two layers read are left alone.
 * @returns changed weights and biases to write; undefined when there is nothing to do
 */
function foldReads(
  { attachment, weight, fixed }: { attachment: Attachment; weight: Tensor; fixed: Fixed },
  data: Floats,
): { readonly tensor: Tensor; readonly folding: Folding } | undefined {
  const { axis, layer } = attachment;
  const folds = CHANNEL_TABLE[operatorKey(layer)]?.folds?.(layer) === true;
  // The weight's axis is the tensor's, except in grouped convolutions: those read one index per group.
  if (fixed.length !== weight.shape[axis]) return undefined;
  const makes = 1 - axis;
  const added = new Float64Array(weight.shape[makes]!);
  const inner = weight.shape.slice(makes + 1).reduce((product, length) => product * length, 1);
  const kept = data.slice();
  let changed = false;
  eachAlong(weight.shape, axis, (index, at) => {
    const value = fixed[index];
    if (value === undefined || data[at] === 0 || (value !== 0 && !folds)) return;
    added[Math.floor(at / inner) % added.length]! += value * data[at]!;
    kept[at] = 0;
    changed = true;
  });
  return changed ? { tensor: { ...weight, data: kept }, folding: { attachment, added } } : undefined;
}

/** The layer with another bias; a MatMul has none and gets an Add after it. */
function withBias(layer: Layer, bias: string): readonly Layer[] {
  if (operatorKey(layer) !== "MatMul") {
    const [x = "", weight = ""] = layer.inputs;
    return [{ ...layer, inputs: [x, weight, bias] }];
  }
  const [output = ""] = layer.outputs;
  const product = `${output}/before-folded-bias`;
  return [
    { ...layer, outputs: [product] },
    {
      name: `${layer.name}/folded-bias`,
      op: "Add",
      domain: "",
      inputs: [product, bias],
      outputs: [output],
      attributes: new Map(),
    },
  ];
}

/** What the layer adds already, per output channel. */
function biasOf(layer: Layer, weights: ReadonlyMap<string, Tensor>, channels: number): Float64Array | undefined {
  const name = operatorKey(layer) === "MatMul" ? undefined : layer.inputs[2];
  if (name === undefined || name === "") return new Float64Array(channels);
  const data = floatsOf(weights.get(name));
  if (data === undefined || (data.length !== 1 && data.length !== channels)) return undefined;
  return Float64Array.from({ length: channels }, (_, i) => data[data.length === 1 ? 0 : i]!);
}

/** Gemm scales the product by alpha and the bias by beta. */
function scaleOf(layer: Layer): number {
  return operatorKey(layer) === "Gemm" ? floatAttribute(layer, "alpha", 1) / floatAttribute(layer, "beta", 1) : 1;
}

/**
 * Takes fixed channels into the biases of the layers that read them; the network as it was where there are none.
 * @param weights all numbers of the network, by name
 */
export function foldFixed(
  network: WeightedNetwork,
  map: ChannelMap,
  weights: ReadonlyMap<string, Tensor>,
): WeightedNetwork {
  const fixed = fixedChannels(map, weights);
  const readers = new Map<string, number>();
  for (const name of [...network.graph.layers.flatMap(({ inputs }) => inputs), ...network.graph.outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const changed = new Map<string, Tensor>();
  const replaced = new Map<string, readonly Layer[]>();
  for (const attachment of map.attachments) {
    const { weight: name, layer, part } = attachment;
    const weight = weights.get(name);
    const data = floatsOf(weight);
    const values = fixed.get(layer.inputs[0]!);
    if (part !== "reads" || weight === undefined || data === undefined || values === undefined) continue;
    if (readers.get(name) !== 1) continue;
    const folded = foldReads({ attachment, weight, fixed: values }, data);
    if (folded === undefined) continue;
    const { added } = folded.folding;
    if (added.some((value) => value !== 0)) {
      const bias = biasOf(layer, weights, added.length);
      if (bias === undefined) continue;
      const own = operatorKey(layer) === "MatMul" ? undefined : layer.inputs[2];
      const into = own && readers.get(own) === 1 ? own : `${layer.name}/folded_bias`;
      const scale = scaleOf(layer);
      const sums = bias.map((value, i) => value + added[i]! * scale);
      const shape = [added.length];
      changed.set(
        into,
        weight.dtype === "float64"
          ? { dtype: "float64", shape, data: sums }
          : { dtype: "float32", shape, data: Float32Array.from(sums) },
      );
      replaced.set(layer.name, withBias(layer, into));
    }
    changed.set(name, folded.tensor);
  }
  if (changed.size === 0) return network;
  const layers = network.graph.layers.flatMap((layer) => replaced.get(layer.name) ?? [layer]);
  return withWeights({ ...network, graph: { ...network.graph, layers } }, changed);
}
