// Files of samples as the command line names them: FILE, or TYPE=FILE; which rows of them (--where), and how they are split (--indices).
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { explainRefusal } from "../../../node/files.ts";
import { DASH, readStandardInput } from "../../../node/standard-streams.ts";
import type { GivenSplit } from "../../../predict/layerwise/fit.ts";
import { checkColumn } from "../../../predict/layerwise/measured.ts";
import { readSamples, type Sample } from "../../../predict/layerwise/samples.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";

/** Text of a file ("-": standard input), unpacked where it is gzip. @throws InputError when it cannot be read */
export function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = path === DASH ? readStandardInput() : readFileSync(path);
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(isGzip(bytes) ? unpacked(bytes, path) : bytes);
}

/** Longest text of a packed file: a few kilobytes could fill the memory. */
const MOST_TEXT_BYTES = 2 ** 29 - 24;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function unpacked(bytes: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_TEXT_BYTES });
  } catch {
    throw new InputError("bad-gzip", `"${path}" starts as gzip but cannot be unpacked`, "fetch or pack it again");
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
  const seen = new Set<string>();
  const samples = args.flatMap((argument) => {
    const { op, path } = splitArgument(argument);
    const text = readText(path);
    const real = path === DASH ? DASH : realpathSync(path);
    if (seen.has(real))
      throw new InputError(
        "same-file-twice",
        `"${path}" is given twice`,
        "name each file once: rows that count twice make a fit look surer than it is",
      );
    seen.add(real);
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

/** @param rows number of rows in the file */
function refusePositions(place: string, train: readonly number[], test: readonly number[], rows: number): void {
  const refuse = (found: readonly number[], what: string, hint: string): void => {
    if (found.length === 0) return;
    const shown = `${found.slice(0, 8).join(", ")}${found.length > 8 ? ` and ${found.length - 8} more` : ""}`;
    throw new InputError("bad-indices", `${place}: ${what}: ${shown}`, hint);
  };
  const beyond = [...train, ...test].filter((index) => index >= rows);
  refuse(beyond, `rows that the file of ${rows} rows has not`, `count rows of data from 0 to ${rows - 1}`);
  const trained = new Set(train);
  const both = test.filter((index) => trained.has(index));
  refuse(both, 'rows in "train" and in "test"', "a row that was fitted tests nothing: take it out of one");
  for (const list of [train, test]) {
    const seen = new Set<number>();
    const twice = list.filter((index) => seen.size === seen.add(index).size);
    refuse(twice, "rows that are listed twice", "list each row once");
  }
}

/**
 * The split of `--indices FILE[:KEY]`: rows from 0 under "train" and "test" (and "val"), for each type by its name, or under KEY.
 * @param samples all rows, before --where
 * @returns by layer type
 * @throws InputError for positions that no row has, that come twice, or that are fitted and tested
 */
export function readIndices(argument: string, samples: readonly Sample[]): ReadonlyMap<string, GivenSplit> {
  const ops = [...new Set(samples.map(({ op }) => op))];
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
      const files = new Set(samples.filter((sample) => sample.op === op).map(({ file }) => file));
      const rows = samples.reduce((most, { file, index }) => (files.has(file) ? Math.max(most, index + 1) : most), 0);
      refusePositions(`--indices: ${name ?? path}`, train, test, rows);
      return [op, { train, test }] as const;
    }),
  );
}
