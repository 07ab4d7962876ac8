// Numbers of a tensor <-> bytes as ONNX raw_data packs them: little-endian, row-major, 4-bit types two to a byte (low half first).
import { InputError } from "../units/input-error.ts";
import { type DataType, sizeBytesOf } from "./dtype.ts";

type Codec = {
  readonly get: (view: DataView, at: number) => number;
  readonly set: (view: DataView, at: number, value: number) => void;
};

const INT64_LIMIT = 2n ** 63n;
const toInt64 = (value: number): bigint => {
  const whole = BigInt(Math.trunc(value));
  return whole >= INT64_LIMIT ? INT64_LIMIT - 1n : whole < -INT64_LIMIT ? -INT64_LIMIT : whole;
};

/** Codecs of the types that have a whole number of bytes and that small tensors come in. */
const CODECS: Partial<Readonly<Record<DataType, Codec>>> = {
  float64: { get: (v, i) => v.getFloat64(i * 8, true), set: (v, i, x) => v.setFloat64(i * 8, x, true) },
  float32: { get: (v, i) => v.getFloat32(i * 4, true), set: (v, i, x) => v.setFloat32(i * 4, x, true) },
  float16: {
    get: (v, i) => halfToNumber(v.getUint16(i * 2, true)),
    set: (v, i, x) => v.setUint16(i * 2, numberToHalf(x), true),
  },
  bfloat16: {
    get: (v, i) => bfloatToNumber(v.getUint16(i * 2, true)),
    set: (v, i, x) => v.setUint16(i * 2, numberToBfloat(x), true),
  },
  int64: {
    get: (v, i) => Number(v.getBigInt64(i * 8, true)),
    set: (v, i, x) => v.setBigInt64(i * 8, toInt64(x), true),
  },
  uint64: {
    get: (v, i) => Number(v.getBigUint64(i * 8, true)),
    set: (v, i, x) => v.setBigUint64(i * 8, BigInt(Math.trunc(x)), true),
  },
  int32: { get: (v, i) => v.getInt32(i * 4, true), set: (v, i, x) => v.setInt32(i * 4, x, true) },
  uint32: { get: (v, i) => v.getUint32(i * 4, true), set: (v, i, x) => v.setUint32(i * 4, x, true) },
  int16: { get: (v, i) => v.getInt16(i * 2, true), set: (v, i, x) => v.setInt16(i * 2, x, true) },
  uint16: { get: (v, i) => v.getUint16(i * 2, true), set: (v, i, x) => v.setUint16(i * 2, x, true) },
  int8: { get: (v, i) => v.getInt8(i), set: (v, i, x) => v.setInt8(i, x) },
  uint8: { get: (v, i) => v.getUint8(i), set: (v, i, x) => v.setUint8(i, x) },
  bool: { get: (v, i) => (v.getUint8(i) === 0 ? 0 : 1), set: (v, i, x) => v.setUint8(i, x === 0 ? 0 : 1) },
};

/** IEEE 754 half precision to number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Number to IEEE 754 half precision, round to nearest even. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = Math.min(15, Math.floor(Math.log2(size)));
  const scaled = roundEven((size / 2 ** exponent) * 1024);
  return sign | (((exponent + 14) << 10) + scaled);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

const word = new DataView(new ArrayBuffer(4));

function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

function numberToBfloat(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  return ((bits + 0x7fff + ((bits >> 16) & 1)) >>> 16) & 0xffff;
}

/** True when the numbers of this type can be read and written here. */
export function hasCodec(dtype: DataType): boolean {
  return dtype in CODECS;
}

/** Packs numbers as raw_data. @throws InputError for a type without codec */
export function encodeNumbers(dtype: DataType, data: readonly number[]): Uint8Array {
  const codec = codecOf(dtype);
  const bytes = new Uint8Array(sizeBytesOf(dtype, data.length));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of data.entries()) codec.set(view, i, value);
  return bytes;
}

/** Unpacks `count` numbers of raw_data. @throws InputError for a type without codec or too few bytes */
export function decodeNumbers(dtype: DataType, bytes: Uint8Array, count: number): number[] {
  const codec = codecOf(dtype);
  if (bytes.length < sizeBytesOf(dtype, count)) {
    throw new InputError(
      "truncated-tensor",
      `a tensor of ${count} ${dtype} has only ${bytes.length} bytes`,
      "the model file is damaged; export it again",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Array<number>(count);
  for (let i = 0; i < count; i++) data[i] = codec.get(view, i);
  return data;
}

function codecOf(dtype: DataType): Codec {
  const codec = CODECS[dtype];
  if (codec === undefined)
    throw new InputError(
      "unsupported-dtype",
      `numbers of type ${dtype} cannot be read here`,
      "shapes and scalars must be of a plain integer or float type",
    );
  return codec;
}
