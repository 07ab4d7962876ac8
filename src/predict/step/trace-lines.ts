// A CSV file of power traces, line by line: big files are never held as text. The columns' names are the contract of `joulecast step`;
// whatever cannot be used is named with its row. Reading and unpacking the file is the caller's business.
import { cellsOf } from "../../measure/imports/csv.ts";
import { InputError } from "../../units/input-error.ts";
import { nearest } from "../../units/nearest.ts";
import type { PowerTrace } from "./epochs.ts";

/** Column names by meaning, the first one found is taken, and what turns a value into SI. */
const COLUMNS = {
  time: { names: ["time_s", "t_ms"], scale: { time_s: 1, t_ms: 1e-3 } },
  power: { names: ["gpu_power_w", "power_w"] },
  run: { names: ["run"] },
  epoch: { names: ["epoch"] },
} as const;

/** Where a wanted column is, or -1. */
function indexOf(header: readonly string[], names: readonly string[]): number {
  return names.map((name) => header.indexOf(name)).find((index) => index >= 0) ?? -1;
}

/** @throws InputError "missing-column" with the names there are */
export function missingColumn(file: string, names: readonly string[], header: readonly string[]): InputError {
  const near = nearest(names[0]!, header, 2);
  return new InputError(
    "missing-column",
    `"${file}" has no column ${names.join(" or ")}; its columns are ${header.join(", ")}`,
    `name the column ${names[0]}${near.length > 0 ? ` (did you mean ${near.join(" or ")}?)` : ""}`,
  );
}

/** A number of a cell, or the reason why not. @param row line of the file, the header is 1 */
export function numberIn(file: string, row: number, column: string, cell: string | undefined): number {
  const value = Number(cell);
  if (cell !== undefined && cell !== "" && Number.isFinite(value)) return value;
  throw new InputError(
    "bad-number",
    `"${file}", row ${row}: ${column} is "${cell ?? ""}", expected a number`,
    "mend the row or leave it out",
  );
}

interface GrowingTrace {
  readonly run: string;
  readonly timeS: number[];
  readonly powerW: number[];
  readonly epoch: (number | undefined)[];
}

/** Takes a file's lines one after another and gives its traces at the end. */
export interface TraceReader {
  line(text: string): void;
  /** Traces in order of first appearance, and rows that had no power. */
  end(): { readonly traces: readonly PowerTrace[]; readonly emptyRows: number };
}

/**
 * @param file its name in messages, and of the run where there is no column `run`
 * @throws InputError, from line() or end(): "missing-column", "bad-number", "negative-power", "time-backwards", "empty-file"
 */
export function traceReader(file: string): TraceReader {
  const traces = new Map<string, GrowingTrace>();
  let header: readonly string[] | undefined;
  let at = { run: -1, time: -1, power: -1, epoch: -1 };
  let timeScale = 1;
  let row = 0;
  let emptyRows = 0;
  const readHeader = (cells: readonly string[]): void => {
    header = cells;
    at = {
      run: indexOf(cells, COLUMNS.run.names),
      time: indexOf(cells, COLUMNS.time.names),
      power: indexOf(cells, COLUMNS.power.names),
      epoch: indexOf(cells, COLUMNS.epoch.names),
    };
    if (at.time < 0) throw missingColumn(file, COLUMNS.time.names, cells);
    if (at.power < 0) throw missingColumn(file, COLUMNS.power.names, cells);
    timeScale = COLUMNS.time.scale[cells[at.time] as keyof typeof COLUMNS.time.scale];
  };
  const traceOf = (run: string): GrowingTrace => {
    const known = traces.get(run);
    if (known !== undefined) return known;
    const made = { run, timeS: [], powerW: [], epoch: [] };
    traces.set(run, made);
    return made;
  };
  const readRow = (cells: readonly string[]): void => {
    const power = cells[at.power];
    if (power === "" || power === undefined) {
      emptyRows++;
      return;
    }
    const timeS = numberIn(file, row, header![at.time]!, cells[at.time]) * timeScale;
    const powerW = numberIn(file, row, header![at.power]!, power);
    if (powerW < 0)
      throw new InputError(
        "negative-power",
        `"${file}", row ${row}: the power is ${powerW} W, expected 0 or more`,
        "mend the row or leave it out",
      );
    const trace = traceOf(at.run < 0 ? file : (cells[at.run] ?? ""));
    const lastS = trace.timeS.at(-1);
    if (lastS !== undefined && timeS < lastS)
      throw new InputError(
        "time-backwards",
        `"${file}", row ${row}: ${timeS} s comes after ${lastS} s in run "${trace.run}"`,
        "sort the rows by run and time, and give each run its own name",
      );
    const label = at.epoch < 0 ? "" : (cells[at.epoch] ?? "");
    trace.timeS.push(timeS);
    trace.powerW.push(powerW);
    trace.epoch.push(label === "" ? undefined : numberIn(file, row, "epoch", label));
  };
  return {
    line(text) {
      row++;
      const line = row === 1 ? text.replace(/^\uFEFF/, "") : text;
      if (line.trim() === "") return;
      if (header === undefined) readHeader(cellsOf(line));
      else readRow(cellsOf(line));
    },
    end() {
      if (traces.size === 0)
        throw new InputError(
          "empty-file",
          `"${file}" holds no sample`,
          "give a CSV with a header and the columns run, time_s and power_w",
        );
      const found = [...traces.values()].map(({ run, timeS, powerW, epoch }) => ({
        run,
        timeS,
        powerW,
        ...(epoch.some((label) => label !== undefined) && { epoch }),
      }));
      return { traces: found, emptyRows };
    },
  };
}
