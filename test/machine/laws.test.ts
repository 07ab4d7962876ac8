// The laws that decide whether a number is true, on machines whose joules are known.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/math/random.ts";
import { crossChecksOf } from "../../src/measure/agreement.ts";
import { takeBaseline } from "../../src/measure/baseline.ts";
import { energyIn } from "../../src/measure/energy.ts";
import { accountsOf, measureWindow } from "../../src/measure/measure.ts";
import type { Measurement } from "../../src/measure/measurement.ts";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import type { Recording } from "../../src/measure/trace.ts";
import { checkSource, updatePeriodOf } from "../../src/measure/update-period.ts";
import { bursts, level, noise, type PowerCurve, powerCurve, ramps, sumCurve } from "./power-curve.ts";
import { randomScenario } from "./scenario.ts";
import { jumpingClock, pollTimes, record, simulatedMeter } from "./simulate.ts";

const ROUNDS = 60;
const scenarios = (seed: number, options = {}) => {
  const random = seededRandom(seed);
  return Array.from({ length: ROUNDS }, (_, i) => randomScenario(random.fork(i), options));
};
const relative = (value: number, truth: number): number => Math.abs(value - truth) / truth;

const counter = (more: Partial<SourceInfo> = {}): SourceInfo => ({
  id: "rapl/package-0",
  name: "package 0",
  domain: "package",
  kind: "measured",
  reads: "energy",
  wrapJ: 262_143,
  maxPowerW: 250,
  updatePeriodS: 1e-3,
  resolution: 61e-6,
  provenance: "simulated",
  ...more,
});

function traceOf(
  curve: PowerCurve,
  info: SourceInfo,
  settings: { updatePeriodS: number; periodS?: number; offsetJ?: number; dropouts?: { fromS: number; toS: number }[] },
) {
  const random = seededRandom(5);
  const poll = {
    fromS: curve.fromS,
    toS: curve.toS,
    periodS: settings.periodS ?? 0.1,
    jitterRatio: 0.1,
    dropouts: settings.dropouts ?? [],
  };
  const { updatePeriodS, offsetJ = 0 } = settings;
  return record(simulatedMeter(curve, { info, updatePeriodS, offsetJ }, random), pollTimes(poll, random), poll, random);
}
const recordingOf = (...traces: Recording["traces"]): Recording => ({ traces, marks: [], load: [] });

describe("the power curve", () => {
  it("has an integral that agrees with a fine sum of its powers, and sums of curves", () => {
    const random = seededRandom(1);
    const curve = powerCurve(0, 10, [
      level(0, 10, 5, 7),
      ...bursts(1, 9, 40, 0.3, 0.2, random),
      ...ramps(2, 8, 30, 1, random),
      ...noise(0, 10, 0.05, 1, 0.5, random),
    ]);
    const step = 1e-4;
    let sum = 0;
    for (let i = 0; i < 1e5; i++) sum += curve.powerW((i + 0.5) * step) * step;
    expect(relative(curve.energyJ(10), sum)).toBeLessThan(1e-4);
    expect(sumCurve([curve, curve]).energyJ(7)).toBeCloseTo(2 * curve.energyJ(7), 9);
    expect(curve.energyJ(12) - curve.energyJ(10)).toBeCloseTo(2 * curve.powerW(10), 9);
  });
});

describe("joules against the truth", () => {
  it("errs below 1 % for counters at 10 Hz in windows of 5 s and more, wraps included", () => {
    let wrapped = 0;
    for (const { recording, window, truth } of scenarios(11, { clean: true, durationS: [6.3, 40] })) {
      expect(window.toS - window.fromS).toBeGreaterThanOrEqual(5);
      for (const source of measureWindow(recording, window).sources) {
        expect(relative(source.grossJ!, truth.bySource.get(source.info.id)!)).toBeLessThan(0.01);
        const { values } = recording.traces.find(({ info }) => info.id === source.info.id)!;
        if (values.some((value, i) => i > 0 && value < values[i - 1]!)) wrapped++;
      }
    }
    expect(wrapped).toBeGreaterThan(10);
  });

  it("keeps the books: active + idle = total, gross = mean power × covered time, total = sum of counted sources", () => {
    for (const { recording, window, idle } of scenarios(12)) {
      const measured = measureWindow(recording, window, { baseline: takeBaseline(idle) });
      if (measured.baselineJ !== undefined)
        expect(measured.netJ! + measured.baselineJ!).toBeCloseTo(measured.grossJ!, 8);
      for (const { coverage, meanPowerW, grossJ } of measured.sources)
        if (grossJ !== undefined) expect(meanPowerW! * coverage * measured.durationS).toBeCloseTo(grossJ, 6);
      const counted = measured.sources.filter((source) => source.counted);
      expect(counted.map(({ info }) => info.id)).not.toContain("rapl/core-0");
      expect(counted.reduce((sum, { grossJ }) => sum + grossJ!, 0)).toBeCloseTo(measured.grossJ!, 8);
      expect(measured.netLowJ!).toBeLessThanOrEqual(measured.netJ!);
      expect(measured.netHighJ!).toBeGreaterThanOrEqual(measured.netJ!);
    }
  });

  it("adds up: the energy of adjacent windows is that of the whole", () => {
    for (const { recording, window } of scenarios(13)) {
      const middleS = window.fromS + 0.37 * (window.toS - window.fromS);
      const gross = (fromS: number, toS: number): number => measureWindow(recording, { name: "w", fromS, toS }).grossJ!;
      expect(gross(window.fromS, middleS) + gross(middleS, window.toS)).toBeCloseTo(gross(window.fromS, window.toS), 6);
    }
  });

  it("does not depend on the order of sources", () => {
    const numbers = ({ grossJ, netJ, netLowJ, netHighJ, coverage }: Measurement) => ({
      grossJ,
      netJ,
      netLowJ,
      netHighJ,
      coverage,
    });
    for (const { recording, window } of scenarios(14)) {
      const turned = { ...recording, traces: [...recording.traces].reverse() };
      const [one, other] = [recording, turned].map((each) => Object.values(numbers(measureWindow(each, window))));
      one!.forEach((value, i) => {
        expect(value).toBeCloseTo(other![i]!, 6);
      });
    }
  });

  it("does not see where the counter stood, nor how it wraps", () => {
    const curve = powerCurve(0, 12, [level(0, 12, 90)]);
    const window = { name: "run", fromS: 2, toS: 10 };
    for (const offsetJ of [0, 99, 499.99, 262_000]) {
      for (const wrapJ of [500, 262_143]) {
        const trace = traceOf(curve, counter({ wrapJ }), { updatePeriodS: 1e-3, offsetJ });
        expect(measureWindow(recordingOf(trace), window).grossJ).toBeCloseTo(720, 1);
      }
    }
  });

  it("has nothing to do with the wall clock", () => {
    const clock = jumpingClock(1.7e9, [{ atS: 5, byS: -3600 }]);
    const trace = traceOf(powerCurve(0, 12, [level(0, 12, 90)]), counter(), { updatePeriodS: 1e-3 });
    const wall = trace.timeS.map(clock);
    expect(wall.some((time, i) => i > 0 && time < wall[i - 1]!)).toBe(true);
    expect(measureWindow(recordingOf(trace), { name: "run", fromS: 2, toS: 10 }).durationS).toBe(8);
  });
});

describe("gaps", () => {
  const curve = powerCurve(0, 20, [level(0, 20, 100)]);
  const window = { name: "run", fromS: 5, toS: 15 };

  it("are not filled: coverage falls, joules are those of the covered time, the interval holds the whole", () => {
    const trace = traceOf(curve, counter(), { updatePeriodS: 1e-3, dropouts: [{ fromS: 8, toS: 11 }] });
    const measured = measureWindow(recordingOf(trace), window);
    expect(measured.coverage).toBeGreaterThan(0.67);
    expect(measured.coverage).toBeLessThan(0.7);
    expect(relative(measured.grossJ!, 1000 * measured.coverage)).toBeLessThan(0.01);
    expect(measured.netHighJ).toBeGreaterThan(999);
    expect(measured.netHighJ).toBeLessThan(1010);
    expect(measured.doubts.find(({ cause }) => cause === "gaps")!.missingJ).toBeCloseTo(1000 - measured.grossJ!, -1);
    expect(measured.remarks.join()).toContain("gaps longer than 1 s are not filled");
  });

  it("shorter than a second are bridged", () => {
    const trace = traceOf(curve, counter(), { updatePeriodS: 1e-3, dropouts: [{ fromS: 8, toS: 8.6 }] });
    const measured = measureWindow(recordingOf(trace), window);
    expect(measured.coverage).toBe(1);
    expect(relative(measured.grossJ!, 1000)).toBeLessThan(0.001);
  });

  it("without any reading give coverage 0 and a remark, never joules", () => {
    const trace = traceOf(curve, counter(), { updatePeriodS: 1e-3, dropouts: [{ fromS: 0, toS: 30 }] });
    const measured = measureWindow(recordingOf(trace), window);
    expect(measured).toMatchObject({ kind: "missing", coverage: 0, grossJ: undefined, netHighJ: undefined });
    expect(measured.remarks).toContain("no usable source: nothing was measured");
  });
});

describe("short windows and dead counters", () => {
  it("says that a window is shorter than the update period, and does not give 0", () => {
    const info = counter({ id: "nvml/gpu-0", updatePeriodS: 0.1 });
    const trace = traceOf(powerCurve(0, 10, [level(0, 10, 200)]), info, { updatePeriodS: 0.1, periodS: 0.02 });
    for (const fromS of [3, 3.03, 3.07]) {
      const measured = measureWindow(recordingOf(trace), { name: "tiny", fromS, toS: fromS + 0.02 });
      expect(measured.remarks.join()).toContain("shorter than the update period (0.1 s)");
      expect(relative(measured.grossJ!, 4)).toBeLessThan(0.2);
    }
  });

  it("does not use a counter that stands still while others move", () => {
    const moving = traceOf(powerCurve(0, 10, [level(0, 10, 50)]), counter(), { updatePeriodS: 1e-3 });
    const still = traceOf(powerCurve(0, 10, [level(0, 10, 0)]), counter({ id: "rapl/package-1" }), {
      updatePeriodS: 1e-3,
    });
    const measured = measureWindow(recordingOf(moving, still), { name: "run", fromS: 2, toS: 8 });
    expect(measured.sources.map(({ counted, coverage }) => [counted, coverage])).toEqual([
      [true, 1],
      [false, 0],
    ]);
    expect(measured.sources[1]!.remarks.join()).toContain("counter stood still");
    expect(measured.grossJ).toBeCloseTo(300, 0);
  });

  it("counts the parts when the whole cannot be used", () => {
    const curve = powerCurve(0, 10, [level(0, 10, 50)]);
    const part = traceOf(curve, counter({ id: "rapl/core-0", partOf: "rapl/package-0" }), { updatePeriodS: 1e-3 });
    const whole = traceOf(curve, counter(), { updatePeriodS: 1e-3, dropouts: [{ fromS: 0, toS: 99 }] });
    const measured = measureWindow(recordingOf(part, whole), { name: "run", fromS: 2, toS: 8 });
    expect(measured.sources.map(({ counted }) => counted)).toEqual([true, false]);
    expect(measured.grossJ).toBeCloseTo(300, 0);
  });
});

describe("doctor's findings", () => {
  it("finds the real update period, idle power and wrap period", () => {
    const curve = powerCurve(0, 10, [level(0, 10, 40)]);
    const { updatePeriodS: _stated, ...unstated } = counter();
    const trace = traceOf(curve, unstated, { updatePeriodS: 0.05, periodS: 0.005 });
    expect(updatePeriodOf(trace)).toEqual({ updatePeriodS: expect.closeTo(0.05, 2), atMost: false });
    const found = checkSource(trace);
    expect(found.idleW).toBeCloseTo(40, 0);
    expect(found.idleLowW!).toBeLessThanOrEqual(40.01);
    expect(found.wrapS).toBeCloseTo(262_143 / 250, 6);
    expect(updatePeriodOf(traceOf(curve, counter(), { updatePeriodS: 1e-3 })).atMost).toBe(true);
  });

  it("sees a counter and a gauge agree, and not agree when one is 20 % off", () => {
    const random = seededRandom(3);
    const curve = powerCurve(0, 20, [level(0, 20, 60), ...ramps(5, 15, 100, 1, random)]);
    const watts: SourceInfo = {
      ...counter({ id: "rapl/power" }),
      reads: "power",
      kind: "integrated",
      updatePeriodS: 0.1,
      dutyRatio: 0.25,
      resolution: 0.01,
    };
    const window = { name: "check", fromS: 2, toS: 18 };
    const joules = traceOf(curve, counter(), { updatePeriodS: 0.05 });
    const gauge = traceOf(curve, watts, { updatePeriodS: 0.1 });
    const agreementOf = (...traces: Recording["traces"]) => {
      const witnesses = accountsOf(recordingOf(...traces)).map((account) => ({
        account,
        energy: energyIn(account, window),
      }));
      return crossChecksOf(witnesses, 16)[0]!.agreement;
    };
    const good = agreementOf(joules, gauge);
    expect(good.agrees).toBe(true);
    expect(good.ratio).toBeCloseTo(1, 1);
    const wrong = { ...gauge, values: gauge.values.map((power) => 1.2 * power) };
    expect(agreementOf(joules, wrong).agrees).toBe(false);
  });
});
