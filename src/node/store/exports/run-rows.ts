// Runs as flat rows: one per run and window, the columns that CSV and Parquet share.
import { originLabel } from "../../../measure/origin.ts";
import type { StoredRun } from "../stored-run.ts";

export type RowValue = string | number | boolean | undefined;

export interface RunColumn {
  readonly name: string;
  /** SQL type. */
  readonly type: "VARCHAR" | "DOUBLE" | "BOOLEAN";
}

/** Names as in the JSON contract; joules, watts and seconds. */
export const RUN_COLUMNS: readonly RunColumn[] = [
  { name: "id", type: "VARCHAR" },
  { name: "startedAt", type: "VARCHAR" },
  { name: "command", type: "VARCHAR" },
  { name: "complete", type: "BOOLEAN" },
  { name: "window", type: "VARCHAR" },
  { name: "kind", type: "VARCHAR" },
  { name: "durationS", type: "DOUBLE" },
  { name: "grossJ", type: "DOUBLE" },
  { name: "baselineJ", type: "DOUBLE" },
  { name: "netJ", type: "DOUBLE" },
  { name: "netLowJ", type: "DOUBLE" },
  { name: "netHighJ", type: "DOUBLE" },
  { name: "meanPowerW", type: "DOUBLE" },
  { name: "peakPowerW", type: "DOUBLE" },
  { name: "coverage", type: "DOUBLE" },
  { name: "sources", type: "VARCHAR" },
  { name: "cpuModel", type: "VARCHAR" },
  { name: "gpus", type: "VARCHAR" },
  { name: "origin", type: "VARCHAR" },
];

/** The rows of a run; a run without joules has one, with its joules left empty. */
export function runRows(run: StoredRun): readonly (readonly RowValue[])[] {
  const head = [run.id, run.startedAt, run.command, run.complete];
  const tail = [run.environment.cpuModel, run.environment.gpus.join("; ") || undefined, originLabel(run.sources)];
  if (run.measurements.length === 0) {
    const unknown = RUN_COLUMNS.slice(7, 15).map(() => undefined);
    return [[...head, undefined, run.kind, run.durationS, ...unknown, undefined, ...tail]];
  }
  return run.measurements.map((m) => [
    ...head,
    m.window,
    m.kind,
    m.durationS,
    m.grossJ,
    m.baselineJ,
    m.netJ,
    m.netLowJ,
    m.netHighJ,
    m.meanPowerW,
    m.peakPowerW,
    m.coverage,
    m.sources
      .filter(({ counted }) => counted)
      .map(({ info }) => info.id)
      .join("; "),
    ...tail,
  ]);
}
