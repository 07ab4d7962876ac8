// Text of comma-separated files as rows that know their number, and time stamps as seconds. Quotes as in RFC 4180; nothing guesses
// types: a cell is read as a number when a number is asked for, and a bad one is named with its row.
import { InputError } from "../../units/input-error.ts";

/** One row of data; `row` is its line in the file, the header being line 1 where it comes first. */
export interface Row {
  readonly row: number;
  /** The cell of a column, trimmed; undefined where the column or the cell is not there. */
  cell(column: string): string | undefined;
}

export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Cells that say that there is no number. */
const ABSENT =
  /^(|n\/?a|nan|none|null|-|\[?(n\/a|not supported|unknown error|insufficient permissions|gpu is lost)\]?)$/i;

/** Cells of one line. */
export function cellsOf(line: string, separator = ","): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '"' && quoted && line[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += char;
  }
  return [...cells, cell.trim()];
}

/** Lines without carriage returns and byte-order mark. */
export const linesOf = (text: string): string[] => text.replace(/^\uFEFF/, "").split(/\r?\n/);

/**
 * A sheet whose first line names the columns. Empty lines are left out, and those that `skip` names.
 * @throws InputError "bad-import" when a row has more cells than there are columns
 */
export function sheetOf(text: string, format: string, skip: (line: string) => boolean = () => false): Sheet {
  const lines = linesOf(text);
  const first = lines.findIndex((line) => line.trim() !== "");
  const columns = cellsOf(lines[first] ?? "");
  const position = new Map(columns.map((column, i) => [column, i]));
  const rows = lines.flatMap((line, i): Row[] => {
    if (i <= first || line.trim() === "" || skip(line)) return [];
    const cells = cellsOf(line);
    if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell !== ""))
      throw badRow(format, i + 1, `${cells.length} cells for ${columns.length} columns`);
    return [{ row: i + 1, cell: (column) => cells[position.get(column) ?? -1] }];
  });
  return { columns, rows };
}

/** The error for a row that cannot be read. */
export function badRow(format: string, row: number, problem: string): InputError {
  return new InputError("bad-import", `${format}, row ${row}: ${problem}`, "mend or remove that row and import again");
}

/** A number, with a unit after it or not; NaN where the cell says that there is none. @throws InputError for anything else */
export function numberIn(row: Row, column: string, format: string): number {
  const text = row.cell(column) ?? "";
  if (ABSENT.test(text)) return Number.NaN;
  const value = Number(/^[+-]?[\d.]+(?:[eE][+-]?\d+)?(?=\s*(?:%|[A-Za-z]+)?$)/.exec(text)?.[0]);
  if (Number.isFinite(value)) return value;
  throw badRow(format, row.row, `"${text}" in column "${column}" is not a number`);
}

/** As numberIn, but there must be one. */
export function knownNumberIn(row: Row, column: string, format: string): number {
  const value = numberIn(row, column, format);
  if (Number.isFinite(value)) return value;
  throw badRow(format, row.row, `column "${column}" is empty`);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar [Hinnant2013]. */
function daysFrom(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

const STAMP = /^(\d{4})[-/]?(\d\d)[-/]?(\d\d)[T ]+(\d\d):(\d\d):(\d\d(?:[.:]\d+)?)/;

/** Seconds of "2024/05/27 11:31:35.123", ISO stamps, or a plain number of seconds. @throws InputError for anything else */
export function stampIn(row: Row, column: string, format: string): number {
  const text = row.cell(column) ?? "";
  if (/^\d+(\.\d+)?(e\+?\d+)?$/i.test(text)) return Number(text);
  const match = STAMP.exec(text);
  if (!match) throw badRow(format, row.row, `"${text}" in column "${column}" is not a time`);
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number);
  const second = Number(match[6]!.replace(":", "."));
  return daysFrom(year!, month!, day!) * 86_400 + hour! * 3600 + minute! * 60 + second;
}
