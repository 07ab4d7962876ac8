import { describe, expect, it } from "vitest";
import { compareRuns } from "../../measure/compare.ts";
import type { Measurement, SourceEnergy } from "../../measure/measurement.ts";
import type { Kind } from "../../measure/power-source.ts";
import { renderCsv } from "../csv.ts";
import { renderText } from "../text.ts";
import { compareDocument } from "./compare-report.ts";
import { doctorDocument } from "./doctor-report.ts";
import { type MeasuredRow, measureDocument } from "./measure-report.ts";

function sourceOf(kind: Kind, netJ: number): SourceEnergy {
  return {
    info: {
      id: `meter/${kind}`,
      name: `Meter, ${kind}`,
      domain: "package",
      kind,
      reads: kind === "measured" ? "energy" : "power",
      provenance: "made up",
    },
    kind,
    grossJ: netJ + 20,
    baselineJ: 20,
    netJ,
    coverage: 1,
    meanPowerW: (netJ + 20) / 10,
    peakPowerW: undefined,
    doubts: [],
    counted: true,
    remarks: [],
  };
}

function measurementOf(kind: Kind | "mixed", netJ: number, coverage = 1): Measurement {
  const kinds: readonly Kind[] = kind === "mixed" ? ["measured", "modelled"] : [kind];
  const sources = kinds.map((one) => sourceOf(one, netJ / kinds.length));
  return {
    window: "run/1",
    durationS: 10,
    kind,
    grossJ: netJ + 20 * kinds.length,
    baselineJ: 20 * kinds.length,
    netJ,
    netLowJ: netJ - 5,
    netHighJ: netJ + 5,
    meanPowerW: (netJ + 20) / 10,
    peakPowerW: undefined,
    coverage,
    sources,
    doubts: [{ cause: "tolerance", sigmaJ: 2.5 }],
    remarks: ["not wall power: supply losses, board, fans and disks are outside"],
  };
}

function textOf(mean: Measurement, more: Partial<MeasuredRow> = {}): string {
  const row: MeasuredRow = {
    name: "python infer.py",
    batch: undefined,
    each: [mean],
    mean,
    load: [],
    inferences: undefined,
    perInference: undefined,
    inferenceS: undefined,
    co2eKg: undefined,
    grossCo2eKg: undefined,
    cost: undefined,
    estimates: [],
    ...more,
  };
  const document = measureDocument({
    title: "python infer.py",
    rows: [row],
    windows: [],
    power: [],
    unusable: [{ id: "rapl", domain: "package", reason: "closed", fix: "open it" }],
    sampler: undefined,
    exitCode: 3,
    assumptions: [],
    warnings: [],
  });
  expect(renderCsv(document)).toContain("meter/");
  return renderText(document);
}

describe("measureDocument", () => {
  it.each(["modelled", "mixed"] as const)("never calls %s joules measured", (kind) => {
    const text = textOf(measurementOf(kind, 30));
    expect(text).toContain(kind === "modelled" ? "nothing was measured" : "modelled joules are added");
    expect(text).toContain(`net energy, ${kind}`);
    expect(text).not.toContain("measured by");
  });
  it("says how read joules were read, the interval, the exit code and what was not read", () => {
    const text = textOf(measurementOf("measured", 30));
    expect(text).toContain("measured by energy counters");
    expect(text).toContain("30.0 J (95 %: 25.0–35.0 J)");
    expect(text).toContain("exit code 3");
    expect(text).toContain("not read: rapl");
    expect(text).toContain("what mends it");
  });
  it("warns of a net below 0 and keeps within 80 columns", () => {
    const text = textOf(measurementOf("integrated", -30), {
      estimates: [{ device: "d", metric: "tdp", perInferenceJ: 1, lowJ: 1, highJ: 2, errorRatio: undefined }],
    });
    expect(text).toContain("net is below 0");
    expect(text).toContain("-35.0 to -25.0 J");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
  it("calls joules of a part of the time so, and warns", () => {
    const text = textOf(measurementOf("measured", 30, 0.009));
    expect(text).toMatch(/! coverage 0\.900 %, below 95\.0 %/);
    expect(text).toContain("net energy while covered");
    expect(text).toContain("gross while covered");
    expect(textOf(measurementOf("integrated", 30, 0.009))).toContain("net energy while covered, integrated");
    expect(textOf(measurementOf("measured", 30, 0.96))).not.toContain("while covered");
  });
  it("never shows a joule where nothing was read", () => {
    const none = { grossJ: undefined, baselineJ: undefined, netJ: undefined, meanPowerW: undefined } as const;
    const measured = measurementOf("measured", 30, 0);
    const text = textOf({
      ...measured,
      ...none,
      kind: "missing",
      netLowJ: undefined,
      netHighJ: undefined,
      sources: measured.sources.map((source) => ({ ...source, ...none, kind: "missing" as const, coverage: 0 })),
      doubts: [],
    });
    expect(text).toContain("! MISSING: no source was read");
    expect(text).toMatch(/net energy, missing +–/);
    expect(text).not.toMatch(/\d J\b/);
    expect(text).not.toContain("measured by");
  });
  it("shows the first second beside the rest", () => {
    const text = textOf(measurementOf("measured", 30), {
      firstSecond: { grossJ: 45, meanPowerW: 45, restPowerW: 80 },
    });
    expect(text).toMatch(/first second +45\.0 W, then 80\.0 W; 45\.0 J of the gross/);
  });
  it("signs the errors of estimates", () => {
    const estimate = { device: "d", perInferenceJ: 1, lowJ: 1, highJ: 1 };
    const text = textOf(measurementOf("measured", 30), {
      estimates: [
        { ...estimate, metric: "low", errorRatio: -0.5 },
        { ...estimate, metric: "high", errorRatio: 0.25 },
      ],
    });
    expect(text).toMatch(/low .*−50\.0 %/);
    expect(text).toMatch(/high .*\+25\.0 %/);
  });
});

describe("compareDocument", () => {
  const verdict = (a: readonly Measurement[], b: readonly Measurement[]) =>
    renderText(compareDocument({ a: "A", b: "B", comparison: compareRuns(a, b), runsA: a, runsB: b, warnings: [] }));
  const runs = (...netJ: readonly number[]) => netJ.map((value) => measurementOf("measured", value));
  it("names the one that needs less, and by how much", () => {
    expect(verdict(runs(30, 31, 30), runs(50, 51, 50))).toMatch(/A needs 20\.0 J less, 39\.\d %/);
    expect(verdict(runs(50, 51, 50), runs(30, 31, 30))).toContain("B needs 20.0 J less");
  });
  it("sees no difference, and says what that does not mean", () => {
    expect(verdict(runs(30, 50), runs(50, 30))).toContain("no difference seen");
  });
  it("gives the reason of a refusal", () => {
    const low = [measurementOf("measured", 30, 0.5), measurementOf("measured", 30, 0.5)];
    expect(verdict(low, runs(30, 30))).toContain("refused: coverage 50.0 %");
  });
});

describe("doctorDocument", () => {
  const sampler = { rateHz: 200, coreRatio: 0.01, memoryBytes: 1e6 };
  const base = { machine: "CPU", unusable: [], crossChecks: [], polledS: 3, sampler };
  const check = {
    updatePeriodS: 0.1,
    atMost: true,
    wrapS: undefined,
    idleW: 3,
    idleLowW: 2,
    idleHighW: 4,
    remarks: [],
  };
  it("is loud where everything is a model", () => {
    const text = renderText(
      doctorDocument({
        ...base,
        usable: [{ info: sourceOf("modelled", 1).info, check: { id: "x", ...check }, readRatio: 1 }],
      }),
    );
    expect(text).toContain("nothing on this machine can be measured");
    expect(text).toContain("≤ 100 ms");
  });
  it("says why not, and the fix", () => {
    const unusable = [{ id: "rapl", domain: "package" as const, reason: "EACCES (mode 0400)", fix: "sudo chmod" }];
    const text = renderText(doctorDocument({ ...base, usable: [], unusable }));
    expect(text).toContain("EACCES (mode 0400) → sudo chmod");
    expect(text).toContain("`joulecast measure` will refuse");
  });
  it("tells which counter and gauge disagree", () => {
    const agreement = { counterJ: 10, gaugeJ: 15, ratio: 1.5, agrees: false };
    const text = renderText(
      doctorDocument({ ...base, usable: [], crossChecks: [{ counter: "g/energy", gauge: "g/power", agreement }] }),
    );
    expect(text).toMatch(/g\/energy\s+g\/power.*150 %\s+NO/);
  });
});
