// IDX, the format of MNIST and its relatives [LeCun-IDX]: two zero bytes, element type, number of axes, big-endian lengths, numbers.
import { lengthOf } from "../../../runtime/tensor.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Values } from "../data-set.ts";

export interface IdxArray {
  readonly shape: readonly number[];
  readonly values: Values;
}

type Read = (view: DataView, offset: number, count: number) => Values;

const eachOf =
  <T extends Values>(make: (count: number) => T, get: (view: DataView, index: number) => number): Read =>
  (view, offset, count) => {
    const values = make(count);
    const from = new DataView(view.buffer, view.byteOffset + offset);
    for (let i = 0; i < count; i++) values[i] = get(from, i);
    return values;
  };

/** Element types by their code, with their size in bytes. Numbers are big-endian. */
const TYPES: Readonly<Record<number, { readonly sizeBytes: number; readonly read: Read }>> = {
  8: { sizeBytes: 1, read: (view, offset, count) => new Uint8Array(view.buffer, view.byteOffset + offset, count) },
  9: { sizeBytes: 1, read: (view, offset, count) => new Int8Array(view.buffer, view.byteOffset + offset, count) },
  11: {
    sizeBytes: 2,
    read: eachOf(
      (count) => new Int16Array(count),
      (view, i) => view.getInt16(2 * i),
    ),
  },
  12: {
    sizeBytes: 4,
    read: eachOf(
      (count) => new Int32Array(count),
      (view, i) => view.getInt32(4 * i),
    ),
  },
  13: {
    sizeBytes: 4,
    read: eachOf(
      (count) => new Float32Array(count),
      (view, i) => view.getFloat32(4 * i),
    ),
  },
  14: {
    sizeBytes: 8,
    read: eachOf(
      (count) => new Float64Array(count),
      (view, i) => view.getFloat64(8 * i),
    ),
  },
};

const HEADER_BYTES = 4;

/** @throws InputError "not-idx" or "truncated" */
export function parseIdx(name: string, bytes: Uint8Array): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isIdx = bytes.length >= HEADER_BYTES && view.getUint16(0) === 0;
  const type = isIdx ? TYPES[bytes[2]!] : undefined;
  const axes = bytes[3] ?? 0;
  if (type === undefined)
    throw new InputError(
      "not-idx",
      `"${name}" does not begin as an IDX file does (two zero bytes, a type, a number of axes)`,
      "check that the file is whole and is what its name says",
    );
  const offset = HEADER_BYTES + 4 * axes;
  if (bytes.length < offset) throw truncated(name, offset, bytes.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(HEADER_BYTES + 4 * axis));
  const count = lengthOf(shape);
  const expected = offset + count * type.sizeBytes;
  if (bytes.length !== expected) throw truncated(name, expected, bytes.length);
  return { shape, values: type.read(view, offset, count) };
}

/** A file whose length is not what its header or its records say. */
export function truncated(name: string, expectedBytes: number, sizeBytes: number): InputError {
  return new InputError(
    "truncated",
    `"${name}" has ${sizeBytes} bytes, expected ${expectedBytes}`,
    "the file is cut off or damaged: fetch it again",
  );
}
