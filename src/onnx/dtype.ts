// Element types as ONNX numbers them on the wire, and the typed field each uses when there is no raw_data [ONNX, onnx.proto TensorProto].
import type { DataType } from "../graph/dtype.ts";
import { InputError } from "../units/input-error.ts";

/** Typed fields of TensorProto: float_data, int32_data, string_data, int64_data, double_data, uint64_data. */
export type TypedField = 4 | 5 | 6 | 7 | 10 | 11;

/** `number`: TensorProto.DataType. `field`: where numbers of this type are when they are not raw. */
export const WIRE_DTYPES: Readonly<Record<DataType, { readonly number: number; readonly field: TypedField }>> = {
  float32: { number: 1, field: 4 },
  uint8: { number: 2, field: 5 },
  int8: { number: 3, field: 5 },
  uint16: { number: 4, field: 5 },
  int16: { number: 5, field: 5 },
  int32: { number: 6, field: 5 },
  int64: { number: 7, field: 7 },
  string: { number: 8, field: 6 },
  bool: { number: 9, field: 5 },
  float16: { number: 10, field: 5 },
  float64: { number: 11, field: 10 },
  uint32: { number: 12, field: 11 },
  uint64: { number: 13, field: 11 },
  complex64: { number: 14, field: 4 },
  complex128: { number: 15, field: 10 },
  bfloat16: { number: 16, field: 5 },
  float8e4m3fn: { number: 17, field: 5 },
  float8e4m3fnuz: { number: 18, field: 5 },
  float8e5m2: { number: 19, field: 5 },
  float8e5m2fnuz: { number: 20, field: 5 },
  uint4: { number: 21, field: 5 },
  int4: { number: 22, field: 5 },
  float4e2m1: { number: 23, field: 5 },
  float8e8m0: { number: 24, field: 5 },
  uint2: { number: 25, field: 5 },
  int2: { number: 26, field: 5 },
};

const BY_NUMBER: ReadonlyMap<number, DataType> = new Map(
  Object.entries(WIRE_DTYPES).map(([dtype, { number }]) => [number, dtype as DataType]),
);

/** The element type with wire number `number`. @throws InputError "unknown-dtype", naming the tensor */
export function dtypeOfNumber(number: number, tensor: string): DataType {
  const dtype = BY_NUMBER.get(number);
  if (dtype !== undefined) return dtype;
  throw new InputError(
    "unknown-dtype",
    `tensor "${tensor}" has element type number ${number}; ONNX defines 1 to ${BY_NUMBER.size}`,
    "the model file is damaged or newer than this program; export it again",
  );
}
