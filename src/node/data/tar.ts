// The plain files of a tar archive, POSIX.1 ustar: 512-byte headers with octal sizes, contents padded to 512. Links and folders are passed over.
import { InputError } from "../../units/input-error.ts";
import type { NamedBytes } from "./bytes.ts";

const BLOCK = 512;
const FIELD = { name: [0, 100], size: [124, 136], type: [156, 157] } as const;
/** Type flags of a plain file. */
const PLAIN = new Set(["0", "\0", ""]);

function text(header: Uint8Array, [from, to]: readonly [number, number]): string {
  const raw = Buffer.from(header.subarray(from, to)).toString("latin1");
  const end = raw.indexOf("\0");
  return end < 0 ? raw : raw.slice(0, end);
}

/** @throws InputError "truncated" */
export function tarFiles(bytes: Uint8Array): readonly NamedBytes[] {
  const files: NamedBytes[] = [];
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, FIELD.size), 8);
    const start = at + BLOCK;
    if (!Number.isInteger(size) || start + size > bytes.length)
      throw new InputError("truncated", `a tar archive is cut off at byte ${at}`, "fetch it again");
    if (PLAIN.has(text(header, FIELD.type)))
      files.push({ name: text(header, FIELD.name), bytes: bytes.subarray(start, start + size) });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
