// The words that follow from a paired difference, and the grid as a table.
import { describe, expect, it } from "vitest";
import { pairedDifference } from "../../reduce/distil/paired.ts";
import { payBack } from "../../reduce/distil/pay-back.ts";
import type { NetworkRecord } from "../../reduce/record.ts";
import { sumWork } from "../../work/total.ts";
import { renderText } from "../text.ts";
import { comparisonText, type GridRow, gridSection, payBackRows, payBackSection } from "./distil-report.ts";

const row = (alpha: number, deviation: number | undefined, isBest = false): GridRow => ({
  point: { teacher: "big.onnx", student: "0.5", alpha, temperature: 4 },
  isBest,
  validation: { mean: 0.9 + alpha / 100, deviation },
  training: { mean: 20, deviation },
  macs: 1000,
  energyJ: { "op-energy": 1e-6 },
});
const text = (sections: ReturnType<typeof gridSection>) => renderText({ title: "", sections }, { width: 120 });

describe("comparisonText", () => {
  it("follows the interval and says it", () => {
    expect(comparisonText(pairedDifference([0.92, 0.931, 0.94], [0.9, 0.91, 0.92]), true)).toMatch(
      /^the teacher helps: \+2\.03 points .*interval \+1\.89 to \+2\.18, 3 seeds$/,
    );
    expect(comparisonText(pairedDifference([0.9, 0.92], [0.92, 0.9]), true)).toMatch(/^no difference was seen: 0\.00/);
    expect(comparisonText(pairedDifference([0.9], [0.92]), true)).toMatch(/^one seed tells nothing/);
    expect(comparisonText(pairedDifference([-2, -2.1, -2], [-1, -1, -1.1]), false)).toMatch(/^the teacher does harm/);
  });
});

describe("gridSection", () => {
  it("shows what varies, with spreads, and is left out for a single point", () => {
    const shown = text(gridSection([row(0.1, 0.004), row(0.5, 0.002, true)], 3, true));
    expect(shown).toMatch(/0\.500 +90\.50 % ± 0\.20 +20\.0 J ± 0\.010 % +1,000 .*chosen/);
    expect(shown).not.toMatch(/big\.onnx/);
    expect(gridSection([row(0.1, undefined)], 1, true)).toEqual([]);
  });
});

describe("payBackRows", () => {
  const record = (perInferenceJ: number, kind: string, half: number): NetworkRecord => ({
    work: sumWork([]),
    nonzero: { params: 0, macs: 0, energyJ: {} },
    energyJ: { "op-energy": 2 * perInferenceJ },
    time: undefined,
    measured: { perInferenceJ, lowJ: perInferenceJ - half, highJ: perInferenceJ + half, kind, isNet: true },
    score: undefined,
  });
  const pair = (kind: string, half: number) => ({ before: record(3, kind, half), after: record(1, kind, half) });

  it("calls joules what they are", () => {
    const rows = payBackRows({ by: "modelled", energyJ: 100 }, {}, pair("modelled", 0.5));
    expect(rows.map(({ spentBy, savedBy, payBack }) => [spentBy, savedBy, payBack.inferences])).toEqual([
      ["modelled", "modelled", 50],
      ["modelled", "op-energy", 25],
    ]);
    expect(payBackRows(undefined, { "op-energy": 8 }, pair("measured", 0.5))).toMatchObject([
      { spentBy: "op-energy", savedBy: "op-energy", payBack: { inferences: 2 } },
    ]);
  });

  it("promises nothing where the meter cannot tell", () => {
    const rows = payBackRows({ by: "measured", energyJ: 100 }, {}, pair("measured", 1.5));
    expect(rows[0]).toMatchObject({
      savedBy: "measured",
      isClear: false,
      payBack: { savedJ: 2, inferences: undefined },
    });
    expect(text(payBackSection(rows))).toMatch(/measured +2\.00 J +no clear saving/);
  });
});

describe("payBackSection", () => {
  it("says never where nothing is saved", () => {
    const rows = [
      { spentBy: "measured", savedBy: "op-energy", isClear: true, payBack: payBack(100, 3, 1)! },
      { spentBy: "measured", savedBy: "roofline", isClear: true, payBack: payBack(100, 1, 1)! },
    ];
    expect(text(payBackSection(rows))).toMatch(/op-energy +2\.00 J +50\n.*roofline +0(\.00)? J +never/);
    expect(payBackSection([])).toEqual([]);
  });
});
