// Files of samples as the command line names them: FILE, or TYPE=FILE; which rows of them (--where), and how they are split (--indices).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { explainRefusal } from "../../../node/files.ts";
import type { GivenSplit } from "../../../predict/layerwise/fit.ts";
import { checkColumn } from "../../../predict/layerwise/measured.ts";
import { readSamples, type Sample } from "../../../predict/layerwise/samples.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";

/** @throws InputError when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}

export interface ReadSamples {
  readonly samples: readonly Sample[];
  /** SHA-256 of all files, in the order given. */
  readonly digest: string;
}

/** "conv=conv2d.csv" → its type and path. A path that holds "=" needs a "/" before it. */
function splitArgument(argument: string): { readonly op?: string; readonly path: string } {
  const match = /^([^=/\\.]+)=(.+)$/.exec(argument);
  return match ? { op: match[1]!.trim(), path: match[2]! } : { path: argument };
}

/** Reads all files; each says its rows' types in column `opColumn`, or is given as TYPE=FILE. */
export function readSampleFiles(args: readonly string[], opColumn = "op"): ReadSamples {
  const hash = createHash("sha256");
  const samples = args.flatMap((argument) => {
    const { op, path } = splitArgument(argument);
    const text = readText(path);
    hash.update(text);
    return readSamples({ name: path, text, ...(op !== undefined && { op }) }, opColumn);
  });
  return { samples, digest: hash.digest("hex") };
}

const sameValue = (cell: string | undefined, wanted: string): boolean =>
  cell !== undefined && (cell === wanted || (wanted.trim() !== "" && Number(cell) === Number(wanted)));

/**
 * Rows for which every condition "column=value" holds. Files without the column keep their rows.
 * @throws InputError when no file has the column, or no row is left
 */
export function selectRows(samples: readonly Sample[], conditions: readonly string[]): readonly Sample[] {
  return conditions.reduce((rows: readonly Sample[], condition) => {
    const [column = "", value = ""] = condition.split(/=(.*)/s);
    if (column === "" || value === "")
      throw new InputError("bad-where", `--where "${condition}" is not column=value`, "write --where test=0");
    checkColumn(column, samples);
    const files = new Set(samples.filter(({ cells }) => cells.has(column)).map(({ file }) => file));
    const kept = rows.filter(({ file, cells }) => !files.has(file) || sameValue(cells.get(column), value));
    if (kept.length > 0) return kept;
    const values = [...new Set(samples.flatMap(({ cells }) => cells.get(column) ?? []))].slice(0, 8);
    throw new InputError("no-rows", `--where ${condition} leaves no row`, `${column} is one of ${values.join(", ")}`);
  }, samples);
}

const isIndices = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((index) => Number.isInteger(index) && index >= 0);

/**
 * The split of `--indices FILE[:KEY]`: rows from 0 under "train" and "test" (and "val"), for each type by its name, or under KEY.
 * @returns by layer type
 */
export function readIndices(argument: string, ops: readonly string[]): ReadonlyMap<string, GivenSplit> {
  const match = /^(.+?)(?::([^:/\\]+))?$/.exec(argument)!;
  const [path, key] = [match[1]!, match[2]];
  const text = readText(path);
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new InputError(
      "bad-indices",
      `--indices: "${path}" is not JSON`,
      'it holds { "train": [0, 1, …], "test": […] }',
    );
  }
  const table = (typeof whole === "object" && whole !== null ? whole : {}) as Record<string, unknown>;
  return new Map(
    ops.map((op) => {
      const name = key ?? ("train" in table ? undefined : op);
      const found = name === undefined ? table : table[name];
      if (found === undefined)
        throw unknownName(
          "split",
          name!,
          Object.keys(table),
          `"${path}" holds ${Object.keys(table).join(", ")}; name one as --indices FILE:KEY`,
        );
      const { train, test = [] } = found as { train?: unknown; test?: unknown };
      if (!isIndices(train) || !isIndices(test))
        throw new InputError(
          "bad-indices",
          `--indices: ${name ?? path} has no list "train" of row numbers from 0`,
          'it holds { "train": [0, 1, …], "test": […] }',
        );
      return [op, { train, test }] as const;
    }),
  );
}
