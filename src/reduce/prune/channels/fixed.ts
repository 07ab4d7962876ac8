// Channels whose value does not depend on the input: followed from weights that are all zero, through activations and pooling, to
// the layers that read them. Constant folding [Aho2006] by channel instead of by tensor.
import { elementCount, operatorKey } from "../../../graph/graph.ts";
import { isTensorType, type Tensor } from "../../../runtime/tensor.ts";
import { readWeight, type WeightedNetwork } from "../../network.ts";
import type { ChannelMap } from "./map.ts";
import type { Fixed, FixedContext } from "./rule.ts";
import { CHANNEL_TABLE } from "./table.ts";

/** All numeric weights of the network by name. */
export async function readWeights(network: WeightedNetwork): Promise<ReadonlyMap<string, Tensor>> {
  const read = new Map<string, Tensor>();
  for (const name of network.graph.weights.keys()) {
    const type = network.graph.tensors.get(name);
    if (type !== undefined && elementCount(type) !== undefined && isTensorType(type.dtype))
      read.set(name, await readWeight(network, name));
  }
  return read;
}

const isFloatArray = ({ data }: Tensor): boolean => data instanceof Float32Array || data instanceof Float64Array;

/** By tensor, the values of its channels that are fixed; tensors without any are left out. */
export function fixedChannels(map: ChannelMap, weights: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Fixed> {
  const { graph, constants } = map.shaped;
  const found = new Map<string, Fixed>();
  const shape = (tensor: string | undefined) => {
    const type = tensor === undefined ? undefined : graph.tensors.get(tensor);
    return elementCount(type) === undefined ? undefined : (type!.shape as readonly number[]);
  };
  const weight = (name: string | undefined): Tensor | undefined => {
    if (name === undefined) return undefined;
    const stored = weights.get(name);
    if (stored !== undefined) return isFloatArray(stored) ? stored : undefined;
    const known = constants.get(name);
    return known && { dtype: "float64", shape: known.shape, data: Float64Array.from(known.data) };
  };
  for (const layer of graph.layers) {
    const key = operatorKey(layer);
    const rule = Object.hasOwn(CHANNEL_TABLE, key) ? CHANNEL_TABLE[key] : undefined;
    const output = layer.outputs[0]!;
    const [only, ...others] = map.axes.get(output) ?? [];
    // Channels on two axes of one tensor: nothing to say about either.
    if (rule?.fixed === undefined || only === undefined || others.length > 0) continue;
    const [axis, slots] = only;
    const context: FixedContext = {
      layer,
      shape,
      isWeight: (tensor) => tensor !== undefined && graph.weights.has(tensor),
      fixed: (tensor) => found.get(tensor),
      weight,
      channels: slots.length,
      axis,
    };
    const values = rule.fixed(context);
    if (values?.some((value) => value !== undefined && Number.isFinite(value))) found.set(output, values);
  }
  return found;
}
