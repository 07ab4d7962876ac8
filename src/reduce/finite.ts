// A network with NaN or infinity among its weights answers nothing that could be kept: it is refused before any work.
import { elementCount, type Graph } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { readWeight, type WeightedNetwork } from "./network.ts";

const READ: readonly string[] = ["float32", "float64"];

const readerOf = ({ layers }: Graph, weight: string): string =>
  layers.find(({ inputs }) => inputs.includes(weight))?.name ?? weight;

/**
 * Looks through the weights that layers read. Numbers that are not multiplied, such as the limits of a Clip, may be infinite; NaN may not.
 * @throws InputError "not-finite" naming layer and weight
 */
export async function checkFinite(network: WeightedNetwork): Promise<void> {
  const { graph } = network;
  for (const name of graph.weights.keys()) {
    const type = graph.tensors.get(name);
    if (type === undefined || !READ.includes(type.dtype)) continue;
    const isScalar = (elementCount(type) ?? 0) <= 1;
    const { data } = await readWeight(network, name);
    if ((data as Float32Array).every((value) => (isScalar ? !Number.isNaN(value) : Number.isFinite(value)))) continue;
    throw new InputError(
      "not-finite",
      `weight "${name}" of layer "${readerOf(graph, name)}" has numbers that are not finite`,
      "mend the network: what is not a number cannot be made smaller",
    );
  }
}
