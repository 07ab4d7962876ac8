// Which weights of a network are zero, layer by layer. A weight counts where a layer multiplies by it, also when it is stored in
// another type or layout and converted on the way (Q/DQ, Cast, Transpose).
import { elementCount, type Graph, type Layer } from "../graph/graph.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { isTensorType } from "../runtime/tensor.ts";
import { readWeight, type WeightedNetwork } from "./network.ts";

export interface Zeros {
  /** Weights that are zero, over the whole network; a weight used twice counts once. */
  readonly count: number;
  /** Share of a layer's multipliers that is not zero, in [0, 1], by layer name; layers without a weight matrix are left out. */
  readonly nonzeroRatio: ReadonlyMap<string, number>;
}

/** Operators that multiply by a weight, and the inputs where it stands. */
const WEIGHT_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Conv: [1],
  ConvTranspose: [1],
  Gemm: [0, 1],
  MatMul: [0, 1],
  ConvInteger: [1],
  MatMulInteger: [1],
};
/** Where such an operator has its bias. */
const BIAS_INPUT = 2;
const HAS_BIAS: readonly string[] = ["Conv", "ConvTranspose", "Gemm"];

/** Operators through which a weight stays that weight. Scale and zero point of DequantizeLinear: zero is stored as the zero point. */
const CONVERSIONS: readonly string[] = [
  "DequantizeLinear",
  "Cast",
  "Transpose",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
];

/** The stored weight behind a tensor; undefined for activations. */
function weightBehind(
  graph: Graph,
  makers: ReadonlyMap<string, Layer>,
  tensor: string,
): { readonly name: string; readonly zeroPoint: string | undefined } | undefined {
  let name = tensor;
  let zeroPoint: string | undefined;
  for (;;) {
    if (graph.weights.has(name)) return { name, zeroPoint };
    const maker = makers.get(name);
    if (maker === undefined || !CONVERSIONS.includes(maker.op)) return undefined;
    if (maker.op === "DequantizeLinear" && maker.inputs[2]) zeroPoint = maker.inputs[2];
    name = maker.inputs[0]!;
  }
}

/** Half precision has two zeros, told apart by the sign bit. */
const HALF_MAGNITUDE = 0x7fff;

/** Numbers that are `zero`: 0, or the zero point of codes. */
export function countZeros({ dtype, data }: Tensor, zero = 0): number {
  let count = 0;
  if (dtype === "float16") for (const bits of data as Uint16Array) count += (bits & HALF_MAGNITUDE) === 0 ? 1 : 0;
  else for (const value of data) count += Number(value) === zero ? 1 : 0;
  return count;
}

/** Counts the zeros of every layer that multiplies by weights, in the network itself and not in bodies of loops. */
export async function zerosOf(network: WeightedNetwork): Promise<Zeros> {
  const { graph } = network;
  const makers = new Map(graph.layers.flatMap((layer) => layer.outputs.map((output) => [output, layer] as const)));
  const counted = new Map<string, number>();
  const nonzeroRatio = new Map<string, number>();
  const count = async (tensor: string | undefined): Promise<{ zeros: number; of: number } | undefined> => {
    const stored = tensor ? weightBehind(graph, makers, tensor) : undefined;
    const type = stored && graph.tensors.get(stored.name);
    const of = elementCount(type);
    if (stored === undefined || type === undefined || of === undefined || !isTensorType(type.dtype)) return undefined;
    let zeros = counted.get(stored.name);
    if (zeros === undefined) {
      const point = stored.zeroPoint === undefined ? undefined : await readWeight(network, stored.zeroPoint);
      zeros = countZeros(await readWeight(network, stored.name), Number(point?.data[0] ?? 0));
      counted.set(stored.name, zeros);
    }
    return { zeros, of };
  };
  for (const layer of graph.layers) {
    const positions = layer.domain === "" ? WEIGHT_INPUTS[layer.op] : undefined;
    if (positions === undefined) continue;
    for (const position of positions) {
      const found = await count(layer.inputs[position]);
      if (found !== undefined && found.of > 0) nonzeroRatio.set(layer.name, 1 - found.zeros / found.of);
    }
    if (HAS_BIAS.includes(layer.op)) await count(layer.inputs[BIAS_INPUT]);
  }
  return { count: [...counted.values()].reduce((sum, zeros) => sum + zeros, 0), nonzeroRatio };
}
