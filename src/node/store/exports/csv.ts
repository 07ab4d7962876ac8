// Runs as CSV [RFC4180]: one row per run and window.
import { renderCsv } from "../../../report/csv.ts";
import type { StoredRun } from "../stored-run.ts";
import { RUN_COLUMNS, runRows } from "./run-rows.ts";

/** The text of the file, header included. Empty cells are not known. */
export function runsToCsv(runs: readonly StoredRun[]): string {
  const rows = runs
    .flatMap(runRows)
    .map((row) => row.map((value) => ({ text: "", value: typeof value === "boolean" ? String(value) : value })));
  const columns = RUN_COLUMNS.map(({ name }) => ({ title: name }));
  return renderCsv({ title: "runs", sections: [{ kind: "table", main: true, columns, rows }] });
}
