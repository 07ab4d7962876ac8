import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { takeBaseline } from "./baseline.ts";
import { combined, intervalAround, sumDoubts } from "./interval.ts";
import { accountsOf, measureWindow } from "./measure.ts";
import type { SourceEnergy } from "./measurement.ts";
import type { SourceInfo } from "./power-source.ts";
import { perInference } from "./repeats.ts";
import type { Recording, Trace, Window } from "./trace.ts";

function gauge(powerAt: (timeS: number) => number, more: Partial<SourceInfo> = {}, toS = 30): Trace {
  const timeS = Float64Array.from({ length: Math.round(toS * 10) + 1 }, (_, i) => i / 10);
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
      expect(Math.abs(measured.netJ! - 800)).toBeLessThan(10);
      expect(measured.netHighJ).toBeGreaterThan(800);
    }
  });

  it("is a median: a burst in the background does not move it, and the first second is left out", () => {
    const recording = recordingOf(gauge((time) => (time < 1 || (time > 4 && time < 6) ? 80 : 20)));
    const idle = idleOf(recording, window(0, 12)).get("nvml/gpu-0")!;
    expect(idle.idleW).toBeCloseTo(20, 6);
    expect(idle.driftW).toBeUndefined();
    const early = takeBaseline([{ recording, window: window(0, 1.9) }], { skipS: 0 }).get("nvml/gpu-0")!;
    expect(early.idleW).toBeGreaterThan(40);
  });

  it("sees drift with idle time before and after, and doubts for it", () => {
    const recording = recordingOf(gauge((time) => 20 + time / 10));
    const both = idleOf(recording, window(0, 6), window(20, 26)).get("nvml/gpu-0")!;
    expect(both.driftW).toBeCloseTo(2, 0);
    expect(both.idleW).toBeCloseTo(21.35, 1);
    expect(both.sigmaW).toBeGreaterThan(0.5);
  });

  it("of a short idle time has a spread from shorter bins, and says how short it was", () => {
    const noisy = gauge((time) => 20 + (Math.round(time * 10) % 3));
    const recording = recordingOf(noisy);
    const idle = idleOf(recording, window(0, 0.9));
    expect(idle.get("nvml/gpu-0")!.sigmaW).toBeGreaterThan(0.1);
    const { remarks } = measureWindow(recording, window(5, 15), { baseline: idle });
    expect(remarks.join()).toContain("idle power was seen for 0.9 s only");
  });

  it("leaves no net energy of a machine that only idled, not what rounding makes of it", () => {
    const recording = recordingOf(gauge(() => 24.54));
    const { netJ } = measureWindow(recording, window(10.3, 17.9), { baseline: idleOf(recording, window(0, 9)) });
    expect(netJ).toBe(0);
  });

  it("of a busy processor is said, and widens what is modelled: the model cannot tell one program from another", () => {
    const timeS = Float64Array.from({ length: 30 }, (_, i) => i + 0.5);
    const load = (ratio: number) => [{ name: "cpu/0", timeS, ratio: timeS.map(() => ratio) }];
    const widths = ([kind, ratio]: readonly ["modelled" | "integrated", number]) => {
      const trace = gauge(() => 24, { kind, toleranceRatio: 0.5, domain: "cpu" });
      const recording = { ...recordingOf(trace), load: load(ratio) };
      const { netHighJ, remarks } = measureWindow(recording, window(10, 20), {
        baseline: idleOf(recording, window(0, 9)),
      });
      return [Math.round(netHighJ!), remarks.some((remark) => remark.includes("100 % busy while idle"))];
    };
    const cases = [
      ["modelled", 1],
      ["modelled", 0],
      ["integrated", 1],
    ] as const;
    // 240 J of other programs, ±50 % taken as even: σ is 69 J, and an even doubt's 95 % lies within ±0.95 of its limit.
    expect(cases.map(widths)).toEqual([
      [expect.closeTo(115, -1), true],
      [0, false],
      [0, true],
    ]);
  });

  it("is refused to an idle time that tells nothing of its spread: net is gross, and said so", () => {
    const recording = recordingOf(gauge(() => 20));
    const idle = idleOf(recording, window(0, 0.15));
    expect(idle.size).toBe(0);
    const measured = measureWindow(recording, window(5, 15), { baseline: idle });
    expect(measured).toMatchObject({ baselineJ: undefined, netJ: measured.grossJ });
    expect(measured.remarks.join()).toContain("too short a time to tell its spread");
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
    expect(measured.remarks.join()).toContain("some sources have no baseline");
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

  it("is missing, not 0 J, where nothing was read", () => {
    const recording = recordingOf(gauge(() => 50, {}, 10));
    const measured = measureWindow(recording, window(20, 30), { baseline: idleOf(recording, window(0, 9)) });
    expect(measured).toMatchObject({ kind: "missing", coverage: 0, doubts: [] });
    const { grossJ, baselineJ, netJ, netLowJ, netHighJ, meanPowerW } = measured;
    expect([grossJ, baselineJ, netJ, netLowJ, netHighJ, meanPowerW]).toEqual(Array(6).fill(undefined));
    expect(measured.sources[0]).toMatchObject({ kind: "missing", counted: false, grossJ: undefined });
    expect(measured.remarks).toContain("no usable source: nothing was measured");
  });

  it("covers nothing of the whole when one of its sources was read elsewhere only, and bounds that one", () => {
    const gone = gauge(() => 200, { id: "x/1", name: "GPU 1" }, 10);
    const measured = measureWindow(
      recordingOf(
        gauge(() => 50),
        gone,
      ),
      window(15, 25),
    );
    expect(measured).toMatchObject({ kind: "integrated", coverage: 0, grossJ: expect.closeTo(500, 6) });
    expect(measured.netHighJ).toBeGreaterThan(2400);
    expect(measured.remarks).toContain("GPU 1 is missing from the total");
  });

  it("does not let a sliver of the window speak for the rest", () => {
    const cut = gauge((time) => (time < 10 ? 20 : 25), { maxPowerW: 125 }, 10.1);
    const measured = measureWindow(recordingOf(cut), window(10, 30));
    expect(measured.coverage).toBeLessThan(0.05);
    expect(measured.netJ!).toBeLessThan(30);
    expect(measured.netHighJ).toBeGreaterThan(0.95 * 20 * 125);
    expect(measured.netLowJ).toBeLessThan(50);
    expect(perInference(measured, 1)).toBeUndefined();
  });

  it("makes what a wall factor adds a component of its own: the total is the sum of what is counted", () => {
    const recording = recordingOf(
      gauge(() => 50),
      gauge(() => 20, { id: "x/1" }),
    );
    const baseline = idleOf(recording, window(0, 9));
    const measured = measureWindow(recording, window(10, 20), { wallFactor: 1.3, baseline });
    const sum = (value: (source: SourceEnergy) => number | undefined): number =>
      measured.sources.filter(({ counted }) => counted).reduce((total, source) => total + value(source)!, 0);
    expect(measured.grossJ).toBeCloseTo(910, 6);
    expect(sum(({ grossJ }) => grossJ)).toBeCloseTo(measured.grossJ!, 9);
    expect(sum(({ netJ }) => netJ)).toBeCloseTo(measured.netJ!, 9);
    expect(sum(({ baselineJ }) => baselineJ)).toBeCloseTo(measured.baselineJ!, 9);
    expect(measured.kind).toBe("mixed");
    expect(measured.sources.at(-1)).toMatchObject({ kind: "modelled", info: { name: "outside, by wall factor" } });
  });

  it("says when a counter and the integral of a gauge of one device differ by more than their doubts", () => {
    const count = gauge((time) => 50 * time, { id: "nvml/0/energy", reads: "energy", kind: "measured" });
    const watts = (powerW: number) => gauge(() => powerW, { id: "nvml/0/power", partOf: "nvml/0/energy" });
    const remarks = (powerW: number) => measureWindow(recordingOf(count, watts(powerW)), window(2, 12)).remarks.join();
    expect(remarks(60)).toContain("nvml/0/energy says 500 J, the integral of nvml/0/power 600 J");
    expect(remarks(50)).not.toContain("differ");
  });

  it("does not count the time in which a counter stopped, before its end or for a while", () => {
    const counter = (energyAt: (timeS: number) => number) =>
      gauge(energyAt, { id: "rapl/package-0", reads: "energy", kind: "measured", updatePeriodS: 1e-3 });
    const ended = measureWindow(recordingOf(counter((time) => 50 * Math.min(time, 15))), window(10, 20));
    expect(ended.coverage).toBeCloseTo(0.49, 6);
    expect(ended.grossJ).toBeCloseTo(245, 6);
    expect(ended.meanPowerW).toBeCloseTo(50, 6);
    expect(ended.remarks.join()).toContain("counter stood still for");
    const frozen = counter((time) => 50 * (time < 12 ? time : time < 16 ? 12 : time - 4));
    expect(measureWindow(recordingOf(frozen), window(10, 20)).coverage).toBeCloseTo(0.6, 1);
    const late = counter((time) => 50 * (time < 12 ? time : time < 16 ? 12 : time));
    expect(measureWindow(recordingOf(late), window(10, 20))).toMatchObject({
      coverage: 1,
      grossJ: expect.closeTo(500, 6),
    });
    const dead = counter(() => 7);
    expect(measureWindow(recordingOf(dead), window(10, 10.5))).toMatchObject({ kind: "missing", netJ: undefined });
  });

  it("multiplies totals and doubts by the wall factor", () => {
    const recording = recordingOf(gauge(() => 50, { toleranceRatio: 0.05 }));
    const [one, more] = [1, 1.25].map((wallFactor) => measureWindow(recording, window(0, 10), { wallFactor }));
    expect(more!.netJ).toBeCloseTo(1.25 * one!.netJ!, 9);
    expect(more!.netHighJ! - more!.netJ!).toBeCloseTo(1.25 * (one!.netHighJ! - one!.netJ!), 9);
    expect(more!.meanPowerW).toBeCloseTo(62.5, 6);
    expect(more!.peakPowerW).toBeCloseTo(62.5, 6);
    expect(more!.remarks.join()).toContain("wall factor 1.25: the share that it adds is modelled");
  });

  it("gives the same from accounts that were made before", () => {
    const recording = recordingOf(gauge((time) => 40 + (time % 3)));
    expect(measureWindow(accountsOf(recording), window(3, 9))).toEqual(measureWindow(recording, window(3, 9)));
  });

  it("refuses what cannot be a window or a factor", () => {
    const recording = recordingOf(gauge(() => 1));
    for (const ask of [
      () => measureWindow(recording, window(5, 5)),
      () => measureWindow(recording, window(5, 6), { wallFactor: 0.5 }),
    ])
      expect(ask).toThrow(InputError);
  });

  it("measures nothing as nothing", () => {
    expect(measureWindow(recordingOf(), window(0, 1))).toMatchObject({
      kind: "missing",
      grossJ: undefined,
      coverage: 0,
      sources: [],
    });
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

  it("is 1.65 σ for one error that lies evenly between limits, and exact for the sum of two", () => {
    const even = { cause: "tolerance", sigmaJ: 1 / Math.sqrt(3), excess: -1.2 };
    expect(intervalAround(0, [even]).highJ).toBeCloseTo(0.95, 3);
    // Half-width of 95 % of a triangle between ±2: 2 − 2 √0.05.
    expect(intervalAround(0, [even, even]).highJ).toBeCloseTo(2 - 2 * Math.sqrt(0.05), 2);
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
