// The study folders that `joulecast serve --study DIR` was given, and only those: asked for by number. A study may go on meanwhile;
// who asks again says what was seen last, and gets nothing new where nothing has changed.
import { createHash } from "node:crypto";
import type { StudyPlan } from "../../study/plan.ts";
import type { StudyState } from "../../study/study-state.ts";
import { type Trial, trialsOf } from "../../study/trials.ts";
import { readActivity, readRecords, readStudyPlan } from "../study/study-folder.ts";

/** A study that the page may show. */
export interface ServedStudy {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly plan: StudyPlan;
  readonly trials: readonly Trial[];
}

/** @throws InputError "no-study", "bad-plan" */
export function openStudies(paths: readonly string[]): readonly ServedStudy[] {
  return paths.map((path, i) => {
    const plan = readStudyPlan(path);
    return { id: String(i), name: plan.name, path, plan, trials: trialsOf(plan) };
  });
}

/** @param seen of the last answer; @returns `{ seen }` alone where it is still true */
export function studyAnswer(
  { path, name, trials }: ServedStudy,
  seen: string | undefined,
): StudyState | Pick<StudyState, "seen"> {
  const records = readRecords(path);
  const { isGoing, begun } = readActivity(path, trials);
  const state = { name, trials, records, isGoing, begun: begun.map(({ id }) => id) };
  const now = createHash("sha256").update(JSON.stringify(state)).digest("base64url").slice(0, 22);
  return now === seen ? { seen } : { seen: now, ...state };
}
