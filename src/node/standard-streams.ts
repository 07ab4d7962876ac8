// "-" as a file name: standard input where a file is read, standard output where one is written. Everything is held in memory.
import { readSync, writeSync } from "node:fs";
import { InputError } from "../units/input-error.ts";

/** The name that stands for both. */
export const DASH = "-";

/** Most that is taken from standard input, bytes. */
const MOST_BYTES = 2 ** 31 - 1;
const PIECE_BYTES = 64 * 1024;
/** A pipe that has nothing yet, or is full, is asked again after so long, ms. */
const WAIT_MS = 5;

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
}

const isBusy = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EAGAIN";

let isTaken = false;

/**
 * All of standard input.
 * @throws InputError "no-stdin" when a person sits at it, when it was read before, or when it is too long
 */
export function readStandardInput(descriptor = 0, isTerminal = process.stdin.isTTY === true): Uint8Array {
  if (isTerminal)
    throw new InputError("no-stdin", '"-" reads standard input, which is this terminal', "pipe a file in: … - < FILE");
  if (isTaken && descriptor === 0)
    throw new InputError("no-stdin", '"-" is given twice, and standard input can be read once', "name the other file");
  isTaken ||= descriptor === 0;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const piece = new Uint8Array(PIECE_BYTES);
    let got: number;
    try {
      got = readSync(descriptor, piece, 0, PIECE_BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EOF") break; // how Windows says that a pipe has ended
      if (!isBusy(error)) throw error;
      pause();
      continue;
    }
    if (got === 0) break;
    size += got;
    if (size > MOST_BYTES)
      throw new InputError("no-stdin", `standard input has more than ${MOST_BYTES} bytes`, "give the path of a file");
    pieces.push(piece.subarray(0, got));
  }
  return Buffer.concat(pieces, size);
}

/** Writes to standard output, waiting where its reader is slow. */
export function writeStandardOutput(bytes: Uint8Array, descriptor = 1): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if (!isBusy(error)) throw error;
      pause();
    }
  }
}
