// A file that was dropped on the study view: the JSON of `joulecast study report` or `study run`, a list of trial records, or one record.
// What is none of these is refused with what was expected.
import type { FrontPoint } from "../../study/analysis.ts";
import type { TrialRecord } from "../../study/record.ts";
import type { StudyRow } from "../../study/study-row.ts";
import { InputError } from "../../units/input-error.ts";
import { type Failure, type StudyShown, shownRecords } from "./study-shown.ts";

/** A file larger than this is no report. */
export const MOST_BYTES = 64 * 2 ** 20;

const EXPECTED =
  "give the JSON that `joulecast study report DIR --json` prints, or a record.json of the study's folder";

type Some = Readonly<Record<string, unknown>>;
const isSome = (value: unknown): value is Some => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

const isRow = (value: unknown): value is StudyRow =>
  isSome(value) &&
  typeof value.network === "string" &&
  (value.phase === "training" || value.phase === "inference") &&
  typeof value.machine === "string" &&
  isNumber(value.durationS) &&
  isNumber(value.energyJ);

const isRecord = (value: unknown): value is TrialRecord =>
  isSome(value) &&
  isSome(value.trial) &&
  typeof value.trial.id === "string" &&
  typeof value.status === "string" &&
  Array.isArray(value.rows) &&
  value.rows.every(isRow);

const isFrontPoint = (value: unknown): value is FrontPoint =>
  isSome(value) &&
  typeof value.network === "string" &&
  typeof value.machine === "string" &&
  isNumber(value.energyJ) &&
  isNumber(value.accuracy);

const isFailure = (value: unknown): value is Failure => isSome(value) && typeof value.trial === "string";

function all<T>(values: unknown, is: (value: unknown) => value is T, what: string, file: string): readonly T[] {
  if (!Array.isArray(values)) throw new InputError("no-study-file", `${file} has no list of ${what}`, EXPECTED);
  const odd = values.findIndex((value) => !is(value));
  if (odd < 0) return values;
  throw new InputError("no-study-file", `${file}: number ${odd + 1} of its ${what} is not one`, EXPECTED);
}

function shownReport(result: Some, file: string): StudyShown {
  const { name, folder, tables, trials, pareto, failures = [] } = result;
  const counts = isSome(trials) ? trials : {};
  const count = (key: string): number => (isNumber(counts[key]) ? (counts[key] as number) : 0);
  const [done, failed] = [count("done"), count("failed") + count("setAside")];
  return {
    name: String(name ?? folder ?? file),
    runs: all(isSome(tables) ? tables.runs : undefined, isRow, "runs", file),
    front: all(pareto, isFrontPoint, "points of the front", file),
    failures: all(failures, isFailure, "failures", file),
    progress: { total: done + failed, done, failed, running: [], leftS: undefined, isGoing: undefined },
  };
}

/** @throws InputError "no-study-file" */
export function readStudyText(text: string, file: string): StudyShown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError("no-study-file", `${file} is no JSON`, EXPECTED);
  }
  const records = Array.isArray(json) ? json : isRecord(json) ? [json] : undefined;
  if (records !== undefined) return shownRecords(file, all(records, isRecord, "records", file));
  if (isSome(json) && isSome(json.error))
    throw new InputError("no-study-file", `${file} holds an error: ${json.error.message}`, EXPECTED);
  if (isSome(json) && isSome(json.result)) return shownReport(json.result, file);
  throw new InputError("no-study-file", `${file} is no study`, EXPECTED);
}
