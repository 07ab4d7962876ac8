// Reading one number or one line of sysfs, and saying why not. No meter; used by all that read files.
import type { MachineAccess } from "../../measure/power-source.ts";

/** A file with one number, kept open. */
export interface NumberFile {
  /** The number now; undefined when the read failed or the text is no number. */
  read(): number | undefined;
  close(): void;
}

const NUMBER = /^\s*[-+]?\d+(?:\.\d+)?\s*$/;

/** Strict: anything but one decimal number is undefined. */
export function parseNumber(text: string | undefined): number | undefined {
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined;
}

const ZERO = 48;
const NEWLINE = 10;
/** So many digits are exact in a double. */
const EXACT_DIGITS = 15;

/**
 * The same for the first `length` bytes of a file: what the sampler does hundreds of times a second, so that the usual text, digits
 * and a newline, needs neither a string nor a pattern.
 */
export function parseNumberBytes(bytes: Buffer, length: number): number | undefined {
  const end = length > 0 && bytes[length - 1] === NEWLINE ? length - 1 : length;
  let value = 0;
  let at = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const isPlain = at === end && end > 0 && end <= EXACT_DIGITS;
  return isPlain ? value : parseNumber(bytes.toString("latin1", 0, length));
}

export function readLine(machine: MachineAccess, path: string): string | undefined {
  const got = machine.readText(path);
  return "text" in got ? got.text.trim() : undefined;
}

export function readNumber(machine: MachineAccess, path: string): number | undefined {
  return parseNumber(readLine(machine, path));
}

/** A number above 0; limits that sysfs gives as 0 mean "none". */
export function readPositive(machine: MachineAccess, path: string): number | undefined {
  const value = readNumber(machine, path);
  return value !== undefined && value > 0 ? value : undefined;
}

/** Opens the file where the machine can, else reads it anew each time. */
export function openNumber(machine: MachineAccess, path: string): NumberFile {
  const file = machine.open?.(path);
  if (file === undefined) return { read: () => readNumber(machine, path), close: () => undefined };
  return { read: () => file.readNumber(), close: () => file.close() };
}

/** "/sys/…/energy_uj: EACCES (mode 0400, owner root)", or "…: "abc" is not a number"; undefined when it can be read. */
export function whyNotNumber(machine: MachineAccess, path: string): { reason: string; errno: string } | undefined {
  const got = machine.readText(path);
  if ("errno" in got) {
    return { reason: `${path}: ${got.errno}${got.mode === undefined ? "" : ` (mode ${got.mode})`}`, errno: got.errno };
  }
  if (parseNumber(got.text) !== undefined) return undefined;
  return { reason: `${path}: "${got.text.trim().slice(0, 40)}" is not a number`, errno: "EINVAL" };
}

/** Names below a folder that match, with the folder before them. */
export function listMatching(machine: MachineAccess, folder: string, pattern: RegExp): string[] {
  return machine
    .list(folder)
    .filter((name) => pattern.test(name))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((name) => `${folder}/${name}`);
}

/** Last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
