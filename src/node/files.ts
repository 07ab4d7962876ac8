// Files as the pure code wants them: bytes read where they lie, and results that appear whole or not at all.
import { randomUUID } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { chmod, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ByteSource, bytesInMemory } from "../graph/byte-source.ts";
import { InputError } from "../units/input-error.ts";
import { DASH, readStandardInput, writeStandardOutput } from "./standard-streams.ts";

/** A file that is read by ranges. Close it when done. */
export interface OpenFile extends ByteSource {
  close(): void;
}

type Action = "read" | "write";

/** What the operating system's refusals mean to the person at the keyboard: the reason, and the next step by what was tried. */
const REFUSALS: Readonly<Record<string, { readonly why: string } & Readonly<Record<Action, string>>>> = {
  ENOENT: {
    why: "no such file or folder",
    read: "check the path",
    write: "make its folder first, or choose another",
  },
  EACCES: { why: "not allowed with your rights", read: "change its mode or copy it", write: "choose another folder" },
  EPERM: { why: "not permitted", read: "change its mode or copy it", write: "choose another folder" },
  EISDIR: { why: "a folder, not a file", read: "give the file inside it", write: "add a file name" },
  ENOTDIR: { why: "a part of the path is not a folder", read: "check the path", write: "check the path" },
  ENOSPC: { why: "the disk is full", read: "free some space", write: "free some space" },
  EROFS: { why: "the file system is read-only", read: "copy it", write: "choose another folder" },
  EEXIST: { why: "a file stands in its way", read: "check the path", write: "choose another folder" },
  EBUSY: { why: "in use by the system", read: "copy it", write: "choose another" },
  ELOOP: { why: "links that lead to one another", read: "check the path", write: "check the path" },
  ENAMETOOLONG: { why: "the name is too long", read: "check the path", write: "choose a shorter one" },
  EMFILE: { why: "too many open files", read: "close some programs", write: "close some programs" },
};

/** Turns an operating system's refusal into an InputError; anything else passes through as the bug it is. */
export function explainRefusal(error: unknown, path: string, action: Action): unknown {
  const known = REFUSALS[(error as NodeJS.ErrnoException).code ?? ""];
  return known ? new InputError(`cannot-${action}`, `cannot ${action} "${path}": ${known.why}`, known[action]) : error;
}

/**
 * Opens a file for reading by ranges. Reads are synchronous inside: a model is read in some hundred small pieces, and going through
 * the thread pool for each costs ten times as much as the reading.
 * @param path "-" is standard input, held in memory
 * @param absentHint what to do where there is no such file. Default "check the path"
 * @throws InputError when it is absent, a folder or not readable
 */
export function openFile(path: string, absentHint?: string): OpenFile {
  if (path === DASH) return { ...bytesInMemory(readStandardInput()), close: () => undefined };
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const refused = explainRefusal(error, path, "read");
    const isAbsent = absentHint !== undefined && (error as NodeJS.ErrnoException).code === "ENOENT";
    throw isAbsent ? new InputError("cannot-read", (refused as InputError).message, absentHint) : refused;
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

/** Temporary files being written: a program that is ended by a signal takes them along. */
const unfinished = new Set<string>();

function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { force: true });
}

/** An error as the operating system would have given it, for what it would refuse later. */
export const refusal = (code: string): Error => Object.assign(new Error(code), { code });

/** What is at `path` already, links followed: its real path and mode, and whether it can be replaced by renaming. A folder is refused. */
function existing(path: string): { readonly real: string; readonly mode?: number; readonly isPlain: boolean } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { real: path, isPlain: true };
  if (stat.isDirectory()) throw refusal("EISDIR");
  return { real: realpathSync(path), mode: stat.mode & 0o7777, isPlain: stat.isFile() };
}

async function writeChunks(path: string, flags: string, chunks: Chunks): Promise<void> {
  const file = await open(path, flags);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

/**
 * Whether `path` could be written now: what takes hours should not end with a folder that is not there. Nothing is written.
 * @throws InputError "cannot-write"
 */
export function checkWritable(path: string): void {
  if (path === DASH) return;
  try {
    const { real, isPlain } = existing(path);
    const place = isPlain ? dirname(real) : real;
    if (isPlain && !statSync(place).isDirectory()) throw refusal("ENOTDIR");
    accessSync(place, isPlain ? constants.W_OK | constants.X_OK : constants.W_OK);
  } catch (error) {
    throw explainRefusal(error, path, "write");
  }
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array | string>;

/**
 * Writes a file so that it appears whole or not at all: to a temporary neighbour, then renamed. Links are followed and the mode of
 * a file that is replaced is kept; a device or pipe is written to as it is.
 * @param path "-" is standard output
 * @param chunks the content in pieces; the file is never held whole
 * @throws InputError "cannot-write"
 */
export async function writeWhole(path: string, chunks: Chunks): Promise<void> {
  try {
    if (path === DASH) {
      for await (const chunk of chunks) writeStandardOutput(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      return;
    }
    const { real, mode, isPlain } = existing(path);
    if (!isPlain) return await writeChunks(path, "w", chunks);
    const temporary = join(dirname(real), `.${randomUUID()}.part`);
    if (unfinished.size === 0 && !process.listeners("exit").includes(removeUnfinished))
      process.on("exit", removeUnfinished);
    unfinished.add(temporary);
    try {
      await writeChunks(temporary, "wx", chunks);
      if (mode !== undefined) await chmod(temporary, mode);
      await rename(temporary, real);
    } finally {
      await rm(temporary, { force: true });
      unfinished.delete(temporary);
    }
  } catch (error) {
    throw explainRefusal(error, path, "write");
  }
}
