// A dropped file, or one that the local server was given, as a ByteSource: slices and ranges, so that a file of any size is read
// only where the graph stands.
import type { ByteSource } from "../../graph/byte-source.ts";
import { InputError } from "../../units/input-error.ts";

/** @throws InputError "cannot-read" when the file was moved or changed after it was dropped */
export function fileSource(file: Blob): ByteSource {
  return {
    size: file.size,
    async read(offset, length) {
      try {
        return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      } catch {
        throw new InputError("cannot-read", "the file can no longer be read", "it was moved or changed: drop it again");
      }
    },
  };
}

/** @throws InputError "cannot-read" when the server does not answer with the range */
export function servedSource(url: string, sizeBytes: number): ByteSource {
  return {
    size: sizeBytes,
    async read(offset, length) {
      if (length === 0) return new Uint8Array();
      const response = await fetch(url, { headers: { range: `bytes=${offset}-${offset + length - 1}` } });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status === 206 && bytes.length === length) return bytes;
      throw new InputError(
        "cannot-read",
        "the local server did not give the file",
        "is `joulecast serve` still running?",
      );
    },
  };
}
