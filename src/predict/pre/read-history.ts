// Rows of a history file → past runs in SI units. Every row that cannot be used is named with its number; nothing is dropped in silence.

import { median } from "../../math/statistics.ts";
import { cellsOf, linesOf, numberIn, type Row, sheetOf } from "../../measure/imports/csv.ts";
import { formatNumber } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { type BoundColumn, bindColumns, columnMeant } from "./bind-columns.ts";
import { HISTORY_COLUMNS, QUALITY_COLUMNS } from "./columns.ts";
import { groupBy } from "./groups.ts";
import type { FeatureName, PastRun } from "./run.ts";

export interface HistoryOptions {
  /** "ours=theirs:unit,…". Default: columns are found by their usual names. */
  readonly map?: string;
  /** Column whose values part the runs for scoring, by heading or by our name. */
  readonly leaveOut?: string;
  /** Leave rows that cannot be used out, and say which, instead of refusing the file. Default false. */
  readonly skipBad?: boolean;
}

export interface History {
  readonly runs: readonly PastRun[];
  /** The value of the `leaveOut` column, run by run; undefined when none was asked for. */
  readonly labels: readonly string[] | undefined;
  readonly columns: readonly BoundColumn[];
  /** What was taken for granted, and rows left out. */
  readonly remarks: readonly string[];
}

/** Runs below which nothing is fitted. */
export const LEAST_RUNS = 5;
/** Energy may differ from power × duration by so much before another unit is the likelier reason: 1000 is kJ, 3600 is Wh, 60 is minutes. */
const UNIT_SLIP = 30;
/** Joules of one row over the median of its network and machine. */
const CELL_SLIP = 300;

const format = "the history";

interface Read {
  readonly run: PastRun | undefined;
  readonly problem: string | undefined;
  readonly label: string | undefined;
}

/** "rows 3, 4, 5 and 20 more". */
function rowsText(rows: readonly number[]): string {
  const first = rows.slice(0, 10).join(", ");
  const more = rows.length > 10 ? ` and ${rows.length - 10} more` : "";
  return `row${rows.length === 1 ? "" : "s"} ${first}${more}`;
}

/** The number of one column in SI units; NaN where the cell says that there is none. */
function siNumber(row: Row, column: BoundColumn): number {
  return numberIn(row, column.theirs, format) * column.factor * (HISTORY_COLUMNS[column.ours]!.scale ?? 1);
}

function readRow(row: Row, bound: ReadonlyMap<string, BoundColumn>, leaveOut: string | undefined): Read {
  const numbers = new Map<string, number>();
  const problems: string[] = [];
  for (const [ours, column] of bound) {
    const isText = HISTORY_COLUMNS[ours]!.unit === "text";
    if (isText || (row.cell(column.theirs) ?? "") === "") continue;
    const value = siNumber(row, column);
    if (QUALITY_COLUMNS.includes(ours) ? !(value >= 0) : !(value > 0)) {
      const what = value < 0 ? `negative (${row.cell(column.theirs)})` : value === 0 ? "0" : "not a number";
      problems.push(`${ours} is ${what}`);
    } else numbers.set(ours, value);
  }
  const text = (ours: string): string | undefined => row.cell(bound.get(ours)?.theirs ?? "") || undefined;
  const architecture = text("architecture");
  if (architecture === undefined) problems.push("architecture is empty");
  const [energy, power, durationS] = ["energy", "power", "duration"].map((name) => numbers.get(name));
  const energyJ = energy ?? (power !== undefined && durationS !== undefined ? power * durationS : undefined);
  if (energyJ === undefined && problems.length === 0) problems.push("neither energy nor power and duration are known");
  const slip =
    energy === undefined || power === undefined || durationS === undefined ? 1 : energy / (power * durationS);
  if (slip > UNIT_SLIP || slip < 1 / UNIT_SLIP)
    problems.push(`energy is ${formatNumber(slip)} times power × duration: mixed units`);
  const label = leaveOut === undefined ? undefined : row.cell(leaveOut) || "(empty)";
  if (problems.length > 0 || energyJ === undefined || architecture === undefined)
    return { run: undefined, problem: problems.join(", "), label };
  const meanPowerW = durationS === undefined ? power : energyJ / durationS;
  const epochs = numbers.get("epochs");
  const gpu = text("gpu");
  const features: Partial<Record<FeatureName, number>> = {};
  for (const [ours, value] of numbers) {
    const feature = HISTORY_COLUMNS[ours]!.feature;
    if (feature !== undefined) features[feature] = value;
  }
  const run: PastRun = {
    row: row.row,
    architecture,
    environment: text("environment") ?? gpu ?? "(one environment)",
    features,
    energyJ,
    quality: Object.fromEntries(
      QUALITY_COLUMNS.flatMap((name) => (numbers.has(name) ? [[name, numbers.get(name)!]] : [])),
    ),
    ...(gpu !== undefined && { gpu }),
    ...(meanPowerW !== undefined && { powerW: meanPowerW }),
    ...(durationS !== undefined && { durationS }),
    ...(epochs !== undefined && { epochs }),
  };
  return { run, problem: undefined, label };
}

/** Rows whose joules are decades away from the others of their network and machine. */
function strayRows(runs: readonly PastRun[]): readonly PastRun[] {
  const cells = groupBy(runs, (run) => `${run.architecture}\n${run.environment}`);
  return [...cells.values()].flatMap((cell) => {
    const middle = median(cell.map(({ energyJ, epochs = 1 }) => energyJ / epochs));
    return cell.filter(({ energyJ, epochs = 1 }) => {
      const ratio = energyJ / epochs / middle;
      return ratio > CELL_SLIP || ratio < 1 / CELL_SLIP;
    });
  });
}

function needed(bound: readonly BoundColumn[], columns: readonly string[]): void {
  const has = (ours: string): boolean => bound.some((column) => column.ours === ours);
  const hint = `name it with --map ours=theirs:unit; the file has ${columns.map((column) => `"${column}"`).join(", ")}`;
  if (!has("energy") && !(has("power") && has("duration")))
    throw new InputError("unknown-columns", "no column holds the energy of a run (or its power and duration)", hint);
  if (!has("architecture")) throw new InputError("unknown-columns", "no column names the network (architecture)", hint);
}

/**
 * Reads a history of training runs.
 * @param text CSV with a header: one row per run
 * @throws InputError "unknown-columns" and those of `bindColumns`; "bad-rows" with the rows and what is wrong with each;
 *   "mixed-units"; "too-few-runs" below five
 */
export function readHistory(text: string, { map, leaveOut, skipBad = false }: HistoryOptions = {}): History {
  const headings = cellsOf(linesOf(text).find((line) => line.trim() !== "") ?? "");
  const twice = headings.find((name, i) => headings.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InputError("bad-columns", `the history has two columns "${twice}"`, "rename or remove one of them");
  const sheet = sheetOf(text, format);
  const columns = bindColumns(HISTORY_COLUMNS, sheet.columns, map);
  needed(columns, sheet.columns);
  const column = leaveOut === undefined ? undefined : columnMeant(HISTORY_COLUMNS, leaveOut, sheet.columns, columns);
  const bound = new Map(columns.map((each) => [each.ours, each]));
  const read = sheet.rows.map((row) => ({ row: row.row, ...readRow(row, bound, column) }));
  const bad = read.filter(({ problem }) => problem !== undefined);
  const remarks = refuseOrSkip(bad, skipBad);
  const good = read.filter(({ run }) => run !== undefined);
  const runs = good.map(({ run }) => run!);
  const stray = strayRows(runs);
  if (stray.length > 0)
    throw new InputError(
      "mixed-units",
      `${rowsText(stray.map(({ row }) => row))}: joules per epoch are decades away from other runs of the same network and machine`,
      "these rows may be in another unit: convert or remove them",
    );
  if (runs.length < LEAST_RUNS)
    throw new InputError(
      "too-few-runs",
      `${runs.length} usable runs, expected at least ${LEAST_RUNS}`,
      "record more runs; a plan that can be trusted takes several networks on several machines",
    );
  return { runs, labels: column === undefined ? undefined : good.map(({ label }) => label!), columns, remarks };
}

/** Says what is wrong with which rows: as an error, or as remarks when they are to be left out. */
function refuseOrSkip(bad: readonly { row: number; problem: string | undefined }[], skipBad: boolean): string[] {
  const byProblem = groupBy(bad, ({ problem }) => problem!);
  const said = [...byProblem].map(([problem, rows]) => `${rowsText(rows.map(({ row }) => row))}: ${problem}`);
  if (bad.length === 0 || skipBad) return said.map((line) => `left out ${line}`);
  const mixed = bad.some(({ problem }) => problem!.includes("mixed units"));
  throw new InputError(
    mixed ? "mixed-units" : "bad-rows",
    `${bad.length} of the history's rows cannot be used: ${said.slice(0, 8).join("; ")}${said.length > 8 ? "; …" : ""}`,
    mixed ? "convert them to one unit, or name the unit with --map" : "mend them, or leave them out with --skip-bad",
  );
}
