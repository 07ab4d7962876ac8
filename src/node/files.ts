// Files as the pure code wants them: bytes read where they lie, and results that appear whole or not at all.
import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ByteSource } from "../graph/byte-source.ts";
import { InputError } from "../units/input-error.ts";

/** A file that is read by ranges. Close it when done. */
export interface OpenFile extends ByteSource {
  close(): void;
}

/** What the operating system's refusals mean to the person at the keyboard. */
const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ["no such file", "check the path, or name a built-in network as zoo:NAME (`joulecast zoo` lists them)"],
  EACCES: ["not readable with your rights", "change its mode or copy it"],
  EPERM: ["not permitted", "change its mode or copy it"],
  EISDIR: ["a folder, not a file", "give the file inside it"],
  ENOTDIR: ["a part of the path is not a folder", "check the path"],
  ENOSPC: ["the disk is full", "free some space"],
  EROFS: ["the file system is read-only", "choose another folder"],
  EMFILE: ["too many open files", "close some programs"],
};

/** Turns an operating system's refusal into an InputError; anything else passes through as the bug it is. */
export function explainRefusal(error: unknown, path: string, action: "read" | "write"): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const known = code === undefined ? undefined : REFUSALS[code];
  return known ? new InputError(`cannot-${action}`, `cannot ${action} "${path}": ${known[0]}`, known[1]) : error;
}

/**
 * Opens a file for reading by ranges. Reads are synchronous inside: a model is read in some hundred small pieces, and going through
 * the thread pool for each costs ten times as much as the reading.
 * @throws InputError when it is absent, a folder or not readable
 */
export function openFile(path: string): OpenFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    closeSync(descriptor);
    throw new InputError("cannot-read", `cannot read "${path}": not a plain file`, "give the path of a file");
  }
  return {
    size: stat.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const got = readSync(descriptor, bytes, done, length - done, offset + done);
        if (got === 0) {
          throw new InputError(
            "truncated",
            `"${path}" ends at byte ${offset + done}, expected ${length - done} more`,
            "copy or export the file again",
          );
        }
        done += got;
      }
      return bytes;
    },
    close: () => closeSync(descriptor),
  };
}

/**
 * Writes a file so that it appears whole or not at all: to a temporary neighbour, then renamed.
 * @param chunks the content in pieces; the file is never held whole
 */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array | string>,
): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.part`);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx");
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.close();
    file = undefined;
    await rename(temporary, path);
  } catch (error) {
    await file?.close();
    await rm(temporary, { force: true });
    throw explainRefusal(error, path, "write");
  }
}
