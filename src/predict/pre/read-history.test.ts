import { describe, expect, it } from "vitest";
import { historyCsv, MAP, pastRuns } from "../../../test/support/past-runs.ts";
import { bindColumns } from "./bind-columns.ts";
import { HISTORY_COLUMNS } from "./columns.ts";
import { readHistory } from "./read-history.ts";

const text = historyCsv(pastRuns());
const replaceCell = (row: number, column: number, value: string): string =>
  text
    .split("\n")
    .map((line, i) =>
      i + 1 === row
        ? line
            .split(",")
            .map((cell, j) => (j === column ? value : cell))
            .join(",")
        : line,
    )
    .join("\n");

describe("bindColumns", () => {
  it("finds usual names and reads units from headings", () => {
    const bound = bindColumns(HISTORY_COLUMNS, [
      "training environment",
      "architecture",
      "energy (MJ)",
      "training duration (h)",
      "batch size",
      "GFLOPs",
      "total power (W)",
    ]);
    expect(Object.fromEntries(bound.map(({ ours, theirs, factor }) => [ours, [theirs, factor]]))).toEqual({
      environment: ["training environment", 1],
      architecture: ["architecture", 1],
      energy: ["energy (MJ)", 1e6],
      duration: ["training duration (h)", 3600],
      batch: ["batch size", 1],
      gflops: ["GFLOPs", 1],
    });
  });
  it("takes the unit of a suffix whatever its case", () => {
    expect(bindColumns(HISTORY_COLUMNS, ["energy_kwh", "duration_min"]).map(({ factor }) => factor)).toEqual([
      3.6e6, 60,
    ]);
  });
  it.each([
    ["energy=nothing", "unknown-column"],
    ["enrgy=energy_kwh", "unknown-quantity"],
    ["energy", "bad-map"],
    ["energy=energy_kwh:W", "bad-unit"],
    ["batch=bs:J", "bad-unit"],
    ["energy=energy_kwh:MJ", "mixed-units"],
  ])("refuses --map %s", (map, code) => {
    expect(() => bindColumns(HISTORY_COLUMNS, ["energy_kwh", "bs"], map)).toThrow(expect.objectContaining({ code }));
  });
});

describe("readHistory", () => {
  it("gives back what was written, in SI units", () => {
    const { runs } = readHistory(text, { map: MAP });
    for (const [i, run] of pastRuns().entries()) {
      expect(runs[i]!.energyJ / run.energyJ).toBeCloseTo(1, 12);
      expect(runs[i]!.powerW! / run.powerW!).toBeCloseTo(1, 12);
      expect(runs[i]).toMatchObject({ row: i + 2, architecture: run.architecture, features: run.features });
    }
  });
  it.each([
    ["NaN", "energy is not a number"],
    ["-3", "energy is negative (-3)"],
    ["0", "energy is 0"],
    ["", "neither energy nor power and duration"],
  ])("names the row whose energy is %j", (cell, problem) => {
    const bad = replaceCell(7, 6, cell);
    expect(() => readHistory(bad, { map: MAP })).toThrow(expect.objectContaining({ code: "bad-rows" }));
    expect(() => readHistory(bad, { map: MAP })).toThrow(`row 7: ${problem}`);
    const left = readHistory(bad, { map: MAP, skipBad: true });
    expect(left.runs).toHaveLength(pastRuns().length - 1);
    expect(left.remarks.join()).toContain("left out row 7");
  });
  it("names rows in another unit than the rest", () => {
    const joules = String(Number(text.split("\n")[4]!.split(",")[6]) * 3.6e6);
    expect(() => readHistory(replaceCell(5, 6, joules), { map: MAP })).toThrow(/row 5: .*decades away/);
  });
  it("sees energies that do not go with power × duration", () => {
    const csv = [
      "architecture,energy_J,power_W,duration_s",
      ...Array.from({ length: 6 }, (_, i) => `net${i},${i === 3 ? 1 : 1000},100,10`),
    ];
    expect(() => readHistory(csv.join("\n"))).toThrow(/row 5: energy is 0.00100 times power × duration/);
  });
  it.each([
    ["a,b\n1,2", "unknown-columns"],
    ["architecture,energy_J\nx,1\nx,2", "too-few-runs"],
    ["architecture,energy_J,energy_J\nx,1,1", "bad-columns"],
    ["net,energy_J\nx,1", "unknown-columns"],
  ])("refuses %j", (csv, code) => {
    expect(() => readHistory(csv)).toThrow(expect.objectContaining({ code }));
  });
  it("keeps the column to leave out by, under either name", () => {
    expect(readHistory(text, { map: MAP, leaveOut: "samples" }).labels?.[0]).toBe("10000");
    expect(readHistory(text, { map: MAP, leaveOut: "batch" }).labels?.[0]).toBe("32");
    expect(() => readHistory(text, { map: MAP, leaveOut: "nothing" })).toThrow(/unknown column/);
  });
});
