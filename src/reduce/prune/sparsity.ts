// How sparse a network is: parameters and those that are not zero, by layer and in all; and the compression ratio of [Krouka2021].
// Counting only: what makes zeros is magnitude.ts.
import { readWeight, type WeightedNetwork } from "../network.ts";
import { countZeros } from "../zeros.ts";
import { type Parameter, parametersOf } from "./parameters.ts";

export interface LayerSparsity {
  readonly layer: string;
  /** Trained weights that the layer reads. */
  readonly params: number;
  /** Those of them that are not zero. */
  readonly nonzero: number;
}

export interface Sparsity {
  /** Trained weights, each once. */
  readonly params: number;
  readonly nonzero: number;
  /** Layers with trained weights, in the network's order. */
  readonly layers: readonly LayerSparsity[];
  /** Each trained weight by its name. */
  readonly weights: readonly { readonly name: string; readonly params: number; readonly nonzero: number }[];
}

async function nonzeroOf(network: WeightedNetwork, { name, elements }: Parameter): Promise<number> {
  return elements - countZeros(await readWeight(network, name));
}

/** Reads every trained weight once. */
export async function countNonzero(network: WeightedNetwork): Promise<Sparsity> {
  const byLayer = new Map<string, { params: number; nonzero: number }>();
  let params = 0;
  let nonzero = 0;
  const weights: { name: string; params: number; nonzero: number }[] = [];
  for (const parameter of parametersOf(network.graph)) {
    const count = await nonzeroOf(network, parameter);
    params += parameter.elements;
    nonzero += count;
    weights.push({ name: parameter.name, params: parameter.elements, nonzero: count });
    for (const layer of parameter.layers) {
      const sum = byLayer.get(layer) ?? { params: 0, nonzero: 0 };
      byLayer.set(layer, { params: sum.params + parameter.elements, nonzero: sum.nonzero + count });
    }
  }
  return { params, nonzero, layers: [...byLayer].map(([layer, sums]) => ({ layer, ...sums })), weights };
}

/** C_r: nonzero parameters of the original over those of the compressed network [Krouka2021]; undefined when nothing is left. */
export function compressionRatio(original: Sparsity, compressed: Sparsity): number | undefined {
  return compressed.nonzero === 0 ? undefined : original.nonzero / compressed.nonzero;
}
