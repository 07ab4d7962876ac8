// A table of measurements that somebody else made → the rows of a study. Columns are found by their usual names or by --map; energy is
// the column, the sum of its parts, or power × duration, in that order. A row that cannot be used is named, never dropped in silence.
import { badRow, numberIn, type Row, sheetOf } from "../measure/imports/csv.ts";
import { type BoundColumn, bindColumns } from "../predict/pre/bind-columns.ts";
import { InputError } from "../units/input-error.ts";
import { parseQuantity } from "../units/parse.ts";
import { STUDY_COLUMNS } from "./columns.ts";
import type { Phase, StudyNumbers, StudyRow } from "./study-row.ts";

const FORMAT = "the table";

/** What files call the two phases. */
const PHASES: Readonly<Record<string, Phase>> = {
  train: "training",
  training: "training",
  tr: "training",
  test: "inference",
  testing: "inference",
  infer: "inference",
  inference: "inference",
  inf: "inference",
  in: "inference",
  eval: "inference",
};

export interface StudyTable {
  readonly rows: readonly StudyRow[];
  readonly columns: readonly BoundColumn[];
  /** What was taken for granted. */
  readonly remarks: readonly string[];
}

const sumKnown = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
};

interface Bound {
  readonly number: (row: Row, ours: string) => number | undefined;
  readonly text: (row: Row, ours: string) => string | undefined;
  readonly fields: readonly (readonly [string, keyof StudyNumbers, number])[];
}

/** What counts are given in, without case: nobody means thousandths of a parameter. */
const MULTIPLES: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  thousands: 1e3,
  m: 1e6,
  mio: 1e6,
  million: 1e6,
  millions: 1e6,
  "10^6": 1e6,
  "1e6": 1e6,
  g: 1e9,
  b: 1e9,
  billion: 1e9,
  billions: 1e9,
  "10^9": 1e9,
  "1e9": 1e9,
  t: 1e12,
};
/** Words in brackets that are no multiple and change nothing. */
const PLAIN_COUNT = /^(#|n|count|total|macs?|params?|parameters|elements)$/i;

/** "1.5 h" → "1.5" and "h". */
const WITH_UNIT = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([^\d\s.].*)$/;

/** Headings that are a unit of energy and nothing else, as plain letters. */
const ENERGY_OF: Readonly<Record<string, number>> = {
  joules: 1,
  joule: 1,
  wattseconds: 1,
  kj: 1e3,
  wh: 3600,
  kwh: 3.6e6,
};

/** "MACs (G)", "GMACs", "params_m" → what one of the file's numbers stands for. @throws InputError for a bracket that is no multiple */
function countFactor(heading: string): number {
  const inBrackets = /[([]([^)\]]+)[)\]]\s*$/.exec(heading)?.[1]?.trim();
  if (inBrackets !== undefined) {
    const known = MULTIPLES[inBrackets.toLowerCase().replace(/\s*(macs?|params?)$/, "")];
    if (known !== undefined || PLAIN_COUNT.test(inBrackets)) return known ?? 1;
    throw new InputError(
      "bad-unit",
      `column "${heading}": "${inBrackets}" is no multiple of a count`,
      "write k, M or G in brackets, or whole numbers and no brackets",
    );
  }
  const prefix = /^([kmgt])[\s_-]?(macs?|params?|parameters)$/i.exec(heading)?.[1];
  const suffix = /[\s_-](k|m|g|t|millions?|billions?|thousands?)$/i.exec(heading)?.[1];
  return MULTIPLES[(prefix ?? suffix ?? "").toLowerCase()] ?? 1;
}

/** Columns as they are bound, with what counts and headings that are a unit stand for. */
function withFactors(column: BoundColumn): BoundColumn {
  const { isCount = false, unit } = STUDY_COLUMNS[column.ours]!;
  if (isCount) return { ...column, factor: countFactor(column.theirs) };
  const alone = unit === "J" ? ENERGY_OF[column.theirs.toLowerCase().replaceAll(/[^a-z]/g, "")] : undefined;
  return alone === undefined || column.factor !== 1 ? column : { ...column, factor: alone, unit: column.theirs };
}

/** A cell with a unit of its own is read by that; by the column's where it has none. @throws InputError when the unit is not one of it */
function cellNumber(row: Row, { ours, theirs, factor }: BoundColumn): number {
  const text = row.cell(theirs) ?? "";
  const [, digits, unit] = WITH_UNIT.exec(text) ?? [];
  if (digits === undefined || unit === undefined || Number.isFinite(Number(text)))
    return numberIn(row, theirs, FORMAT) * factor;
  const { unit: base, isCount = false, isShare = false } = STUDY_COLUMNS[ours]!;
  if (isShare && unit === "%") return Number(digits) / 100;
  const multiple = isCount ? MULTIPLES[unit.toLowerCase()] : undefined;
  if (multiple !== undefined) return Number(digits) * multiple;
  if (base !== "" && base !== "text") {
    try {
      return parseQuantity(`${digits}${unit}`, base);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  throw badRow(FORMAT, row.row, `"${text}" in column "${theirs}": "${unit}" is no unit of ${ours}`);
}

function reader(bound: ReadonlyMap<string, BoundColumn>, rows: readonly Row[]): Bound {
  const number = (row: Row, ours: string): number | undefined => {
    const column = bound.get(ours);
    if (column === undefined) return undefined;
    const value = cellNumber(row, column);
    return Number.isFinite(value) ? value : undefined;
  };
  const fields = Object.entries(STUDY_COLUMNS).flatMap(([ours, { field, isShare = false }]) => {
    if (field === undefined || !bound.has(ours)) return [];
    const isPercent = isShare && rows.some((row) => (number(row, ours) ?? 0) > 1);
    return [[ours, field, isPercent ? 0.01 : 1] as const];
  });
  return { number, text: (row, ours) => row.cell(bound.get(ours)?.theirs ?? "") || undefined, fields };
}

function phaseOf(row: Row, text: string | undefined): Phase | string {
  if (text === undefined) return "training";
  return (
    PHASES[text.toLowerCase().replaceAll(/[^a-z]/g, "")] ?? `row ${row.row}: phase "${text}" is not train or infer`
  );
}

function energyOf({ number }: Bound, row: Row, durationS: number | undefined): number | undefined {
  const parts = sumKnown(["cpu-energy", "gpu-energy", "dram-energy"].map((name) => number(row, name)));
  const powerW =
    number(row, "power") ?? sumKnown(["cpu-power", "gpu-power", "dram-power"].map((name) => number(row, name)));
  const product = powerW === undefined || durationS === undefined ? undefined : powerW * durationS;
  return number(row, "energy") ?? parts ?? product;
}

/** The row, or what is wrong with it. */
function readRow(bound: Bound, row: Row, repetition: number): StudyRow | string {
  const { number, text, fields } = bound;
  const network = text(row, "network");
  const phase = phaseOf(row, text(row, "phase"));
  const durationS = number(row, "duration");
  const energyJ = energyOf(bound, row, durationS);
  if (network === undefined) return `row ${row.row}: no network`;
  if (phase !== "training" && phase !== "inference") return phase;
  if (!(durationS !== undefined && durationS > 0)) return `row ${row.row}: duration is ${durationS ?? "missing"}`;
  if (!(energyJ !== undefined && energyJ > 0)) return `row ${row.row}: energy is ${energyJ ?? "missing"}`;
  const known = fields.flatMap(([ours, field, factor]) => {
    const value = number(row, ours);
    return value === undefined ? [] : [[field, value * factor] as const];
  });
  const data = text(row, "data");
  return {
    network,
    phase,
    machine: text(row, "machine") ?? "one machine",
    ...(data !== undefined && { data }),
    repetition: number(row, "repetition") ?? repetition,
    durationS,
    energyJ,
    kind: "imported",
    ...Object.fromEntries(known),
  };
}

/**
 * @param text CSV whose first line names the columns
 * @param map "ours=theirs:unit,…"
 * @throws InputError "bad-table" naming the rows and columns that are missing, and those of bindColumns
 */
export function readTable(text: string, map = ""): StudyTable {
  const sheet = sheetOf(text, FORMAT);
  const columns = bindColumns(STUDY_COLUMNS, sheet.columns, map).map(withFactors);
  const bound = new Map(columns.map((column) => [column.ours, column]));
  const missing = ["network", "duration"].filter((name) => !bound.has(name));
  if (missing.length > 0 || sheet.rows.length === 0)
    throw new InputError(
      "bad-table",
      sheet.rows.length === 0 ? "the table has no rows" : `the table has no column for ${missing.join(" and ")}`,
      `its columns are ${sheet.columns.join(", ")}; name them with --map network=COLUMN,duration=COLUMN:s,energy=COLUMN:J`,
    );
  const read = reader(bound, sheet.rows);
  const times = new Map<string, number>();
  const made = sheet.rows.map((row) => {
    const key = ["network", "phase", "machine", "data", "batch", "epoch"]
      .map((name) => read.text(row, name))
      .join("\n");
    const repetition = times.get(key) ?? 0;
    times.set(key, repetition + 1);
    return readRow(read, row, repetition);
  });
  const problems = made.filter((row) => typeof row === "string");
  if (problems.length > 0)
    throw new InputError(
      "bad-table",
      `${problems.slice(0, 5).join("; ")}${problems.length > 5 ? `; and ${problems.length - 5} more` : ""}`,
      "mend or remove those rows; energy is a column, the sum of cpu, gpu and dram energies, or power × duration",
    );
  const used = new Set(columns.map(({ theirs }) => theirs));
  const unread = sheet.columns.filter((name) => name !== "" && !used.has(name));
  const remarks = [
    ...(bound.has("phase") ? [] : ["the table does not say the phase: all rows are taken as training"]),
    ...(bound.has("machine") ? [] : ["the table does not say the machine: all rows are taken as one"]),
    ...columns.map(({ ours, theirs, unit, factor }) => {
      const multiple = factor === 1 ? "" : ` times ${factor}`;
      return `${ours}: column "${theirs}"${unit === "" ? multiple : ` in ${unit}`}`;
    }),
    ...(unread.length === 0 ? [] : [`columns that are not read: ${unread.map((name) => `"${name}"`).join(", ")}`]),
  ];
  return { rows: made.filter((row) => typeof row !== "string"), columns, remarks };
}
