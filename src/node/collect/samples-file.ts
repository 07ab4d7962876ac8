// A samples file that grows line by line and survives being cut off: what is whole is kept, and its points are not run again.
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import type { CollectedOn, SampleRow } from "../../predict/collect/sample-row.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";

export interface SamplesFile {
  readonly path: string;
  /** Points that the file held when it was opened. */
  readonly before: number;
  has(id: string): boolean;
  /** Appends one row. @throws InputError "cannot-write" */
  append(row: SampleRow): void;
}

/** Fields that must not differ within one file: another machine's times are another data set. */
const MACHINE: readonly Exclude<keyof CollectedOn, "runtime">[] = ["cpu_name", "cpu_count", "threads", "provider"];

function readRows(path: string): SampleRow[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  // A line without its end was being written when the program was killed.
  const whole = bytes.lastIndexOf(10) + 1;
  const rows = bytes
    .subarray(0, whole)
    .toString("utf8")
    .split("\n")
    .flatMap((line, i): SampleRow[] => {
      if (line.trim() === "") return [];
      try {
        const row: unknown = JSON.parse(line);
        if (typeof row === "object" && row !== null) return [row as SampleRow];
      } catch {
        // told below: the line is not ours
      }
      throw new InputError(
        "bad-samples",
        `"${path}", row ${i + 1}: not a JSON object`,
        "give --out a new file, or one that `joulecast collect` wrote",
      );
    });
  if (whole < bytes.length) truncateSync(path, whole);
  return rows;
}

/**
 * Opens a file to go on with, or a new one.
 * @throws InputError when it is no samples file, or one of another machine or setting
 */
export function openSamples(path: string, on: Omit<CollectedOn, "runtime">): SamplesFile {
  const rows = existsSync(path) ? readRows(path) : [];
  for (const [i, row] of rows.entries()) {
    const other = MACHINE.find((name) => row[name] !== undefined && row[name] !== on[name]);
    if (other === undefined) continue;
    throw new InputError(
      "mixed-hardware",
      `"${path}", row ${i + 1}, is of ${other} "${row[other]}", this is "${on[other]}"`,
      "give --out another file: one file holds the samples of one machine, run in one way",
    );
  }
  const ids = new Set(rows.map(({ id }) => String(id)));
  return {
    path,
    before: ids.size,
    has: (id) => ids.has(id),
    append(row) {
      try {
        appendFileSync(path, `${JSON.stringify(row)}\n`);
      } catch (error) {
        throw explainRefusal(error, path, "write");
      }
      ids.add(String(row.id));
    },
  };
}
