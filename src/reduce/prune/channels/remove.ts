// Channels taken out of a network: weights sliced, layers that count channels written anew, shapes inferred again. The network is
// really smaller afterwards: multiplications, weights and bytes fall on any runtime.
import type { Graph, Layer, TensorType } from "../../../graph/graph.ts";
import { inferShapes } from "../../../graph/shape/infer.ts";
import { lengthOf, type Tensor, type TensorData, zeros } from "../../../runtime/tensor.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../../network.ts";
import type { ChannelMap } from "./map.ts";
import type { Slot } from "./slots.ts";

/** Indices that stay, by axis. */
type Kept = ReadonlyMap<number, readonly number[]>;

/** By weight, the axes that become shorter. */
function keptIndices(map: ChannelMap, removed: ReadonlySet<Slot>): ReadonlyMap<string, Kept> {
  const kept = new Map<string, Map<number, readonly number[]>>();
  for (const { weight, axis, slots } of map.attachments) {
    const indices = slots.flatMap((slot, i) => (removed.has(map.slots.find(slot)) ? [] : [i]));
    if (indices.length === slots.length) continue;
    if (indices.length === 0) throw new Error(`nothing would be left of axis ${axis} of "${weight}"`);
    kept.set(weight, (kept.get(weight) ?? new Map()).set(axis, indices));
  }
  return kept;
}

const shortened = (shape: readonly number[], kept: Kept): readonly number[] =>
  shape.map((length, axis) => kept.get(axis)?.length ?? length);

/** The graph with types and layers as they will be; the numbers of its weights are still the old ones. */
export function shrunkGraph(graph: Graph, map: ChannelMap, removed: ReadonlySet<Slot>): Graph {
  const isRemoved = (slot: Slot): boolean => removed.has(map.slots.find(slot));
  const tensors = new Map<string, TensorType>(graph.tensors);
  for (const [name, axes] of map.axes) {
    const touched = [...axes.values()].some((slots) => slots.some(isRemoved));
    if (touched && !graph.outputs.includes(name)) tensors.delete(name);
  }
  for (const [name, kept] of keptIndices(map, removed)) {
    const type = graph.tensors.get(name)!;
    tensors.set(name, { dtype: type.dtype, shape: shortened(type.shape as readonly number[], kept) });
  }
  const rewritten = new Map<string, Layer>();
  for (const { layer, slots, write } of map.rewrites) if (slots.some(isRemoved)) rewritten.set(layer, write(isRemoved));
  return { ...graph, tensors, layers: graph.layers.map((layer) => rewritten.get(layer.name) ?? layer) };
}

/** The elements at these indices of each axis. */
function take({ dtype, shape, data }: Tensor, kept: Kept): Tensor {
  const after = shortened(shape, kept);
  const out = zeros(dtype, lengthOf(after)) as TensorData;
  const strides = shape.map((_, axis) => lengthOf(shape.slice(axis + 1)));
  const index = after.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (const [axis, at] of index.entries()) from += (kept.get(axis)?.[at] ?? at) * strides[axis]!;
    out[i] = data[from]!;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < after[axis]!) break;
      index[axis] = 0;
    }
  }
  return { dtype, shape: after, data: out };
}

/** The network without these sets of channels. @param removed names of sets, as `groupsOf` gives them */
export async function removeChannels(
  network: WeightedNetwork,
  map: ChannelMap,
  removed: ReadonlySet<Slot>,
): Promise<WeightedNetwork> {
  const changed = new Map<string, Tensor>();
  for (const [name, kept] of keptIndices(map, removed)) changed.set(name, take(await readWeight(network, name), kept));
  const graph = shrunkGraph(network.graph, map, removed);
  const smaller = withWeights({ ...network, graph }, changed);
  return { ...smaller, graph: inferShapes(smaller.graph).graph };
}
