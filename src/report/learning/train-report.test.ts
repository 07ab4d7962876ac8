import { describe, expect, it } from "vitest";
import type { Measurement } from "../../measure/measurement.ts";
import { renderCsv } from "../csv.ts";
import { renderText } from "../text.ts";
import { type TrainReport, trainDocument } from "./train-report.ts";

const cost = { macs: 1000, params: 50, weightBytes: 200, energyJ: { roofline: 2e-6 } };
const report: TrainReport = {
  title: "net trained on data",
  out: "net.onnx",
  settings: [["optimiser", "adam"]],
  epochs: [
    { epoch: 1, loss: 2, score: { loss: 1.9, accuracy: 0.25 }, seconds: 3, energyJ: 60 },
    { epoch: 2, loss: 1, score: { loss: 0.9, accuracy: 0.75 }, seconds: 3, energyJ: undefined },
  ],
  seeds: [
    { seed: 0, end: "finished", score: { loss: 0.9, accuracy: 0.75 }, seconds: 6, energyJ: undefined },
    { seed: 1, end: "finished", score: { loss: 0.8, accuracy: 0.8 }, seconds: 5, energyJ: 110 },
  ],
  before: { ...cost, score: { loss: 2.3, accuracy: 0.1 } },
  after: { ...cost, score: { loss: 0.9, accuracy: 0.75 } },
  measurement: undefined,
  device: "some device",
  notes: ["resumed after 5 updates"],
};
const text = (what: TrainReport) =>
  renderText(trainDocument(what), { width: 100, color: false, full: true, elsewhere: "" });

describe("trainDocument", () => {
  it("tells accuracy, time and joules, and that none could be read", () => {
    const shown = text(report);
    expect(shown).toMatch(/accuracy +75\.00 %/);
    expect(shown).toMatch(/training time +11\.0 s/);
    expect(shown).toMatch(/energy +nothing could be read/);
    expect(shown).toMatch(/1 +2\.00 +25\.00 % +3\.00 s +60\.0 J/);
    expect(shown).toMatch(/2 +1\.00 +75\.00 % +3\.00 s +–/);
    expect(shown).toMatch(/joules per inference estimated for some device/);
    expect(shown).toMatch(/resumed after 5 updates/);
    expect(renderCsv(trainDocument(report), {}).split("\n")).toHaveLength(4);
  });

  it("tells what the steps took apart from what the whole run did", () => {
    const measurement = { kind: "measured", grossJ: 300, durationS: 15, meanPowerW: 20 } as unknown as Measurement;
    const [first, second] = report.seeds;
    const shown = text({ ...report, seeds: [{ ...first!, energyJ: 90 }, second!], measurement });
    expect(shown).toMatch(/training energy +200 J\n/);
    expect(shown).toMatch(
      /whole run +15\.0 s, with loading and judging\nits energy \(measured\) +300 J\nits mean power +20/,
    );
    expect(text({ ...report, measurement })).toMatch(/training energy +–/);
  });

  it("speaks of loss where nothing is right or wrong, and leaves a single seed out", () => {
    const rows = report.epochs.map((row) => ({ ...row, score: { loss: row.loss, accuracy: undefined } }));
    const after = { ...report.after, score: rows[1]!.score };
    const shown = text({ ...report, epochs: rows, after, before: after, seeds: report.seeds.slice(0, 1) });
    expect(shown).toMatch(/^loss +1\.00$/m);
    expect(shown).not.toMatch(/accuracy|Seeds/);
  });
});
