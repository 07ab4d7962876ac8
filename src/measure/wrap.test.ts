import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceInfo } from "./power-source.ts";
import { stretchesOf } from "./stretches.ts";
import type { Trace } from "./trace.ts";
import { longestPollPeriodS, pollPeriodS, unwrap } from "./wrap.ts";

const INFO: SourceInfo = {
  id: "rapl/package-0",
  name: "package 0",
  domain: "package",
  kind: "measured",
  reads: "energy",
  wrapJ: 1000,
  maxPowerW: 200,
  provenance: "made up",
};
const { wrapJ: _wrap, ...BARE } = INFO;
const { maxPowerW: _power, ...UNLIMITED } = INFO;
const trace = (values: readonly number[], info: SourceInfo = INFO, periodS = 1): Trace => ({
  info,
  timeS: Float64Array.from(values, (_, i) => i * periodS),
  values: Float64Array.from(values),
});
const joules = (one: Trace) => unwrap(one).series.map(({ values }) => [...values]);

describe("unwrap", () => {
  it("gives back the true joules whatever the range, where no two wraps can hide", () => {
    const steps = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 999, noNaN: true }), (each, start) => {
        const truth = [0];
        for (const step of each) truth.push(truth.at(-1)! + step);
        const [series, ...more] = unwrap(trace(truth.map((value) => (value + start) % 1000))).series;
        expect(more).toEqual([]);
        series!.values.forEach((value, i) => {
          expect(value).toBeCloseTo(truth[i]!, 6);
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("skips failed reads and counts them", () => {
    const found = unwrap(trace([900, Number.NaN, 100, 200]));
    expect(found).toMatchObject({ failedReads: 1, wraps: 1, remarks: [] });
    expect([...found.series[0]!.values]).toEqual([0, 200, 300]);
    expect(unwrap(trace([Number.NaN, Number.NaN]))).toMatchObject({ series: [], failedReads: 2 });
  });

  it("takes a fall without a range as a reset", () => {
    expect(joules(trace([500, 600, 10, 60], BARE))).toEqual([
      [0, 100],
      [0, 50],
    ]);
    expect(unwrap(trace([500, 10], BARE)).remarks).toEqual(["counter fell and has no known range: taken as a reset"]);
  });

  it("takes jumps that the source cannot draw as resets, up and down", () => {
    expect(joules(trace([0, 100, 900, 950]))).toHaveLength(2);
    expect(joules(trace([500, 400, 450]))).toHaveLength(2);
    expect(joules(trace([500, 400, 450], UNLIMITED))).toHaveLength(2);
    expect(joules(trace([900, 100, 150], UNLIMITED))).toHaveLength(1);
    expect(unwrap(trace([0, 900])).remarks[0]).toContain("more than the source can draw");
  });

  it("does not guess when two wraps may have passed", () => {
    const found = unwrap(trace([0, 100, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 300, 400]));
    expect(found.series).toHaveLength(2);
    expect(found.remarks[0]).toContain("wrapped more than once");
  });

  it("leaves a gauge as it is", () => {
    const gauge: SourceInfo = { ...INFO, reads: "power" };
    expect(joules(trace([50, 20, Number.NaN, 70], gauge))).toEqual([[50, 20, 70]]);
  });
});

describe("poll period", () => {
  it("lets no two wraps hide, within 1 kHz and what is wanted", () => {
    expect(longestPollPeriodS(INFO)).toBe(2.5);
    expect(pollPeriodS(INFO)).toBe(0.1);
    expect(pollPeriodS(INFO, 60)).toBe(2.5);
    expect(pollPeriodS(INFO, 1e-6)).toBe(1e-3);
    expect(pollPeriodS({ ...INFO, wrapJ: 10 }, 1)).toBeCloseTo(0.025, 12);
    expect(longestPollPeriodS(BARE)).toBeUndefined();
    expect(pollPeriodS(BARE, 5)).toBe(5);
  });
});

describe("a counter whose power limit nobody states", () => {
  it("is taken to draw 1 kW at most, and says so", () => {
    expect(longestPollPeriodS(UNLIMITED)).toBe(0.5);
    expect(pollPeriodS(UNLIMITED, 5)).toBe(0.5);
    expect(longestPollPeriodS({ ...UNLIMITED, assumedPowerW: 250 })).toBe(2);
    expect(unwrap(trace([500, 600], UNLIMITED)).remarks).toEqual([
      "no power limit is known: wraps are corrected up to 1000 W",
    ]);
    expect(unwrap(trace([500, Number.NaN, 600], UNLIMITED)).series).toHaveLength(2);
  });
});

describe("the rhythm of a schedule", () => {
  it("is not that of the reads at the edges of windows", () => {
    const timeS = Float64Array.of(0, 0.0085, 0.1, 0.17, 0.1785);
    const short: Trace = { info: { ...INFO, reads: "power" }, timeS, values: timeS.map(() => 5) };
    expect(stretchesOf(short).pollPeriodS).toBeCloseTo(0.08, 2);
    expect(stretchesOf(short).pollPeriodS).toBeGreaterThan(0.05);
  });
});

describe("stretches", () => {
  it("are cut at gaps longer than max(3 periods, 1 s)", () => {
    const fast = trace(
      Array.from({ length: 40 }, (_, i) => (i > 10 && i < 25 ? Number.NaN : i)),
      INFO,
      0.1,
    );
    const found = stretchesOf(fast);
    expect(found.gapLimitS).toBe(1);
    expect(found.stretches.map(({ timeS }) => timeS.length)).toEqual([11, 15]);
    const slow = stretchesOf(trace([0, 1, Number.NaN, 3, 4, 5], INFO, 2));
    expect(slow.gapLimitS).toBe(6);
    expect(slow.stretches).toHaveLength(1);
  });
});
