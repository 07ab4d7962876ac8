// Which inputs of a layer are trained weights, which buffers, which fixed numbers, and which are activations.
// A weight that is only converted or laid out anew before use (cast, transposed, de-quantised) is still that weight: the
// conversion happens once when the network is loaded, so such layers are "prepared" and take no part in a pass.
// Float initialisers count as trained unless their position says otherwise; integer ones only where they stand for weights.
import { type DataType, DTYPE_BITS, isFloat, sizeBytesOf } from "../graph/dtype.ts";
import { elementCount, type Layer, operatorKey, type TensorType } from "../graph/graph.ts";
import type { WorkRule } from "./rule.ts";

/** The initialiser behind a tensor. */
export interface WeightOrigin {
  /** Unique over the network and its bodies. */
  readonly key: string;
  readonly dtype: DataType;
  readonly elements: number;
  readonly sizeBytes: number;
  /** It passed through DequantizeLinear, so an integer initialiser stands for real weights. */
  readonly dequantised: boolean;
}

export type Role = "activation" | "weight" | "buffer" | "setting";

const DEQUANTISERS = new Set(["DequantizeLinear", "com.microsoft.DequantizeLinear"]);

/** Operators that leave a weight what it is. */
const CONVERSIONS = new Set([
  ...DEQUANTISERS,
  "QuantizeLinear",
  "com.microsoft.QuantizeLinear",
  "Cast",
  "Transpose",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
]);

/** The origin of a stored initialiser; undefined when its type is not numeric. */
export function storedWeight(key: string, type: TensorType | undefined): WeightOrigin | undefined {
  const elements = elementCount(type);
  if (type === undefined || elements === undefined) return undefined;
  return { key, dtype: type.dtype, elements, sizeBytes: sizeBytesOf(type.dtype, elements), dequantised: false };
}

/** The origin that the layer's output inherits when the layer only converts a weight. */
export function convertedWeight(layer: Layer, origin: WeightOrigin | undefined): WeightOrigin | undefined {
  const operator = operatorKey(layer);
  if (origin === undefined || !CONVERSIONS.has(operator)) return undefined;
  return DEQUANTISERS.has(operator) ? { ...origin, dequantised: true } : origin;
}

/** Widest integers that quantised weights (8 bits) and their biases (32 bits) are stored in. */
const WEIGHT_BITS = 8;
const BIAS_TYPE: DataType = "int32";

function isQuantisedWeight(dtype: DataType): boolean {
  return (dtype !== "bool" && DTYPE_BITS[dtype] > 0 && DTYPE_BITS[dtype] <= WEIGHT_BITS) || dtype === BIAS_TYPE;
}

/** What the initialiser at input `index` is to an operator with this rule. */
export function roleOf(rule: WorkRule, index: number, origin: WeightOrigin): Exclude<Role, "activation"> {
  if (rule.buffers?.includes(index)) return "buffer";
  if (rule.settings?.includes(index)) return "setting";
  if (rule.scalarsAreSettings && origin.elements === 1) return "setting";
  if (isFloat(origin.dtype)) return "weight";
  const stands = origin.dequantised || rule.quantised?.includes(index);
  return stands && isQuantisedWeight(origin.dtype) ? "weight" : "setting";
}
