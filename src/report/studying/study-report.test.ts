import { expect, it } from "vitest";
import { STUDY_YAML, studyRecords } from "../../../test/support/study-records.ts";
import { parsePlan } from "../../study/plan.ts";
import type { TrialRecord } from "../../study/record.ts";
import { trialsOf } from "../../study/trials.ts";
import { renderText } from "../text.ts";
import { studyDocument, studyResult } from "./study-report.ts";

const plan = parsePlan(`${STUDY_YAML}batch: [16, 128]\nlearning-rate: [0.01, 0.1]\n`, "plan.yaml");
const count = trialsOf(plan).length;
const on = (machine: string): readonly TrialRecord[] =>
  studyRecords(plan, count, machine).map((record) => ({
    ...record,
    rows: record.rows.map((row) => ({
      ...row,
      ...(row.phase === "training" && { learningRate: record.trial.learningRate }),
      grossPowerW: 80 + row.macs! / 1e8,
      cpuPowerW: 50,
      gpuPowerW: 30 + row.macs! / 1e8,
      utilisationRatio: 0.2 + row.macs! / 2e9,
      trainableParams: row.params! - 1,
      buffers: 10,
    })),
  }));
const records = [...on("the first machine"), ...on("the second machine")];
const shown = studyDocument(records, { title: "study" });

it("keeps machine, batch and hyperparameters in 80 columns where they tell rows apart", () => {
  const text = renderText(shown, { width: 80 });
  const measured = text.slice(text.indexOf("Duration and energy"), text.indexOf("What goes with what"));
  for (const title of ["machine", "batch", "learning"]) expect(measured).toContain(title);
  expect(measured).toContain("second");
  const one = renderText(studyDocument(on("the only one").slice(0, 3), { title: "one" }), { width: 300 });
  expect(one).toContain("the only one");
});

it("shows trainable parameters, buffers and the spread of repetitions", () => {
  const text = renderText(shown, { width: 400, full: true });
  for (const title of ["trainable", "buffers", "±", "repetitions", "above idle", "gross power"])
    expect(text).toContain(title);
});

it("draws power by component, energy against utilisation, and three lines per epoch range", () => {
  const charts = shown.sections.flatMap((section) => (section.kind === "chart" ? [section.chart] : []));
  const titled = (title: RegExp) => charts.find((chart) => title.test(chart.title))!;
  const bars = titled(/power by component/);
  expect(bars.kind === "bars" && new Set(bars.bars.map(({ group }) => group))).toEqual(
    new Set(["processor", "accelerator"]),
  );
  expect(titled(/^energy against utilisation, training/)).toBeDefined();
  expect(titled(/^mean power against utilisation, training/)).toBeDefined();
  const epochs = titled(/By epoch: accuracy/);
  // Two machines, two batches, two learning rates.
  expect(epochs.kind === "lines" && epochs.series).toHaveLength(3 * 8);
});

it("tells joules to an accuracy and every setting's correlations as JSON", () => {
  const { toAccuracy, correlations, tables } = studyResult(records, { targetAccuracy: 0.5 });
  expect(toAccuracy).toMatchObject({ target: 0.5 });
  expect(toAccuracy!.runs.some(({ energyJ, learningRate }) => energyJ! > 0 && learningRate === 0.1)).toBe(true);
  expect(new Set(correlations.map(({ n }) => n))).toEqual(new Set([8]));
  expect(correlations.some(({ x, y, batch }) => x === "utilisation" && y === "grossPower" && batch === 16)).toBe(true);
  expect(tables.runs.every(({ repetitions }) => repetitions > 0)).toBe(true);
  expect(studyResult([]).toAccuracy).toBeNull();
});

it("says which joules hold idle power", () => {
  const [first] = records;
  const rows = first!.rows.map((row) => ({ ...row, kind: "measured, idle power included" }));
  const text = renderText(studyDocument([{ ...first!, rows }], { title: "gross" }), { width: 100 });
  expect(text.replaceAll(/\s+/g, " ")).toContain("these joules are not above idle");
});
