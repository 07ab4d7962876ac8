// What is known of recorded runs beside their traces: epochs, joules, the GPU. A small CSV with one row per run.
import { InputError } from "../../units/input-error.ts";
import type { BoardFacts } from "./baselines.ts";
import { cellsOf, missingColumn, numberIn } from "./trace-lines.ts";

/** One row of the file; what is not given is left out. */
export interface RunFacts extends BoardFacts {
  /** Epochs that the run had, at least 1. */
  readonly epochs?: number;
  /** What it took by its own account, J. */
  readonly energyJ?: number;
}

/** Column → field, and what its values must be. */
const FIELDS: readonly (readonly [string, keyof RunFacts, (value: number) => boolean, string])[] = [
  ["epochs", "epochs", (value) => Number.isInteger(value) && value >= 1, "a whole number from 1"],
  ["energy_j", "energyJ", (value) => value > 0, "above 0"],
  ["gpu_tdp_w", "tdpW", (value) => value > 0, "above 0"],
  ["gpu_usage_ratio", "usageRatio", (value) => value >= 0 && value <= 1, "from 0 to 1"],
];

/**
 * Reads the whole file.
 * @param text CSV with the column run and any of epochs, energy_j, gpu_tdp_w, gpu_usage_ratio; other columns are left alone
 * @returns by run
 * @throws InputError "missing-column", "bad-number", "out-of-range", "run-twice", with the row
 */
export function parseRunsFile(file: string, text: string): ReadonlyMap<string, RunFacts> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
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
  return known;
}

function factsIn(file: string, row: number, header: readonly string[], cells: readonly string[]): RunFacts {
  return Object.fromEntries(
    FIELDS.flatMap(([column, field, fits, expected]) => {
      const cell = cells[header.indexOf(column)];
      if (cell === undefined || cell === "") return [];
      const value = numberIn(file, row, column, cell);
      if (!fits(value))
        throw new InputError(
          "out-of-range",
          `"${file}", row ${row}: ${column} is ${value}, expected ${expected}`,
          "mend the row or leave the cell empty",
        );
      return [[field, value]];
    }),
  );
}
