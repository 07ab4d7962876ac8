// Numbers in a typed protobuf field (float_data, int32_data, …) -> bytes as raw_data packs them. Integers stay exact.
import { type DataType, DTYPE_BITS } from "../graph/dtype.ts";
import { InputError } from "../units/input-error.ts";
import { WIRE_DTYPES } from "./dtype.ts";
import { Varint } from "./varint.ts";

/** Chunks after one another in one array. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Bytes of raw_data that one entry of the typed field stands for: a number, a byte of packed 2- or 4-bit numbers, half a complex. */
export function entryBytes(dtype: DataType): number {
  const bytes = Math.max(1, DTYPE_BITS[dtype] / 8);
  return dtype.startsWith("complex") ? bytes / 2 : bytes;
}

/** True when the typed field of this type holds varints; else its bytes are those of raw_data (or of strings). */
export function isVarintField(dtype: DataType): boolean {
  return [5, 7, 11].includes(WIRE_DTYPES[dtype].field);
}

/**
 * The payload of a typed field as raw_data. Strings have no raw form and stay as they are on the wire (tag, length, bytes).
 * @param payload the field's values without tags, in order
 * @throws InputError "contradictory-tensor" when they are not exactly `sizeBytes` of raw_data
 */
export function repack(dtype: DataType, payload: Uint8Array, sizeBytes: number, tensor: string): Uint8Array {
  if (dtype === "string") return payload;
  if (!isVarintField(dtype)) {
    if (payload.length !== sizeBytes) throw contradictory(tensor, sizeBytes, payload.length);
    return payload;
  }
  const width = entryBytes(dtype);
  const raw = new Uint8Array(sizeBytes);
  const varint = new Varint();
  let at = 0;
  let filled = 0;
  for (; at < payload.length && filled < sizeBytes; filled += width) {
    at = varint.read(payload, at);
    if (at < 0) throw contradictory(tensor, sizeBytes, filled);
    for (let i = 0; i < width; i++) raw[filled + i] = i < 4 ? varint.low >>> (8 * i) : varint.high >>> (8 * (i - 4));
  }
  if (filled !== sizeBytes || at !== payload.length) throw contradictory(tensor, sizeBytes, filled);
  return raw;
}

export function contradictory(tensor: string, expectedBytes: number, foundBytes: number): InputError {
  const found = foundBytes === expectedBytes ? "more" : `${foundBytes}`;
  return new InputError(
    "contradictory-tensor",
    `tensor "${tensor}": its shape and type need ${expectedBytes} bytes, its data have ${found}`,
    "the model file is damaged; export it again",
  );
}
