import { expect, it } from "vitest";
import { STUDY_YAML, studyRecords } from "../../../test/support/study-records.ts";
import { studyResult } from "../../report/studying/study-report.ts";
import { parsePlan } from "../../study/plan.ts";
import { trialsOf } from "../../study/trials.ts";
import { readStudyText } from "./study-file.ts";
import { shownRecords, shownState, timeLeftS } from "./study-shown.ts";

const plan = parsePlan(STUDY_YAML, "plan.yaml");
const trials = trialsOf(plan);
const records = studyRecords(plan, 20);

it("foretells what is left from the trials most like it", () => {
  const [like] = records;
  expect(timeLeftS([like!.trial], [like!])).toBe(like!.durationS);
  expect(timeLeftS(trials, [])).toBeUndefined();
  // Where the same network was done in the same phase, the time is told within its own scatter.
  const after = studyRecords(plan, trials.length).slice(20);
  const known = after.filter(({ trial }) =>
    records.some(
      (one) => one.rows.length > 0 && one.trial.network === trial.network && one.trial.phase === trial.phase,
    ),
  );
  expect(known.length).toBeGreaterThan(4);
  for (const { trial, durationS } of known)
    expect(Math.abs(timeLeftS([trial], records)! / durationS - 1)).toBeLessThan(0.3);
});

it("counts what ended, what is running and what is left", () => {
  const begun = [trials[20]!.id];
  const state = { seen: "1", name: plan.name, trials, records, isGoing: true, begun };
  expect(shownState(state).progress).toMatchObject({ total: 32, done: 19, failed: 1, running: begun });
  // Broken off: nobody is doing it.
  expect(shownState({ ...state, isGoing: false }).progress.running).toEqual([]);
});

it("shows the same from records as from the report of them", () => {
  const report = JSON.stringify({ schema: "joulecast/study-report/1", result: { name: "s", ...studyResult(records) } });
  const fromReport = readStudyText(report, "report.json");
  expect(fromReport).toEqual(JSON.parse(JSON.stringify({ ...shownRecords("s", records) })));
  expect(readStudyText(JSON.stringify(records), "s").runs).toEqual(fromReport.runs);
  expect(readStudyText(JSON.stringify(records[0]), "s").progress.total).toBe(1);
});

it.each([
  ["no JSON", "{", /no JSON/],
  ["something else", "[1]", /number 1 of its records/],
  ["an error", '{"error":{"message":"no such study"}}', /no such study/],
  ["another result", '{"result":{}}', /no list of runs/],
  [
    "a row without joules",
    '[{"trial":{"id":"a"},"status":"done","rows":[{"network":"n"}]}]',
    /number 1 of its records/,
  ],
])("refuses %s", (_, text, message) => {
  expect(() => readStudyText(text, "x.json")).toThrow(message);
});
