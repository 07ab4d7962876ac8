import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Epoch, EpochSeries } from "./epochs.ts";
import { chooseWindow, projectRange, projectRunning, projectSeries } from "./project.ts";

const NOTHING: Epoch = { energyJ: 0, durationS: 0 };
const epochsOf = (energies: readonly number[]): Epoch[] => energies.map((energyJ) => ({ energyJ, durationS: 2 }));
const seriesOf = (energies: readonly number[]): EpochSeries => ({
  run: "a",
  epochs: epochsOf(energies),
  before: NOTHING,
  after: NOTHING,
  totalJ: energies.reduce((sum, value) => sum + value, 0),
  durationS: 2 * energies.length,
});
const energies = (least: number) => fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: least, maxLength: 60 });

describe("projectSeries", () => {
  it("is the published form: Σ of the first s epochs, plus N − s times the mean of the window", () => {
    fc.assert(
      fc.property(energies(15), (values) => {
        const first = values.slice(0, 10).reduce((sum, value) => sum + value, 0);
        const window = values.slice(10, 15).reduce((sum, value) => sum + value, 0) / 5;
        const { totalJ, durationS, powerFormJ } = projectSeries(seriesOf(values), 10, 5);
        expect(totalJ).toBeCloseTo(first + (values.length - 10) * window, 6);
        expect(durationS).toBeCloseTo(2 * values.length, 9);
        expect(powerFormJ).toBeCloseTo((window / 2) * 2 * values.length, 6);
      }),
    );
  });
  it("is exact, with an interval around it, when every epoch is the same", () => {
    const { totalJ, lowJ, highJ } = projectSeries(seriesOf(Array.from({ length: 40 }, () => 7)), 10, 5);
    expect(totalJ).toBeCloseTo(280, 9);
    expect(lowJ).toBeLessThan(280);
    expect(highJ).toBeGreaterThan(280);
  });
  it("scales with its energies", () => {
    fc.assert(
      fc.property(energies(16), (values) => {
        const one = projectSeries(seriesOf(values), 10, 5);
        const ten = projectSeries(seriesOf(values.map((value) => 10 * value)), 10, 5);
        for (const key of ["totalJ", "lowJ", "highJ", "powerFormJ"] as const)
          expect(ten[key] / one[key]).toBeCloseTo(10, 6);
      }),
    );
  });
  it("never falls below what was spent already", () => {
    const wild = [...Array.from({ length: 10 }, () => 100), 1, 500, 1, 500, 1, ...Array.from({ length: 5 }, () => 100)];
    expect(projectSeries(seriesOf(wild), 10, 5).lowJ).toBeGreaterThanOrEqual(2003);
  });
});

describe("chooseWindow", () => {
  it("shortens the window of a short run, moves the start of a shorter one, and says so", () => {
    expect(chooseWindow(90, 10, 5)).toMatchObject({ start: 10, window: 5, isStable: true, remarks: [] });
    expect(chooseWindow(12, 10, 5)).toMatchObject({ start: 10, window: 2, isStable: false });
    expect(chooseWindow(8, 10, 5)).toMatchObject({ start: 4, window: 2, isStable: false });
    expect(chooseWindow(12, 10, 5).remarks[0]).toMatch(/12 epochs are fewer than start 10 \+ window 5/);
    expect(chooseWindow(8, 10, 5).remarks[0]).toMatch(/end before the stabilising point 10/);
  });
  it("never lets the first epoch be typical", () => {
    for (let count = 2; count < 40; count++)
      for (let start = 1; start < 20; start++) {
        const chosen = chooseWindow(count, start, 5);
        expect(chosen.start).toBeGreaterThanOrEqual(1);
        expect(chosen.start + chosen.window).toBeLessThanOrEqual(count);
        expect(chosen.window).toBeGreaterThanOrEqual(1);
      }
  });
  it("makes the interval of a short run wider", () => {
    const same = (count: number) => seriesOf(Array.from({ length: count }, (_, i) => 100 + (i % 3)));
    const widthOf = (count: number) => {
      const { lowJ, highJ, totalJ } = projectSeries(same(count), 10, 5);
      return (highJ - lowJ) / totalJ;
    };
    expect(widthOf(12)).toBeGreaterThan(widthOf(30));
    expect(widthOf(8)).toBeGreaterThan(widthOf(30));
  });
});

describe("projectRunning", () => {
  const steady = Array.from({ length: 60 }, (_, i) => (i === 0 ? 300 : 100 + ((i * 7) % 5)));
  const at = (done: number, plan = {}) => projectRunning(epochsOf(steady.slice(0, done)), NOTHING, 60, plan);
  it("says nothing after one epoch, and does not take the first one for typical after two", () => {
    expect(at(1)).toBeUndefined();
    expect(at(2)?.totalJ).toBeCloseTo(300 + 59 * steady[1]!, 9);
  });
  it("narrows as the run goes on, and ends exactly", () => {
    const widths = Array.from({ length: 46 }, (_, i) => at(15 + i)!).map(({ lowJ, highJ }) => highJ - lowJ);
    for (const [i, width] of widths.slice(5).entries()) expect(width).toBeLessThanOrEqual(widths[i]!);
    const end = at(60)!;
    expect([end.lowJ, end.highJ]).toEqual([end.totalJ, end.totalJ]);
    expect(end.totalJ).toBe(steady.reduce((sum, value) => sum + value, 0));
  });
  it("is wide before the stabilising point and says so", () => {
    const early = at(12)!;
    expect(early.remarks).toEqual(["not yet stable: 12 of 15 epochs"]);
    expect(early.highJ - early.lowJ).toBeGreaterThan(10 * (at(15)!.highJ - at(15)!.lowJ));
  });
  it("follows a new level where the start is found", () => {
    const twoStages = [...Array.from({ length: 12 }, () => 50), ...Array.from({ length: 20 }, () => 100)];
    const found = projectRunning(epochsOf(twoStages), NOTHING, 60, { start: "found" })!;
    expect(found.start).toBe(12);
    expect(found.totalJ).toBeCloseTo(12 * 50 + 48 * 100, 6);
  });
});

describe("projectRange", () => {
  it("holds the end at the fewest and at the most epochs", () => {
    const done = epochsOf(Array.from({ length: 20 }, () => 10));
    const { lowJ, highJ, remarks } = projectRange(done, NOTHING, [30, 90])!;
    expect(lowJ).toBeLessThan(300);
    expect(lowJ).toBeGreaterThan(250);
    expect(highJ).toBeGreaterThan(900);
    expect(remarks.at(-1)).toMatch(/from epoch 30 to 90/);
    expect(projectRange(done, NOTHING, [90, 90])!.remarks).toEqual([]);
  });
});
