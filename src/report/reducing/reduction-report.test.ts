import { describe, expect, it } from "vitest";
import type { NetworkRecord } from "../../reduce/record.ts";
import { sumWork } from "../../work/total.ts";
import { renderCsv } from "../csv.ts";
import { renderText } from "../text.ts";
import { accuracyChart, joulesOf, type ReductionReport, reductionDocument } from "./reduction-report.ts";

function record(share: number, accuracy: number | undefined, more: Partial<NetworkRecord> = {}): NetworkRecord {
  const work = { ...sumWork([]), macs: 1000 * share, params: 500 * share, weightBytes: 2000 * share };
  return {
    work,
    nonzero: { params: work.params, macs: work.macs, energyJ: { "op-energy": 1e-6 * share } },
    energyJ: { "op-energy": 1e-6 * share, roofline: 2e-6 },
    time: { medianS: 1e-3, lowS: 0.9e-3, highS: 1.1e-3, passes: 10, batch: 1 },
    measured: undefined,
    score: { loss: 0.1, accuracy },
    ...more,
  };
}

const report: ReductionReport = {
  title: "net made smaller",
  out: "small.onnx",
  settings: [["how", "so"]],
  record: { before: record(1, 0.99), after: record(0.5, 0.98) },
  measurement: undefined,
  device: "some device",
  notes: ["a remark"],
};
const text = (what: ReductionReport) =>
  renderText(reductionDocument(what), { width: 100, color: false, full: true, elsewhere: "" });

describe("reductionDocument", () => {
  it("lays before and after side by side with what is saved", () => {
    const shown = text(report);
    expect(shown).toMatch(/accuracy +99\.00 % +98\.00 % +-1\.00 points/);
    expect(shown).toMatch(/MACs +1,000 +500 +50\.0 %/);
    expect(shown).toMatch(/op-energy +1\.00 µJ +500 nJ +50\.0 %/);
    expect(shown).toMatch(/roofline +2\.00 µJ +2\.00 µJ +0 %/);
    expect(shown).toMatch(/time per inference +1\.00 ms +1\.00 ms/);
    expect(shown).not.toMatch(/zero|joules \(/);
    expect(shown).toMatch(/estimates for some device/);
    expect(shown).toMatch(/a remark/);
    expect(renderCsv(reductionDocument(report), {})).toMatch(/MACs,1000,,500,,0\.5/);
  });

  it("shows joules with and without zeros where there are some", () => {
    const after = record(1, 0.99, { nonzero: { params: 5, macs: 10, energyJ: { "op-energy": 1e-8 } } });
    const shown = text({ ...report, record: { before: record(1, 0.99), after } });
    expect(shown).toMatch(/op-energy +1\.00 µJ +1\.00 µJ +0 %/);
    expect(shown).toMatch(/op-energy, zeros skipped +1\.00 µJ +10\.0 nJ +99\.0 %/);
    expect(shown).toMatch(/parameters not zero +500 +5 +99\.0 %/);
  });

  it("tells what a meter read, also where it grew", () => {
    const measured = (perInferenceJ: number, half: number) => ({
      measured: {
        perInferenceJ,
        lowJ: perInferenceJ - half,
        highJ: perInferenceJ + half,
        kind: "modelled",
        isNet: true,
      },
    });
    const pair = (half: number) => ({
      before: record(1, 0.99, measured(1, half)),
      after: record(1, 0.99, measured(1.5, half)),
    });
    const apart = { ...report, record: pair(0.2) };
    expect(text(apart)).toMatch(/joules \(modelled\) +1\.00 J +1\.50 J +-50\.0 %/);
    expect(text(apart)).toMatch(/95 % interval +800 mJ–1\.20 J +1\.30–1\.70 J/);
    expect(text(apart)).toMatch(/modelled joules are those above idle/);
    expect(accuracyChart(apart)?.note).toBe("joules per inference: modelled");
    expect(joulesOf(apart.record.after)).toMatchObject({ modelled: 1.5 });
    expect(text(apart)).not.toMatch(/measured/);
  });

  it("claims no saving where the intervals overlap, and says whether idle power is in it", () => {
    const measured = (perInferenceJ: number) => ({
      measured: { perInferenceJ, lowJ: perInferenceJ - 1, highJ: perInferenceJ + 1, kind: "measured", isNet: false },
    });
    const shown = text({
      ...report,
      record: { before: record(1, 0.99, measured(3)), after: record(1, 0.99, measured(2)) },
    });
    expect(shown).toMatch(/joules \(measured\) .*no clear difference/);
    expect(shown).toMatch(/measured joules hold idle power too/);
  });

  it("does without scores, and tells losses where there is no accuracy", () => {
    const bare = {
      before: record(1, undefined, { score: undefined }),
      after: record(1, undefined, { score: undefined }),
    };
    expect(text({ ...report, record: bare })).not.toMatch(/accuracy|loss/);
    const losses = text({ ...report, record: { before: record(1, undefined), after: record(1, undefined) } });
    expect(losses).toMatch(/loss +0\.100 +0\.100/);
    expect(losses).not.toMatch(/NaN|undefined/);
  });
});

describe("accuracyChart", () => {
  it("has before, after and the points between, by one metric", () => {
    const points = [{ label: "half", series: "grid", accuracy: 0.985, energyJ: { "op-energy": 7e-7 } }];
    const chart = accuracyChart({ ...report, points });
    expect(chart?.series).toEqual([
      { name: "before", points: [[1e-6, 0.99]], labels: ["before"] },
      { name: "grid", points: [[7e-7, 0.985]], labels: ["half"] },
      { name: "after", points: [[5e-7, 0.98]], labels: ["after"] },
    ]);
  });

  it("is left out where accuracy or joules are not known", () => {
    const after = record(1, undefined);
    expect(accuracyChart({ ...report, record: { before: record(1, 0.9), after } })).toBeUndefined();
    const blind = record(1, 0.9, { energyJ: {} });
    expect(accuracyChart({ ...report, record: { before: blind, after: blind } })).toBeUndefined();
  });
});
