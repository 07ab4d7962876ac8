// The element types a tensor can have, with their size. The names are ONNX's in lower case [ONNX].

/** Bits per element; a string has no fixed size and counts as 0. Order is of no meaning: onnx/dtype maps to wire numbers. */
export const DTYPE_BITS = {
  float64: 64,
  float32: 32,
  float16: 16,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  float4e2m1: 4,
  int64: 64,
  int32: 32,
  int16: 16,
  int8: 8,
  int4: 4,
  int2: 2,
  uint64: 64,
  uint32: 32,
  uint16: 16,
  uint8: 8,
  uint4: 4,
  uint2: 2,
  complex64: 64,
  complex128: 128,
  bool: 8,
  string: 0,
} as const;

export type DataType = keyof typeof DTYPE_BITS;

/** Bytes that `count` elements of `dtype` take, packed. */
export function sizeBytesOf(dtype: DataType, count: number): number {
  return Math.ceil((DTYPE_BITS[dtype] * count) / 8);
}

/** True for the float and bfloat types of every width. */
export function isFloat(dtype: DataType): boolean {
  return dtype.startsWith("float") || dtype === "bfloat16";
}
