// A representation in fewer bits: float32 → half precision, or 8 or 4 bits with a scale and an offset per tensor (affine, min to max),
// packed as it goes over the air; and back. What the rounding costs in accuracy is measured, not promised (study, node/split).
import { halfToNumber, numberToHalf } from "../graph/numbers.ts";

/** Bits of one sent element. */
export type FeatureBits = 32 | 16 | 8 | 4;
export const FEATURE_BITS: readonly FeatureBits[] = [32, 16, 8, 4];

/** Scale and offset of one tensor: two float32. */
export const HEADER_BITS = 64;
const HEADER_BYTES = HEADER_BITS / 8;

/** Bytes of `count` float32 elements when sent in `bits` bits each. */
export function featureBytes(count: number, bits: FeatureBits): number {
  return Math.ceil((count * bits) / 8) + (bits < 16 ? HEADER_BYTES : 0);
}

/** Least and greatest finite value; 0 and 0 of nothing. */
function spanOf(values: Float32Array): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

function packCodes(values: Float32Array, bits: 8 | 4): Uint8Array {
  const bytes = new Uint8Array(featureBytes(values.length, bits));
  const view = new DataView(bytes.buffer);
  const [low, high] = spanOf(values);
  const most = 2 ** bits - 1;
  const step = Math.fround((high - low) / most);
  view.setFloat32(0, low, true);
  view.setFloat32(4, step, true);
  for (let i = 0; i < values.length; i++) {
    const wanted = step === 0 ? 0 : Math.round((values[i]! - low) / step);
    const code = Math.max(0, Math.min(most, Number.isNaN(wanted) ? 0 : wanted));
    if (bits === 8) bytes[HEADER_BYTES + i] = code;
    else bytes[HEADER_BYTES + (i >> 1)]! |= code << (i % 2 === 0 ? 0 : 4);
  }
  return bytes;
}

function unpackCodes(bytes: Uint8Array, count: number, bits: 8 | 4): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [low, step] = [view.getFloat32(0, true), view.getFloat32(4, true)];
  return Float32Array.from({ length: count }, (_, i) => {
    const code =
      bits === 8 ? bytes[HEADER_BYTES + i]! : (bytes[HEADER_BYTES + (i >> 1)]! >> (i % 2 === 0 ? 0 : 4)) & 15;
    return low + step * code;
  });
}

/** The bytes that go over the air; at 32 bits exactly the numbers. */
export function packFeatures(values: Float32Array, bits: FeatureBits): Uint8Array {
  if (bits === 8 || bits === 4) return packCodes(values, bits);
  const bytes = new Uint8Array(featureBytes(values.length, bits));
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (bits === 32) view.setFloat32(4 * i, value, true);
    else view.setUint16(2 * i, numberToHalf(value), true);
  });
  return bytes;
}

/** @param bytes as packFeatures made them for `count` elements. @throws RangeError when there are too few or too many */
export function unpackFeatures(bytes: Uint8Array, count: number, bits: FeatureBits): Float32Array {
  const expected = featureBytes(count, bits);
  if (bytes.length !== expected)
    throw new RangeError(`${bytes.length} bytes for ${count} elements, expected ${expected}`);
  if (bits === 8 || bits === 4) return unpackCodes(bytes, count, bits);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) =>
    bits === 32 ? view.getFloat32(4 * i, true) : halfToNumber(view.getUint16(2 * i, true)),
  );
}
