import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { takeBaseline } from "./baseline.ts";
import { combined, intervalAround, sumDoubts } from "./interval.ts";
import { accountsOf, measureWindow, splitWarmUp } from "./measure.ts";
import type { SourceInfo } from "./power-source.ts";
import type { Recording, Trace, Window } from "./trace.ts";

function gauge(powerAt: (timeS: number) => number, more: Partial<SourceInfo> = {}, toS = 30): Trace {
  const timeS = Float64Array.from({ length: toS * 10 + 1 }, (_, i) => i / 10);
  const info: SourceInfo = {
    id: "nvml/gpu-0",
    name: "GPU 0",
    domain: "gpu",
    kind: "integrated",
    reads: "power",
    provenance: "made up",
    ...more,
  };
  return { info, timeS, values: timeS.map(powerAt) };
}
const recordingOf = (...traces: Trace[]): Recording => ({ traces, marks: [], load: [] });
const window = (fromS: number, toS: number, name = "run"): Window => ({ name, fromS, toS });
const idleOf = (recording: Recording, ...stretches: Window[]) =>
  takeBaseline(stretches.map((one) => ({ recording, window: one })));

describe("baseline", () => {
  it("is idle power times the run's own duration, whatever the idle time was", () => {
    const recording = recordingOf(gauge((time) => (time > 10 && time < 20 ? 100 : 20)));
    for (const toS of [4, 9]) {
      const measured = measureWindow(recording, window(10, 20), { baseline: idleOf(recording, window(0, toS)) });
      expect(measured.baselineJ).toBeCloseTo(200, 6);
      // The jumps lie between two readings each: ± 4 J.
      expect(Math.abs(measured.netJ - 800)).toBeLessThan(10);
      expect(measured.netHighJ).toBeGreaterThan(800);
    }
  });

  it("is a median: a burst in the background does not move it, and the first second is left out", () => {
    const recording = recordingOf(gauge((time) => (time < 1 || (time > 4 && time < 6) ? 80 : 20)));
    const idle = idleOf(recording, window(0, 12)).get("nvml/gpu-0")!;
    expect(idle.idleW).toBeCloseTo(20, 6);
    expect(idle.driftW).toBeUndefined();
    const mixed = takeBaseline([{ recording, window: window(0, 2) }], { skipS: 0 }).get("nvml/gpu-0")!;
    expect(mixed.idleW).toBeGreaterThan(40);
  });

  it("sees drift with idle time before and after, and doubts for it", () => {
    const recording = recordingOf(gauge((time) => 20 + time / 10));
    const both = idleOf(recording, window(0, 6), window(20, 26)).get("nvml/gpu-0")!;
    expect(both.driftW).toBeCloseTo(2, 0);
    expect(both.idleW).toBeCloseTo(21.35, 1);
    expect(both.sigmaW).toBeGreaterThan(0.5);
  });

  it("says when there is none, or not for all sources", () => {
    const recording = recordingOf(
      gauge(() => 50),
      gauge(() => 5, { id: "x/1" }),
    );
    expect(measureWindow(recording, window(1, 9)).remarks).toContain("no baseline: net is gross");
    const part = idleOf(recordingOf(gauge(() => 20)), window(0, 9));
    const measured = measureWindow(recording, window(1, 9), { baseline: part });
    expect(measured.baselineJ).toBeUndefined();
    expect(measured.netJ).toBeCloseTo(8 * 35, 6);
    expect(measured.remarks).toContain("some sources have no baseline: their net is gross");
  });
});

describe("measureWindow", () => {
  it("names the kind of the sum", () => {
    const kind = (...kinds: SourceInfo["kind"][]) =>
      measureWindow(recordingOf(...kinds.map((each, i) => gauge(() => 10, { id: `x/${i}`, kind: each }))), window(1, 9))
        .kind;
    expect(kind("measured", "measured")).toBe("measured");
    expect(kind("measured", "integrated")).toBe("integrated");
    expect(kind("modelled")).toBe("modelled");
    expect(kind("measured", "modelled")).toBe("mixed");
  });

  it("lets a wall meter contain all else, and does not multiply it", () => {
    const wall = gauge(() => 150, { id: "wall-meter/0", domain: "wall" });
    const measured = measureWindow(
      recordingOf(
        gauge(() => 50),
        wall,
      ),
      window(0, 10),
      { wallFactor: 1.2 },
    );
    expect(measured.sources.map(({ counted }) => counted)).toEqual([false, true]);
    expect(measured.grossJ).toBeCloseTo(1500, 6);
  });

  it("is the plain trapezoid for a log of one reading a second whose age nobody knows", () => {
    const info = gauge(() => 0).info;
    const log = {
      info: { ...info, id: "log" },
      timeS: Float64Array.of(0, 1, 2),
      values: Float64Array.of(100, 200, 300),
    };
    expect(measureWindow({ traces: [log], marks: [], load: [] }, window(0, 2)).grossJ).toBeCloseTo(400, 9);
  });

  it("shows but does not add a source that is set aside", () => {
    const battery = gauge(() => 40, { id: "battery/BAT0", domain: "battery", counted: false });
    const measured = measureWindow(
      recordingOf(
        gauge(() => 25),
        battery,
      ),
      window(0, 10),
    );
    expect(measured.sources.map(({ counted }) => counted)).toEqual([true, false]);
    expect(measured.grossJ).toBeCloseTo(250, 6);
  });

  it("multiplies totals and doubts by the wall factor", () => {
    const recording = recordingOf(gauge(() => 50, { toleranceRatio: 0.05 }));
    const [one, more] = [1, 1.25].map((wallFactor) => measureWindow(recording, window(0, 10), { wallFactor }));
    expect(more!.netJ).toBeCloseTo(1.25 * one!.netJ, 9);
    expect(more!.netHighJ - more!.netJ).toBeCloseTo(1.25 * (one!.netHighJ - one!.netJ), 9);
    expect(more!.meanPowerW).toBeCloseTo(62.5, 6);
    expect(more!.peakPowerW).toBeCloseTo(62.5, 6);
    expect(more!.remarks).toContain("multiplied by the wall factor 1.25");
  });

  it("leaves the warm-up out on demand and keeps it apart", () => {
    const recording = recordingOf(gauge((time) => (time < 6 ? 100 : 40)));
    const whole = window(5, 15);
    const { warmUp, steady } = splitWarmUp(whole, 2);
    expect([warmUp, steady]).toEqual([window(5, 7, "run/warm-up"), window(7, 15)]);
    const measured = measureWindow(recording, whole, { warmUpS: 2 });
    expect(measured).toMatchObject({ durationS: 8, grossJ: expect.closeTo(320, 6) });
    expect(measured.remarks).toContain("the first 2 s are left out as warm-up");
  });

  it("gives the same from accounts that were made before", () => {
    const recording = recordingOf(gauge((time) => 40 + (time % 3)));
    expect(measureWindow(accountsOf(recording), window(3, 9))).toEqual(measureWindow(recording, window(3, 9)));
  });

  it("refuses what cannot be a window or a factor", () => {
    const recording = recordingOf(gauge(() => 1));
    for (const ask of [
      () => measureWindow(recording, window(5, 5)),
      () => measureWindow(recording, window(5, 6), { warmUpS: 2 }),
      () => measureWindow(recording, window(5, 6), { wallFactor: 0.5 }),
    ])
      expect(ask).toThrow(InputError);
  });

  it("measures nothing as nothing", () => {
    expect(measureWindow(recordingOf(), window(0, 1))).toMatchObject({ grossJ: 0, coverage: 0, sources: [] });
  });
});

describe("interval", () => {
  it("is 1.96 σ for well-known doubts, and Student's t for few degrees", () => {
    expect(
      intervalAround(100, [
        { cause: "a", sigmaJ: 3 },
        { cause: "b", sigmaJ: 4 },
      ]).highJ,
    ).toBeCloseTo(109.8, 2);
    expect(intervalAround(100, [{ cause: "a", sigmaJ: 5, degrees: 4 }]).highJ).toBeCloseTo(113.882, 3);
    expect(
      combined([
        { cause: "a", sigmaJ: 3, degrees: 5 },
        { cause: "b", sigmaJ: 3, degrees: 5 },
      ]).degrees,
    ).toBeCloseTo(10, 9);
  });

  it("reaches out to joules in gaps and keeps the value inside", () => {
    const { lowJ, highJ } = intervalAround(100, [{ cause: "gaps", sigmaJ: 1, missingJ: 20 }]);
    expect(lowJ).toBe(100);
    expect(highJ).toBeCloseTo(121.96, 2);
  });

  it("adds tolerances straight within a family of meters, as squares between families", () => {
    const doubts = [{ cause: "tolerance", sigmaJ: 3 }];
    const of = (...ids: string[]) => sumDoubts(ids.map((id) => ({ id, doubts })))[0]!.sigmaJ;
    expect(of("rapl/package-0", "rapl/package-1")).toBe(6);
    expect(of("rapl/package-0", "nvml/gpu-0")).toBeCloseTo(Math.sqrt(18), 12);
    const noise = [{ cause: "averaging", sigmaJ: 3 }];
    expect(sumDoubts(["a/1", "a/2"].map((id) => ({ id, doubts: noise })))[0]!.sigmaJ).toBeCloseTo(Math.sqrt(18), 12);
  });
});
