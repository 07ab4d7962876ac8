// A network as the choice of a cut sees it: layers in order, the tensors between them, how many bits each would take on the air,
// and which of them are still the raw input. No joules and no channel: those are costs.ts and radio.ts.

import { dependence, tensorsRead } from "../graph/cut.ts";
import { DTYPE_BITS, isFloat } from "../graph/dtype.ts";
import { elementCount, operatorKey, type TensorType } from "../graph/graph.ts";
import type { ShapedGraph } from "../graph/shape/shaped.ts";
import type { WorkReport } from "../work/work.ts";
import { type FeatureBits, HEADER_BITS } from "./features.ts";

export interface SplitLayer {
  readonly name: string;
  readonly op: string;
  /** Indices of tensors. */
  readonly reads: readonly number[];
  readonly makes: readonly number[];
}

export interface SplitTensor {
  readonly name: string;
  readonly type: TensorType | undefined;
  /** Index of the layer that makes it; -1 for an input of the network. */
  readonly producer: number;
  /** Indices of the layers that read it, ascending. */
  readonly consumers: readonly number[];
  readonly isOutput: boolean;
  /** An input, or made from inputs without a single multiply-accumulate: who sees it sees the input. */
  readonly isRaw: boolean;
  /** Elements; undefined while a length is not known: it cannot be sent. */
  readonly elements: number | undefined;
  /** Bits on the air as sent; Infinity when it cannot be sent. */
  readonly bits: number;
}

export interface SplitNetwork {
  readonly shaped: ShapedGraph;
  readonly layers: readonly SplitLayer[];
  readonly tensors: readonly SplitTensor[];
  readonly format: SentFormat;
}

/** How representations are sent. */
export interface SentFormat {
  /** Bits of one float element: 32, 16, 8 or 4. Other types, and narrower floats, keep their own. Default 32. */
  readonly bits: FeatureBits;
  /** Bits of one float element of a raw input: 8 for the pixels of a camera. Default 8. */
  readonly rawBits: FeatureBits;
  /** Where the answer is wanted: at the server, so that the device sends what it has worked out itself, or at the device. Default "server". */
  readonly answer: "server" | "device";
}

const DEFAULT_FORMAT: SentFormat = { bits: 32, rawBits: 8, answer: "server" };

/** Bits that a tensor takes when its floats are sent in `bits` bits each. Narrow floats need a scale and an offset besides. */
function sentBits(type: TensorType | undefined, bits: FeatureBits, isInput: boolean): number {
  const elements = elementCount(type);
  if (type === undefined || elements === undefined || DTYPE_BITS[type.dtype] === 0) return Number.POSITIVE_INFINITY;
  if (!isFloat(type.dtype) || DTYPE_BITS[type.dtype] <= bits) return elements * DTYPE_BITS[type.dtype];
  // Pixels are bytes from the start: nothing is quantised and no scale needs to be told.
  return elements * bits + (bits < 16 && !isInput ? HEADER_BITS : 0);
}

/**
 * @param shaped with bound lengths
 * @param work of the same graph: tells which layers multiply
 */
export function splitNetwork(
  shaped: ShapedGraph,
  work: Pick<WorkReport, "layers">,
  format: Partial<SentFormat> = {},
): SplitNetwork {
  const how = { ...DEFAULT_FORMAT, ...format };
  const { graph } = shaped;
  const { active, activations } = dependence(shaped);
  const multiplies = new Set(work.layers.filter(({ macs, params }) => macs > 0 || params > 0).map(({ name }) => name));
  const ids = new Map<string, number>();
  const producers: number[] = [];
  const consumers: number[][] = [];
  const raw: boolean[] = [];
  const idOf = (name: string, producer: number, isRaw: boolean): number => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = producers.length;
    ids.set(name, id);
    producers.push(producer);
    consumers.push([]);
    raw.push(isRaw);
    return id;
  };
  for (const input of graph.inputs) idOf(input, -1, true);
  const layers = active.map((layer, index): SplitLayer => {
    const reads = [...new Set(tensorsRead(layer).filter((name) => activations.has(name) && ids.has(name)))].map(
      (name) => ids.get(name)!,
    );
    for (const id of reads) consumers[id]!.push(index);
    const isRaw = !multiplies.has(layer.name) && reads.every((id) => raw[id]);
    const makes = layer.outputs.filter((name) => name !== "").map((name) => idOf(name, index, isRaw));
    return { name: layer.name, op: operatorKey(layer), reads, makes };
  });
  const outputs = new Set(graph.outputs);
  const tensors = [...ids].map(([name, id]): SplitTensor => {
    const type = graph.tensors.get(name);
    const isRaw = raw[id]!;
    const isInput = producers[id] === -1;
    return {
      name,
      type,
      producer: producers[id]!,
      consumers: consumers[id]!,
      isOutput: outputs.has(name),
      isRaw,
      elements: elementCount(type),
      bits: sentBits(type, isRaw && isInput ? how.rawBits : how.bits, isInput),
    };
  });
  return { shaped, layers, tensors, format: how };
}
