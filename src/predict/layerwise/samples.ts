// Measured layers as read from .csv or .jsonl text: rows that know their file and line, cells as text. Which column means what is
// measured.ts, outcome-columns.ts and parameters.ts. Nothing is guessed: a cell that is no number is named with its row.
import { cellsOf, linesOf } from "../../measure/imports/csv.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";

/** One measured layer. */
export interface Sample {
  /** Position among the data rows of its file, from 0: what --indices means. */
  readonly index: number;
  /** Line in the file, from 1, for messages. */
  readonly line: number;
  readonly file: string;
  /** Layer type. */
  readonly op: string;
  /** Text by column; empty cells are left out. */
  readonly cells: ReadonlyMap<string, string>;
}

export interface SampleFile {
  readonly name: string;
  readonly text: string;
  /** Type of all rows; undefined: the rows say it themselves. */
  readonly op?: string;
}

/** What stands for a missing number. */
const ABSENT = /^(n\/?a|none|null)?$/i;

interface RawRow {
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** Records with the line that each starts on: a quoted cell may hold line breaks. An odd number of quotes leaves one open. */
function recordsOf(text: string): { readonly line: number; readonly text: string }[] {
  const records: { line: number; parts: string[]; open: boolean }[] = [];
  linesOf(text).forEach((line, i) => {
    const odd = line.split('"').length % 2 === 0;
    const last = records.at(-1);
    if (last?.open) {
      last.parts.push(line);
      last.open = !odd;
    } else records.push({ line: i + 1, parts: [line], open: odd });
  });
  return records.map(({ line, parts }) => ({ line, text: parts.join("\n") }));
}

function fromCsv({ name, text }: SampleFile): { columns: readonly string[]; rows: readonly RawRow[] } {
  const [header, ...records] = recordsOf(text).filter((record) => record.text.trim() !== "");
  const columns = cellsOf(header?.text ?? "");
  const twice = columns.find((column, i) => columns.indexOf(column) < i);
  if (twice !== undefined)
    throw new InputError("bad-samples", `${name} has two columns "${twice}"`, "rename or delete one of them");
  const rows = records.map(({ line, text: record }): RawRow => {
    const cells = cellsOf(record);
    if (cells.length !== columns.length)
      throw new InputError(
        "bad-samples",
        `${name}, row ${line}: ${cells.length} cells for ${columns.length} columns`,
        "each row needs one cell per column; quote cells that hold a comma",
      );
    return { line, cells: new Map(cells.flatMap((cell, j) => (ABSENT.test(cell) ? [] : [[columns[j]!, cell]]))) };
  });
  return { columns, rows };
}

/** Leaves of a JSON object by their own names: { layer: { kernel_size: 3 } } has the column kernel_size. */
function leavesOf(value: object): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    if (inner === null || inner === undefined || Array.isArray(inner)) return [];
    if (typeof inner === "object") return leavesOf(inner);
    return [[key, String(inner)]];
  });
}

function fromJsonLines({ name, text }: SampleFile): { columns: readonly string[]; rows: readonly RawRow[] } {
  const rows = linesOf(text).flatMap((line, i): RawRow[] => {
    if (line.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new InputError(
        "bad-samples",
        `${name}, row ${i + 1}: not a JSON object`,
        "each line of a .jsonl file is one object; a line that was cut off by an interruption can be deleted",
      );
    return [{ line: i + 1, cells: new Map(leavesOf(value)) }];
  });
  return { columns: [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))], rows };
}

/** Text that no spreadsheet writes: a file of another kind. */
const looksBinary = (text: string): boolean =>
  ["\u0000", "\u0001", "\ufffd"].some((char) => text.slice(0, 4096).includes(char));

/**
 * Reads one file of samples.
 * @param opColumn where the rows say their type themselves. Default "op"
 * @throws InputError when it is no such file, has no rows, or lacks the column of the type
 */
export function readSamples(file: SampleFile, opColumn = "op"): Sample[] {
  if (looksBinary(file.text))
    throw new InputError(
      "bad-samples",
      `${file.name} is not a text file of samples`,
      "give .csv with a header line, or .jsonl with one object per line",
    );
  const { columns, rows } = file.text.trimStart().startsWith("{") ? fromJsonLines(file) : fromCsv(file);
  if (rows.length === 0)
    throw new InputError("no-samples", `${file.name} has no rows of data`, "give a file with a header line and rows");
  if (file.op === undefined && !columns.includes(opColumn)) {
    const error = unknownName(
      "column",
      opColumn,
      columns,
      `${file.name} must say each row's layer type: add a column "${opColumn}", name it with --op, or give TYPE=FILE`,
    );
    throw error;
  }
  return rows.map(({ line, cells }, index) => {
    const op = file.op ?? cells.get(opColumn);
    if (op === undefined)
      throw new InputError(
        "bad-samples",
        `${file.name}, row ${line}: no layer type in column "${opColumn}"`,
        "fill the cell",
      );
    return { index, line, file: file.name, op, cells };
  });
}

/** Where a sample stands, for messages. */
export const placeOf = ({ file, line }: Sample): string => `${file}, row ${line}`;

/** "rows 3, 8, 12 and 40 more" of the first file that is named. */
export function namedRows(samples: readonly Sample[]): string {
  const shown = samples.slice(0, 8).map(({ line }) => line);
  const rest = samples.length - shown.length;
  return `${samples[0]?.file ?? ""}, ${samples.length === 1 ? "row" : "rows"} ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/**
 * The number in a column; undefined where the cell is empty.
 * @throws InputError for a cell that is no finite number ("nan" included)
 */
export function numberOf(sample: Sample, column: string): number | undefined {
  const text = sample.cells.get(column);
  if (text === undefined) return undefined;
  // "(3, 3)" is how some frameworks write a square kernel.
  const square = /^[([]\s*([\d.]+)\s*,\s*\1\s*[)\]]$/.exec(text)?.[1];
  const value = Number(square ?? text);
  if (Number.isFinite(value)) return value;
  throw new InputError(
    "bad-number",
    `${placeOf(sample)}: ${column} is "${text}", not a number`,
    "mend or delete the row",
  );
}

/** All columns that some sample has, in order of first appearance. */
export function columnsOf(samples: readonly Sample[]): string[] {
  return [...new Set(samples.flatMap(({ cells }) => [...cells.keys()]))];
}
