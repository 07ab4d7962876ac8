// Q/DQ pairs: what is written as QuantizeLinear and DequantizeLinear around a float operator is done on 8-bit codes by a runtime that knows
// the pattern. So the operator reads and writes codes, its products are of integers, and only the new scale of its results is left of
// the pair. An operator outside of the pattern is counted as it is written.
import type { DataType } from "../graph/dtype.ts";
import { DTYPE_BITS } from "../graph/dtype.ts";
import { type Graph, type Layer, operatorKey, type TensorType } from "../graph/graph.ts";

/** Operators that have a form on codes; those that only move numbers do it with codes as well. */
const ON_CODES: ReadonlySet<string> = new Set([
  ...["Conv", "Gemm", "MatMul", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "MaxPool"],
  ...["Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Split", "DepthToSpace", "SpaceToDepth"],
]);
/** Activations that are part of the rounding after them: their bound is a bound of the codes. */
const BOUNDS: ReadonlySet<string> = new Set(["Relu", "Clip"]);

/** Which layers of a graph are done on codes. */
export interface Codes {
  /** Type of the codes that are read instead of this tensor; undefined: the tensor itself is read. */
  readonly read: ReadonlyMap<string, DataType>;
  /** Type of the codes that are written instead of this tensor. */
  readonly written: ReadonlyMap<string, DataType>;
  /** DequantizeLinear layers that nobody does, by name. */
  readonly dropped: ReadonlySet<string>;
  /** QuantizeLinear layers whose rounding is part of the layer before, by name. */
  readonly joined: ReadonlySet<string>;
}

const isCode = (type: TensorType | undefined): boolean =>
  (type?.dtype.startsWith("int") || type?.dtype.startsWith("uint")) === true && DTYPE_BITS[type!.dtype] <= 8;

/**
 * @param active layers that take part in a pass: weights that are de-quantised are no longer among them
 * @param isWeight tensors that are weights, converted or not
 */
export function codesIn(graph: Graph, active: readonly Layer[], isWeight: (tensor: string) => boolean): Codes {
  const makers = new Map(active.flatMap((layer) => layer.outputs.map((output) => [output, layer] as const)));
  const readers = new Map<string, Layer[]>();
  for (const layer of active)
    for (const input of layer.inputs) {
      const found = readers.get(input);
      if (found === undefined) readers.set(input, [layer]);
      else found.push(layer);
    }
  const codeType = (layer: Layer | undefined): DataType | undefined => {
    if (layer === undefined || operatorKey(layer) !== "DequantizeLinear") return undefined;
    const type = graph.tensors.get(layer.inputs[0]!);
    return isCode(type) ? type!.dtype : undefined;
  };
  const onCodes = (layer: Layer | undefined): boolean => {
    if (layer === undefined || !ON_CODES.has(operatorKey(layer))) return false;
    const [first = "", ...others] = layer.inputs;
    if (codeType(makers.get(first)) === undefined) return false;
    return others.every((input) => !makers.has(input) || isWeight(input) || codeType(makers.get(input)) !== undefined);
  };
  const handedOut = new Set(graph.outputs);
  const onlyReader = (tensor: string): Layer | undefined => {
    const found = readers.get(tensor) ?? [];
    return found.length === 1 && !handedOut.has(tensor) ? found[0] : undefined;
  };
  const read = new Map<string, DataType>();
  const written = new Map<string, DataType>();
  const dropped = new Set<string>();
  const joined = new Set<string>();
  for (const layer of active) {
    const key = operatorKey(layer);
    const [input = ""] = layer.inputs;
    const [output = ""] = layer.outputs;
    const dtype = codeType(layer);
    if (dtype !== undefined && !handedOut.has(output) && (readers.get(output) ?? []).every(onCodes)) {
      read.set(output, dtype);
      dropped.add(layer.name);
    }
    if (key !== "QuantizeLinear") continue;
    const maker = makers.get(input);
    const before = maker !== undefined && BOUNDS.has(operatorKey(maker)) ? makers.get(maker.inputs[0]!) : maker;
    const codes = graph.tensors.get(output);
    if (!onCodes(before) || onlyReader(input) !== layer || !isCode(codes)) continue;
    written.set(input, codes!.dtype);
    read.set(input, codes!.dtype);
    joined.add(layer.name);
  }
  return { read, written, dropped, joined };
}
