// Power-cap sweeps of a table: rows that agree in everything but cap, time and power are one sweep.
import { numberIn, sheetOf } from "../measure/imports/csv.ts";
import { bindColumns, type ColumnMeaning } from "../predict/pre/bind-columns.ts";
import { InputError } from "../units/input-error.ts";
import { grouped } from "./analysis.ts";
import type { CapPoint, CapSweep } from "./power-cap.ts";

const FORMAT = "the sweeps";

const SWEEP_COLUMNS: Readonly<Record<string, ColumnMeaning>> = {
  cap: { unit: "W", aliases: ["powerlimit", "powercap", "caplimit", "limit"] },
  duration: { unit: "s", aliases: ["timeperepoch", "time", "epochtime", "runtime"] },
  power: { unit: "W", aliases: ["averagepower", "meanpower", "avgpower"] },
};

/** A sweep with the column that says what it belongs to. */
export interface GroupedSweep extends CapSweep {
  readonly group: string;
}

/**
 * @param groupBy column whose sweeps are never advised from each other when the advice is judged. Default: "network" where there is one, else each sweep is its own
 * @throws InputError "bad-sweeps" for missing columns or numbers
 */
export function readSweeps(text: string, groupBy?: string): readonly GroupedSweep[] {
  const sheet = sheetOf(text, FORMAT);
  const bound = new Map(bindColumns(SWEEP_COLUMNS, sheet.columns).map((column) => [column.ours, column]));
  const missing = Object.keys(SWEEP_COLUMNS).filter((name) => !bound.has(name));
  if (missing.length > 0 || sheet.rows.length === 0)
    throw new InputError(
      "bad-sweeps",
      sheet.rows.length === 0 ? "the file has no rows" : `the file has no column for ${missing.join(" and ")}`,
      `its columns are ${sheet.columns.join(", ")}; a sweep has power_limit, time_per_epoch and average_power`,
    );
  const used = new Set([...bound.values()].map(({ theirs }) => theirs));
  const names = sheet.columns.filter((column) => !used.has(column));
  const group = groupBy ?? (names.includes("network") ? "network" : undefined);
  if (group !== undefined && !names.includes(group))
    throw new InputError("unknown-column", `no column "${group}"`, `there are ${names.join(", ")}`);
  const rows = sheet.rows.map((row) => {
    const of = (ours: string): number => {
      const value = numberIn(row, bound.get(ours)!.theirs, FORMAT) * bound.get(ours)!.factor;
      if (value > 0) return value;
      throw new InputError("bad-sweeps", `row ${row.row}: ${ours} is ${value}, expected above 0`, "mend or remove it");
    };
    const name = names.map((column) => row.cell(column) ?? "").join(" ") || "sweep";
    const point: CapPoint = { capW: of("cap"), durationS: of("duration"), powerW: of("power") };
    return { name, group: group === undefined ? name : (row.cell(group) ?? ""), point };
  });
  return [...grouped(rows, ({ name }) => name).values()].map((own) => ({
    name: own[0]!.name,
    group: own[0]!.group,
    points: own.map(({ point }) => point),
  }));
}
