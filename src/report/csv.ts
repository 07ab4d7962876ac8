// The tables of a document as CSV [RFC4180]: full-precision numbers in SI units, the unit in the heading ("energy (J)"),
// empty where a number is not known. Facts, notes and charts are left out. `pandas.read_csv` reads a single table as it is.
import { NOT_KNOWN } from "../units/format.ts";
import { unknownName } from "../units/nearest.ts";
import type { Cell, Document, TableSection } from "./document.ts";
import { harmless } from "./width.ts";

export interface CsvOptions {
  /**
   * Which tables: the `name` of one, or "all" (each after a line "# title", an empty line between them).
   * Default: the table marked `main`; without one, the only table, or all.
   */
  readonly table?: string | undefined;
}

const END = "\r\n";

/** Spreadsheets run cells that start like a formula; a name out of a model file must not be one. */
const FORMULA = /^[=+\-@]/;

function field(value: string | number | undefined): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  const text = harmless(value ?? "");
  const safe = FORMULA.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const content = (cell: Cell | undefined): string | number | undefined =>
  cell?.value ?? (cell?.text === NOT_KNOWN ? undefined : cell?.text);

interface DataColumn {
  readonly title: string;
  read(row: readonly Cell[]): string | number | undefined;
}

/** One column, or two where the unit differs from row to row: the number and its unit. */
function dataColumns(section: TableSection): DataColumn[] {
  return section.columns.flatMap((column, i): DataColumn[] => {
    if (column.only === "screen") return [];
    const units = new Set(section.rows.flatMap((row) => row[i]?.unit ?? []));
    const value: DataColumn = { title: column.title, read: (row) => content(row[i]) };
    if (units.size === 0) return [value];
    if (units.size > 1) return [value, { title: `${column.title} unit`, read: (row) => row[i]?.unit }];
    return [{ ...value, title: `${column.title} (${[...units][0]})` }];
  });
}

function table(section: TableSection): string {
  const columns = dataColumns(section);
  const lines = [
    columns.map((column) => field(column.title)).join(","),
    ...section.rows.map((row) => columns.map((column) => field(column.read(row))).join(",")),
  ];
  return lines.join(END) + END;
}

function chosen(tables: readonly TableSection[], wanted: string | undefined): readonly TableSection[] {
  if (wanted === "all") return tables;
  if (wanted === undefined) {
    const main = tables.find((section) => section.main === true);
    return main ? [main] : tables;
  }
  const named = tables.find((section) => section.name === wanted);
  if (named) return [named];
  const names = tables.flatMap((section) => section.name ?? []);
  throw unknownName("table", wanted, names, `tables of this report: ${["all", ...names].join(", ")}`);
}

/**
 * The document's tables as CSV; "" when it has none.
 * @throws InputError "unknown-table" when `options.table` names no table of it
 */
export function renderCsv(document: Document, options: CsvOptions = {}): string {
  const tables = document.sections.filter((section) => section.kind === "table");
  const wanted = chosen(tables, options.table);
  if (wanted.length === 1) return table(wanted[0]!);
  return wanted.map((section) => `# ${harmless(section.title ?? section.name ?? "")}${END}${table(section)}`).join(END);
}
