// What is known of recorded runs beside their traces: epochs, joules, the GPU. A small CSV with one row per run.
import { cellsOf, linesOf } from "../../measure/imports/csv.ts";
import { InputError } from "../../units/input-error.ts";
import type { BoardFacts } from "./baselines.ts";
import { missingColumn, numberIn } from "./trace-lines.ts";

/** One row of the file; what is not given is left out. */
export interface RunFacts extends BoardFacts {
  /** Epochs that the run had, at least 1. */
  readonly epochs?: number;
  /** What it took by its own account, J. */
  readonly energyJ?: number;
}

export interface RunsFile {
  readonly facts: ReadonlyMap<string, RunFacts>;
  /** Columns that mean nothing here. */
  readonly ignored: readonly string[];
}

interface Field {
  readonly column: string;
  readonly field: keyof RunFacts;
  readonly isFit: (value: number) => boolean;
  readonly expected: string;
  /** What turns a value into SI. */
  readonly scale: number;
}

const isPositive = (value: number): boolean => value > 0;
const energyField = (column: string, scale: number): Field => ({
  column,
  field: "energyJ",
  isFit: isPositive,
  expected: "above 0",
  scale,
});
/** Columns by name; of two that say the same thing, the later one here is taken. No run takes millijoules: mj are megajoules. */
const FIELDS: readonly Field[] = [
  {
    column: "epochs",
    field: "epochs",
    isFit: (value) => Number.isInteger(value) && value >= 1,
    expected: "a whole number from 1",
    scale: 1,
  },
  energyField("energy_kwh", 3.6e6),
  energyField("energy_wh", 3600),
  energyField("energy_mj", 1e6),
  energyField("energy_kj", 1000),
  energyField("energy_j", 1),
  { column: "gpu_tdp_w", field: "tdpW", isFit: isPositive, expected: "above 0", scale: 1 },
  {
    column: "gpu_usage_ratio",
    field: "usageRatio",
    isFit: (value) => value >= 0 && value <= 1,
    expected: "from 0 to 1",
    scale: 1,
  },
];

/**
 * Reads the whole file.
 * @param text CSV with the column run and any of epochs, energy_j (or _kj, _mj, _wh, _kwh), gpu_tdp_w, gpu_usage_ratio
 * @returns facts by run, and the other columns
 * @throws InputError "missing-column", "bad-number", "out-of-range", "run-twice", with the row
 */
export function parseRunsFile(file: string, text: string): RunsFile {
  const lines = linesOf(text);
  const header = cellsOf(lines[0] ?? "");
  const runAt = header.indexOf("run");
  if (runAt < 0) throw missingColumn(file, ["run"], header);
  const known = new Map<string, RunFacts>();
  lines.forEach((line, i) => {
    if (i === 0 || line.trim() === "") return;
    const cells = cellsOf(line);
    const run = cells[runAt] ?? "";
    if (known.has(run))
      throw new InputError(
        "run-twice",
        `"${file}", row ${i + 1}: run "${run}" was given before`,
        'name the runs apart; "FILE/RUN" names a run of one trace file',
      );
    known.set(run, factsIn(file, i + 1, header, cells));
  });
  const ignored = header.filter((column) => column !== "run" && !FIELDS.some((field) => field.column === column));
  return { facts: known, ignored };
}

function factsIn(file: string, row: number, header: readonly string[], cells: readonly string[]): RunFacts {
  return Object.fromEntries(
    FIELDS.flatMap(({ column, field, isFit, expected, scale }) => {
      const cell = cells[header.indexOf(column)];
      if (cell === undefined || cell === "") return [];
      const value = numberIn(file, row, column, cell);
      if (!isFit(value))
        throw new InputError(
          "out-of-range",
          `"${file}", row ${row}: ${column} is ${value}, expected ${expected}`,
          "mend the row or leave the cell empty",
        );
      return [[field, value * scale]];
    }),
  );
}
