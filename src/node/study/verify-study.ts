// A study re-checked: every trial of its plan has a record, and its rows are computed again from the raw samples beside it and compared
// number by number. What is not there, or cannot be read, is said: a study with holes is not verified.
import type { TrialRecord } from "../../study/record.ts";
import { type Trial, trialsOf } from "../../study/trials.ts";
import { decodeSamples, rowsFrom } from "./run-trial.ts";
import { readRecords, readSamples, readStudyPlan, trialFiles } from "./study-folder.ts";

/**
 * "same": computed again, equal. "differs": what is kept is not what the plan and the samples say. "no samples": nothing to compute from.
 * "no result": it failed or was set aside, and has no samples. "missing": not measured, or removed. "damaged": a file cannot be read.
 */
export type Verdict = "same" | "differs" | "no samples" | "no result" | "missing" | "damaged";

export const VERDICTS: readonly Verdict[] = ["same", "differs", "no samples", "no result", "missing", "damaged"];

export interface Verified {
  readonly trial: string;
  readonly verdict: Verdict;
  /** What differs: "energyJ of epoch 2: kept 3.1, computed 3.2". */
  readonly problems: readonly string[];
}

/** Joules are computed again by the same code: they are equal but for the last digit's rounding. */
const TOLERANCE = 1e-9;

type Some = Readonly<Record<string, unknown>>;

const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === "number" && typeof b === "number"
    ? Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
    : a === b;

function differences(kept: object, computed: object, of: string): readonly string[] {
  const [a, b] = [kept as Some, computed as Some];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => !isSame(a[key], b[key]))
    .map((key) => `${key} of ${of}: kept ${a[key]}, computed ${b[key]}`);
}

function problemsOf(record: TrialRecord, planned: Trial, text: string): readonly string[] {
  const samples = decodeSamples(text, planned.id);
  const rows = rowsFrom(samples);
  if (rows.length !== record.rows.length)
    return [`${record.rows.length} rows are kept, ${rows.length} come of the samples`];
  return [
    ...differences(samples.of.trial, planned, "the samples' trial"),
    ...rows.flatMap((row, i) => differences(record.rows[i]!, row, `row ${i + 1}`)),
  ];
}

function verifyTrial(path: string, planned: Trial): Verified {
  const told = (verdict: Verdict, ...problems: readonly string[]) => ({ trial: planned.id, verdict, problems });
  const { record, hasSamples } = trialFiles(path, planned);
  if (record === undefined)
    return told("missing", hasSamples ? "its samples are there, its record is not" : "not measured yet, or removed");
  if (record === "damaged") return told("damaged", "its record cannot be read");
  const others = differences(record.trial, planned, "the trial");
  if (record.status !== "done") {
    const hidden = hasSamples ? [`the record says "${record.status}", but samples of a measurement are there`] : [];
    const problems = [...others, ...hidden];
    return told(problems.length === 0 ? "no result" : "differs", ...problems);
  }
  if (!hasSamples) return told("no samples");
  try {
    const problems = [...others, ...problemsOf(record, planned, readSamples(path, planned)!)];
    return told(problems.length === 0 ? "same" : "differs", ...problems);
  } catch (error) {
    return told("damaged", `its samples cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Every trial of a study's plan, and records of none. */
export function verifyStudy(path: string): readonly Verified[] {
  const trials = trialsOf(readStudyPlan(path));
  const planned = new Set(trials.map(({ id }) => id));
  const strays = readRecords(path).filter(({ trial }) => !planned.has(trial.id));
  return [
    ...trials.map((trial) => verifyTrial(path, trial)).toSorted((a, b) => (a.trial < b.trial ? -1 : 1)),
    ...strays.map(
      ({ trial }): Verified => ({ trial: trial.id, verdict: "differs", problems: ["the plan has no such trial"] }),
    ),
  ];
}
