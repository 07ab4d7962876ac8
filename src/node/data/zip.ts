// The files in a ZIP archive, which is what NPZ is [APPNOTE]: read from the directory at its end. Stored and deflated entries, no encryption,
// no 64-bit sizes.
import { crc32, inflateRawSync } from "node:zlib";
import { InputError } from "../../units/input-error.ts";
import type { NamedBytes } from "./bytes.ts";

const END = { signature: 0x06054b50, bytes: 22, commentLimit: 0xffff } as const;
const ENTRY = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL_BYTES = 30;
/** Unpackers by method; what is longer than the directory says is not unpacked further: a small archive could fill the memory. */
const METHODS: Readonly<Record<number, (bytes: Uint8Array, sizeBytes: number) => Uint8Array>> = {
  0: (bytes) => bytes,
  8: (bytes, sizeBytes) => inflateRawSync(bytes, { maxOutputLength: Math.max(1, sizeBytes) }),
};
/** Most that all entries of an archive may hold together. */
const MOST_BYTES = 2 ** 32;

function damaged(name: string, why: string): InputError {
  return new InputError("truncated", `"${name}" is no whole ZIP archive: ${why}`, "write it again with numpy.savez");
}

/** @throws InputError "truncated" */
export function zipEntries({ name, bytes }: NamedBytes): readonly NamedBytes[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END.bytes;
  const lowest = Math.max(0, end - END.commentLimit);
  while (end >= lowest && view.getUint32(end, true) !== END.signature) end--;
  if (end < lowest) throw damaged(name, "its directory is missing");
  const entries: NamedBytes[] = [];
  let at = view.getUint32(end + 16, true);
  let totalBytes = 0;
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + ENTRY.bytes > bytes.length || view.getUint32(at, true) !== ENTRY.signature)
      throw damaged(name, "its directory is cut off");
    const nameLength = view.getUint16(at + 28, true);
    const entry = Buffer.from(bytes.subarray(at + ENTRY.bytes, at + ENTRY.bytes + nameLength)).toString("utf8");
    const local = view.getUint32(at + 42, true);
    const unpack = METHODS[view.getUint16(at + 10, true)];
    if (unpack === undefined || local + LOCAL_BYTES > bytes.length) throw damaged(name, `${entry} cannot be read`);
    const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const sizeBytes = view.getUint32(at + 24, true);
    totalBytes += sizeBytes;
    if (totalBytes > MOST_BYTES) throw damaged(name, `it says to hold more than ${MOST_BYTES} bytes`);
    let content: Uint8Array;
    try {
      content = unpack(bytes.subarray(start, start + view.getUint32(at + 20, true)), sizeBytes);
    } catch (error) {
      throw damaged(name, `${entry} cannot be unpacked: ${(error as Error).message}`);
    }
    if (content.length !== sizeBytes) throw damaged(name, `${entry} is cut off`);
    if (crc32(content) !== view.getUint32(at + 16, true)) throw damaged(name, `${entry} has a wrong checksum`);
    entries.push({ name: entry, bytes: content });
    at += ENTRY.bytes + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}
