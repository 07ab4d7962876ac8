// Files of a data set as bytes: gzip is undone by what the bytes say, not by the name.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Most that a packed file may become: larger than any data set read here, smaller than a bomb. */
const MOST_UNPACKED_BYTES = 2 ** 32;

/** @throws InputError "truncated" for gzip that does not end as it should, or becomes too large */
export function unzipped(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED_BYTES });
  } catch (error) {
    throw new InputError(
      "truncated",
      `"${name}" cannot be unpacked: ${(error as Error).message}`,
      "the file is cut off or damaged: fetch it again",
    );
  }
}

/** @throws InputError "cannot-read" or "truncated" */
export function readBytes(path: string): NamedBytes {
  try {
    return { name: basename(path), bytes: unzipped(basename(path), readFileSync(path)) };
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}
