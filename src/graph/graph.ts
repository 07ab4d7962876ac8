// What a network IS: layers between named tensors. The waist of joulecast: ONNX files, zoo networks, trained, pruned and
// half networks are all a Graph. It holds no behaviour and no weights, only where the weights are.
// The form follows ONNX [ONNX], so that nothing is lost on the way in or out.
import type { DataType } from "./dtype.ts";

/** One axis: a length, a symbol to be bound ("batch"), or UNKNOWN_DIM. */
export type Dim = number | string;

/** The axis length that nobody can tell before the network runs (NonZero and the like). */
export const UNKNOWN_DIM = "?";

/** Element type and shape. `shape` undefined: not even the rank is known. */
export interface TensorType {
  readonly dtype: DataType;
  readonly shape: readonly Dim[] | undefined;
}

/** A small tensor whose numbers are known: shapes, axes, scalars. Row-major; int64 as nearest double. */
export interface ConstantValue {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An operator's attribute: numbers, text, a small tensor, a large tensor by reference, or a body (If, Loop, Scan). */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly type: TensorType; readonly value: WeightRef }
  | { readonly kind: "graph"; readonly value: Graph };

/** One operator application. An omitted optional input or output is the empty string. */
export interface Layer {
  /** Unique in the graph; "/" separates blocks: "block3/conv1". */
  readonly name: string;
  /** Operator: "Conv". */
  readonly op: string;
  /** Operator set: "" is ONNX's own, else "com.microsoft" and the like. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** How a seeded initialiser draws its numbers. `bound` and `std` are in the weight's own unit. */
export type Initialiser =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly bound: number; readonly seed: number }
  | { readonly kind: "normal"; readonly std: number; readonly seed: number };

/** Where a weight's numbers are. Bytes are little-endian and packed as in ONNX `raw_data`. */
export type WeightRef =
  /** here, for small tensors */
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  /** in a file: `file` undefined is the model file itself, else a path relative to the model's folder */
  | { readonly kind: "range"; readonly file: string | undefined; readonly offset: number; readonly length: number }
  /** in the model file, in a typed protobuf field (float_data, int32_data, …): `field` is its number, runs are byte ranges */
  | {
      readonly kind: "field";
      readonly field: number;
      readonly runs: readonly { readonly offset: number; readonly length: number }[];
    }
  /** nowhere yet: drawn on demand */
  | { readonly kind: "seeded"; readonly initialiser: Initialiser };

/** A network. Layers are in topological order; `tensors` has the type of every tensor that is known, weights included. */
export interface Graph {
  readonly name: string;
  /** Tensors the caller feeds, weights excluded. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly layers: readonly Layer[];
  readonly tensors: ReadonlyMap<string, TensorType>;
  readonly weights: ReadonlyMap<string, WeightRef>;
  /** Operator-set versions by domain ("" is ONNX's own). */
  readonly opsets: ReadonlyMap<string, number>;
  /** What binding its dimensions (bind.ts) settled; undefined: not bound yet. */
  readonly bound?: Bound;
}

/** A network's batch, once it is settled. */
export interface Bound {
  /** Samples in one pass; 1 or more. */
  readonly batch: number;
  /** True when lengths were chosen that the file leaves open: numbers it declares further on may be those of another choice. */
  readonly chosen: boolean;
}

/** Number of elements, or undefined while a dimension is symbolic or unknown. */
export function elementCount(type: TensorType | undefined): number | undefined {
  if (type?.shape === undefined) return undefined;
  let count = 1;
  for (const dim of type.shape) {
    if (typeof dim !== "number") return undefined;
    count *= dim;
  }
  return count;
}

/** The operator's full name: "Conv", "com.microsoft.FusedConv". The key of every operator table. */
export function operatorKey(layer: Pick<Layer, "op" | "domain">): string {
  return layer.domain === "" || layer.domain === "ai.onnx" ? layer.op : `${layer.domain}.${layer.op}`;
}
