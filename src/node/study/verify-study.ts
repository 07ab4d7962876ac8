// A study re-checked: every trial's rows are computed again from the raw samples beside its record, and compared number by number.
import { decodeRecording } from "../../measure/recording-json.ts";
import type { TrialRecord } from "../../study/record.ts";
import { rowsFrom, type TrialWindows } from "./run-trial.ts";
import { readRecords, readSamples } from "./study-folder.ts";

export interface Verified {
  readonly trial: string;
  readonly verdict: "same" | "differs" | "no samples" | "no result";
  /** What differs: "energyJ of epoch 2: kept 3.1, computed 3.2". */
  readonly problems: readonly string[];
}

/** Joules are computed again by the same code: they are equal but for the last digit's rounding. */
const TOLERANCE = 1e-9;

function problemsOf(record: TrialRecord, samples: string): readonly string[] {
  const { recording, of } = JSON.parse(samples) as { recording: unknown; of: TrialWindows };
  const rows = rowsFrom(decodeRecording(JSON.stringify(recording), record.trial.id), of);
  if (rows.length !== record.rows.length)
    return [`${record.rows.length} rows are kept, ${rows.length} come of the samples`];
  return rows.flatMap((row, i) => {
    const kept = record.rows[i]! as unknown as Readonly<Record<string, unknown>>;
    const keys = new Set([...Object.keys(row), ...Object.keys(kept)]);
    return [...keys].flatMap((key) => {
      const [a, b] = [kept[key], (row as unknown as Readonly<Record<string, unknown>>)[key]];
      const isSame =
        typeof a === "number" && typeof b === "number"
          ? Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
          : a === b;
      return isSame ? [] : [`${key} of row ${i + 1}: kept ${a}, computed ${b}`];
    });
  });
}

/** Every trial of a study's folder. */
export function verifyStudy(path: string): readonly Verified[] {
  return readRecords(path).map((record): Verified => {
    const trial = record.trial.id;
    if (record.status !== "done") return { trial, verdict: "no result", problems: [] };
    const samples = readSamples(path, record.trial);
    if (samples === undefined) return { trial, verdict: "no samples", problems: [] };
    const problems = problemsOf(record, samples);
    return { trial, verdict: problems.length === 0 ? "same" : "differs", problems };
  });
}
