import { describe, expect, it } from "vitest";
import { openLedger } from "./ledger.ts";
import { loadIn } from "./load.ts";
import type { Recording } from "./trace.ts";

const timeS = Float64Array.from({ length: 301 }, (_, i) => i / 10);
/** 10 W for ten seconds, then 30 W. */
const recording: Recording = {
  traces: [
    {
      info: { id: "m/a", name: "A", domain: "package", kind: "measured", reads: "energy", provenance: "made up" },
      timeS,
      values: timeS.map((time) => 10 * time + 20 * Math.max(0, time - 10)),
    },
  ],
  marks: [],
  load: [0, 1].map((core) => ({
    name: `cpu/${core}`,
    timeS: Float64Array.of(5.5, 11, 12, 13),
    ratio: Float64Array.of(0.9, 0.2 + core * 0.4, Number.NaN, 0.4 + core * 0.4),
  })),
};
const idle = [{ name: "idle", fromS: 0, toS: 9 }];
const runs = [
  { name: "run/1", fromS: 10.5, toS: 15.5 },
  { name: "run/2", fromS: 16, toS: 21 },
];

describe("openLedger", () => {
  it("takes one baseline from every window", () => {
    const { each, mean } = openLedger(recording, idle).repeats(runs);
    for (const one of [...each, mean]) {
      expect(one.grossJ).toBeCloseTo(150, 6);
      expect(one.netJ).toBeCloseTo(100, 6);
    }
  });
  it("has net equal gross without idle time, and the wall factor on both", () => {
    const { mean } = openLedger(recording, [], 1.2).repeats(runs);
    expect(mean).toMatchObject({ baselineJ: undefined, netJ: mean.grossJ });
    expect(mean.grossJ).toBeCloseTo(180, 6);
  });
  it("tells the first second apart, and leaves its joules in the run", () => {
    const ledger = openLedger(recording, []);
    const { firstSecond, mean } = ledger.repeats([{ name: "run", fromS: 8, toS: 13 }]);
    expect(firstSecond).toEqual({
      grossJ: expect.closeTo(10, 6),
      meanPowerW: expect.closeTo(10, 6),
      restPowerW: expect.closeTo(25, 0),
    });
    expect(mean.grossJ).toBe(ledger.window({ name: "run", fromS: 8, toS: 13 }).grossJ);
    expect(ledger.repeats([{ name: "run", fromS: 9, toS: 10.5 }]).firstSecond).toBeUndefined();
  });
});

describe("the course of power", () => {
  it("is the slope of the counter", () => {
    const { points } = openLedger(recording, []).power()[0]!;
    expect(points.length).toBeGreaterThan(250);
    for (const [timeS, powerW] of points)
      if (Math.abs(timeS - 10) > 0.2) expect(powerW).toBeCloseTo(timeS < 10 ? 10 : 30, 6);
  });
});

describe("loadIn", () => {
  it("is the mean of the samples within, failed ones left out, and of the cores together", () => {
    const [all, first, second] = loadIn(recording, runs);
    expect(first!.meanRatio).toBeCloseTo(0.3, 12);
    expect(second).toMatchObject({ name: "cpu/1", peakRatio: 0.8, samples: 2 });
    expect(all!.name).toBe("cpu");
    expect(all!.meanRatio).toBeCloseTo(0.5, 12);
  });
  it("is not known where no sample lies", () => {
    expect(loadIn(recording, [{ name: "short", fromS: 6, toS: 7 }])).toEqual([]);
  });
});
