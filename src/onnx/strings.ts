// The bytes of a string tensor. Strings have no raw_data, so wherever a WeightRef's bytes are asked for they are the
// TensorProto.string_data fields as they stand on the wire: tag 0x32, length, UTF-8 bytes; one after another.
import { PbfReader, PbfWriter } from "pbf";

const STRING_DATA = 6;

/** One string, already encoded as UTF-8, as a string_data field. */
export function stringRecord(utf8: Uint8Array): Uint8Array {
  const writer = new PbfWriter();
  writer.writeBytesField(STRING_DATA, utf8);
  return writer.finish();
}

/** Strings as the bytes of an inline WeightRef of dtype "string". */
export function encodeStrings(strings: readonly string[]): Uint8Array {
  const writer = new PbfWriter();
  for (const text of strings) writer.writeStringField(STRING_DATA, text);
  return writer.finish();
}

/** The strings of a WeightRef's bytes of dtype "string". */
export function decodeStrings(bytes: Uint8Array): string[] {
  return new PbfReader(bytes).readFields<string[]>((_, strings, reader) => strings.push(reader.readString()), []);
}
