// What every reduction takes and gives: a network together with its numbers. Pruning, quantising and distilling are in their folders.
import { elementCount, type Graph, type TensorType, type WeightRef } from "../graph/graph.ts";
import type { WeightReader } from "../runtime/runtime.ts";
import { arrayFromBytes, bytesOf, isTensorType, type Tensor } from "../runtime/tensor.ts";

/** A network with its numbers at hand. */
export interface WeightedNetwork {
  readonly graph: Graph;
  readonly weights: WeightReader;
}

/** The numbers of one weight. @throws Error when the network has no weight of that name, or one of a type that tensors do not have */
export async function readWeight({ graph, weights }: WeightedNetwork, name: string): Promise<Tensor> {
  const ref = graph.weights.get(name);
  const type = graph.tensors.get(name);
  if (ref === undefined || type === undefined || elementCount(type) === undefined || !isTensorType(type.dtype))
    throw new Error(`"${name}" is not a weight with a fixed type`);
  const data = arrayFromBytes(type.dtype, await weights(ref, type));
  return { dtype: type.dtype, shape: type.shape as readonly number[], data };
}

/** The network with these weights instead of its own, kept inline; shapes may change with them. */
export function withWeights(
  { graph, weights }: WeightedNetwork,
  changed: ReadonlyMap<string, Tensor>,
): WeightedNetwork {
  const refs = new Map<string, WeightRef>(graph.weights);
  const tensors = new Map<string, TensorType>(graph.tensors);
  for (const [name, { dtype, shape, data }] of changed) {
    refs.set(name, { kind: "inline", bytes: bytesOf(data) });
    tensors.set(name, { dtype, shape });
  }
  return { graph: { ...graph, weights: refs, tensors }, weights };
}
