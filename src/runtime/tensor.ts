// Numbers with a type and a shape: what goes into a running network and comes out. Not a maths library: it has no operators.
import type { DataType } from "../graph/dtype.ts";

/** Element types that a runtime takes and gives, with the array that holds them. Half precision comes as its 16 bits. */
export interface ArrayByType {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int64: BigInt64Array;
  readonly int32: Int32Array;
  readonly int16: Int16Array;
  readonly int8: Int8Array;
  readonly uint64: BigUint64Array;
  readonly uint32: Uint32Array;
  readonly uint16: Uint16Array;
  readonly uint8: Uint8Array;
  readonly bool: Uint8Array;
}

export type TensorDataType = keyof ArrayByType;
export type TensorData = ArrayByType[TensorDataType];

/** Row-major; `data` has exactly as many elements as `shape` says. */
export interface Tensor {
  readonly dtype: TensorDataType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

type ArrayMaker = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TensorData;
  new (buffer: ArrayBufferLike, offset: number, length: number): TensorData;
};

const MAKERS: Readonly<Record<TensorDataType, ArrayMaker>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** True for the types that tensors at run time come in here. */
export function isTensorType(dtype: DataType): dtype is TensorDataType {
  return Object.hasOwn(MAKERS, dtype);
}

/** Product of the lengths; 1 for a scalar. */
export function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** An array of zeros for `count` elements. */
export function zeros<T extends TensorDataType>(dtype: T, count: number): ArrayByType[T] {
  return new MAKERS[dtype](count) as ArrayByType[T];
}

/** Little-endian packed bytes (ONNX raw_data) as an array of that type; copied, so that any offset will do. */
export function arrayFromBytes(dtype: TensorDataType, bytes: Uint8Array): TensorData {
  const make = MAKERS[dtype];
  const copy = new Uint8Array(bytes); // slice() of a Buffer would not copy
  return new make(copy.buffer, 0, copy.byteLength / make.BYTES_PER_ELEMENT);
}

/** The bytes under an array, shared with it. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
