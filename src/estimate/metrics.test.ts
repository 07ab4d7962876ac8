// Each equation against an example worked by hand. What holds for all of them is in laws.test.ts.
import { describe, expect, it } from "vitest";
import { COMPLETE, deviceOf, layerOf, sourced, workOf } from "../../test/small-work.ts";
import { clock } from "./clock.ts";
import { flopsPerWatt } from "./flops-per-watt.ts";
import { greenAlgorithms } from "./green-algorithms.ts";
import { macLinear } from "./mac-linear.ts";
import type { EnergyEstimate, MissingEstimate } from "./metric.ts";
import { roofline } from "./roofline.ts";
import { tdp } from "./tdp.ts";

function estimated(result: EnergyEstimate | MissingEstimate): EnergyEstimate {
  if ("needs" in result) throw new Error(result.needs.join());
  return result;
}

/** One convolution of 1 GMAC, 2 GFLOP; 1 GB moved. */
const gigaMac = workOf([layerOf("conv", { macs: 1e9, readBytes: 0.75e9, writtenBytes: 0.25e9, inputElements: 1e6 })]);

describe("flops-per-watt", () => {
  it("gives DeepRx 5.31 mJ on the Coral Edge TPU: 4 TOP/s at 2 W is 0.5 pJ per operation", () => {
    const coral = deviceOf({ kind: "tpu", name: "Coral", peakFlopsPerS: { int8: sourced(4e12) }, tdpW: sourced(2) });
    const deepRx = workOf([layerOf("deeprx", { macs: 5.31e9 })]);
    const estimate = estimated(flopsPerWatt.estimate(deepRx, coral, {}));
    expect(estimate.energyJ).toBeCloseTo(2 * 5.31e9 * 0.5e-12, 12);
    expect(estimate.energyJ).toBeCloseTo(5.31e-3, 12);
    expect(estimate.durationS).toBeCloseTo(10.62e9 / 4e12, 12);
    expect(estimate.assumptions.join()).toContain("float32 layers are counted as int8 operations");
  });

  it("spans the sources: low is low watts over high rate", () => {
    const { energyJ, lowJ, highJ } = estimated(flopsPerWatt.estimate(gigaMac, COMPLETE, {}));
    expect(energyJ).toBeCloseTo((2e9 * 100) / 1e12, 12);
    expect(lowJ).toBeCloseTo((2e9 * 90) / 1.5e12, 12);
    expect(highJ).toBeCloseTo((2e9 * 120) / 0.8e12, 12);
  });

  it("uses the layer's own type where the device has a rate for it", () => {
    const quantised = workOf([layerOf("conv", { macs: 1e9, dtype: "uint8" })]);
    expect(estimated(flopsPerWatt.estimate(quantised, COMPLETE, {})).energyJ).toBeCloseTo((2e9 * 100) / 4e12, 12);
  });

  it("costs twice as much at half the peak rate", () => {
    const half = { value: 0.5, low: 0.5, high: 0.5 };
    expect(estimated(flopsPerWatt.estimate(gigaMac, COMPLETE, { utilisationRatio: half })).energyJ).toBeCloseTo(
      0.4,
      12,
    );
  });

  it("names the number that is not there", () => {
    const result = flopsPerWatt.estimate(gigaMac, deviceOf({ peakFlopsPerS: { float32: sourced(1e12) } }), {});
    expect(result).toEqual({ device: "device", metric: "flops-per-watt", needs: ["tdpW"] });
  });
});

describe("clock", () => {
  // P = 16 · 1e-28 · (2e9)³ = 12.8 W; t = 2e9 / (16 · 2e9 · 32) = 1.953125 ms; E = 25 mJ.
  it("is n·κ·f³ times FLOPs / (n·f·FLOPs per clock)", () => {
    const estimate = estimated(clock.estimate(gigaMac, COMPLETE, {}));
    expect(estimate.durationS).toBeCloseTo(1.953125e-3, 12);
    expect(estimate.energyJ).toBeCloseTo(12.8 * 1.953125e-3, 12);
    expect(estimate.assumptions[0]).toContain("12.8 W");
    expect(estimate.assumptions.join()).not.toContain("not independent");
  });

  // n·κ·f³ at all highs is 16 · 1e-27 · (3e9)³ = 432 W on a part of at most 120 W, 7.5 W per core.
  it("lets P go up to TDP and no further, and the energy with it", () => {
    const { energyJ, lowJ, highJ, assumptions } = estimated(clock.estimate(gigaMac, COMPLETE, {}));
    const cycles = 2e9 / 32;
    expect(lowJ).toBeCloseTo(1e-28 * 1.5e9 ** 2 * cycles, 12);
    expect(highJ).toBeCloseTo(1e-27 * Math.cbrt(7.5 / 1e-27) ** 2 * cycles, 12);
    expect(energyJ).toBeCloseTo(0.025, 12);
    expect(assumptions[0]).toBe(
      "P = n·κ·f³ = 12.8 W (5.40 W – 120 W) with n = 16 cores, f = 2.00 GHz (1.50 GHz – 3.00 GHz), κ = 1.00e-28 (1.00e-28 – 1.00e-27) W/Hz³",
    );
    expect(assumptions[1]).toContain("432 W");
  });

  it("never lets P at the lowest clock exceed TDP either: κ gives way", () => {
    const xeon = deviceOf({
      cores: sourced(18),
      clockHz: sourced(2.2e9, 2.2e9, 3.9e9),
      tdpW: sourced(125),
      flopsPerClockPerCore: { float32: sourced(32) },
      switchedCapacitance: sourced(1e-28, 1e-28, 1e-27),
    });
    const { durationS, highJ, assumptions } = estimated(clock.estimate(gigaMac, xeon, {}));
    expect(highJ).toBeCloseTo(125 * durationS!, 12);
    expect(assumptions[0]).toContain("19.2 W (19.2 W – 125 W)");
    expect(assumptions[0]).toContain("κ = 1.00e-28 (1.00e-28 – 6.52e-28)");
  });

  it("has no limit where TDP is not known or is far away", () => {
    const { tdpW: _, ...device } = COMPLETE;
    for (const free of [device, { ...device, tdpW: sourced(500) }]) {
      const { highJ, assumptions } = estimated(clock.estimate(gigaMac, free, {}));
      expect(highJ).toBeCloseTo(1e-27 * 3e9 ** 2 * (2e9 / 32), 9);
      expect(assumptions[0]).toContain("(5.40 W – 432 W)");
      expect(assumptions.join()).not.toContain("not sustained");
    }
  });

  it("with κ from TDP and FLOPs per clock from peak is flops-per-watt again, and says so", () => {
    const { switchedCapacitance: _, ...known } = COMPLETE;
    const bare = { ...known, flopsPerClockPerCore: {} };
    const estimate = estimated(clock.estimate(gigaMac, bare, {}));
    expect(estimate.energyJ).toBeCloseTo(estimated(flopsPerWatt.estimate(gigaMac, bare, {})).energyJ, 12);
    expect(estimate.assumptions.filter((text) => text.includes("not independent of flops-per-watt"))).toHaveLength(2);
  });

  it("needs cores, clock and a capacitance", () => {
    expect(clock.estimate(gigaMac, deviceOf(), {})).toMatchObject({
      needs: ["cores", "clockHz", "switchedCapacitance", "flopsPerClockPerCore"],
    });
  });
});

describe("mac-linear", () => {
  // α 2 pJ · 1e9 + β 1 nJ · 1e6 = 3 mJ; γ 5 pJ · 1e6 = 5 µJ; a ReLU nothing.
  it("charges convolutions by MACs and inputs, dense layers by MACs, the rest nothing", () => {
    const work = workOf([
      ...gigaMac.layers,
      layerOf("fc", { op: "Gemm", macs: 1e6, inputElements: 1e3 }),
      layerOf("relu", { op: "Relu", adds: 1e6 }),
    ]);
    const estimate = estimated(macLinear.estimate(work, COMPLETE, {}));
    expect(estimate.layers.map((layer) => layer.energyJ)).toEqual([
      expect.closeTo(3e-3, 12),
      expect.closeTo(5e-6, 12),
      0,
    ]);
    expect(estimate.parts).toEqual({ compute: expect.closeTo(2.005e-3, 12), memory: expect.closeTo(1e-3, 12) });
    expect([estimate.lowJ, estimate.highJ]).toEqual([expect.closeTo(2.505e-3, 12), expect.closeTo(4.005e-3, 12)]);
  });
});

describe("roofline", () => {
  // arithmetic 2e9 / 1e12 = 2 ms, memory 1e9 / 1e11 = 10 ms: memory binds, 20 W idle + 80 W dynamic for 10 ms.
  it("takes the slower of arithmetic and memory and splits idle from dynamic power", () => {
    const estimate = estimated(roofline.estimate(gigaMac, COMPLETE, {}));
    expect(estimate.durationS).toBeCloseTo(0.01, 12);
    expect(estimate.parts).toEqual({ memory: expect.closeTo(0.8, 12), idle: expect.closeTo(0.2, 12) });
    expect(estimate.energyJ).toBeCloseTo(1, 12);
  });

  // Half of peak: arithmetic takes 4 ms of which 2 ms at peak: 20 W · 4 ms + 80 W · 2 ms.
  it("charges dynamic power only for the time at peak", () => {
    const work = workOf([layerOf("conv", { macs: 1e9 })]);
    const half = { value: 0.5, low: 0.5, high: 0.5 };
    const estimate = estimated(roofline.estimate(work, COMPLETE, { utilisationRatio: half }));
    expect(estimate.parts).toEqual({ compute: expect.closeTo(0.16, 12), idle: expect.closeTo(0.08, 12) });
  });

  it("charges all of TDP when idle power is not known, and says so", () => {
    const { idleW: _, ...device } = COMPLETE;
    const estimate = estimated(roofline.estimate(gigaMac, device, {}));
    expect(estimate.parts).toEqual({ memory: expect.closeTo(1, 12) });
    expect(estimate.assumptions[0]).toBe("idle power not known: all of TDP, 100 W (90.0 W – 120 W), while running");
  });

  it("does not guess a bandwidth", () => {
    const { memoryBytesPerS: _, ...device } = COMPLETE;
    expect(roofline.estimate(gigaMac, device, {})).toMatchObject({ needs: ["memoryBytesPerS"] });
  });
});

describe("tdp", () => {
  it("is TDP times the roofline's time", () => {
    expect(estimated(tdp.estimate(gigaMac, COMPLETE, {})).energyJ).toBeCloseTo(100 * 0.01, 12);
  });

  it("takes a measured time and shares it among layers like their FLOPs when there is no roofline", () => {
    const device = deviceOf({ tdpW: sourced(250) });
    const work = workOf([layerOf("a", { macs: 3 }), layerOf("b", { macs: 1 })]);
    const estimate = estimated(tdp.estimate(work, device, { durationS: { value: 4, low: 3, high: 5 } }));
    expect(estimate.layers.map((layer) => layer.energyJ)).toEqual([750, 250]);
    expect([estimate.lowJ, estimate.highJ, estimate.durationS]).toEqual([750, 1250, 4]);
    expect(estimate.assumptions.join()).toContain("FLOPs");
  });

  it("of a measured time is complete though layers were not counted: the time holds them", () => {
    const unknown = [{ layer: "nms", op: "NonMaxSuppression", reason: "no rule" }];
    const work = workOf(gigaMac.layers, { unknown });
    const second = { value: 1, low: 1, high: 1 };
    for (const metric of [tdp, greenAlgorithms]) {
      const given = estimated(metric.estimate(work, COMPLETE, { durationS: second }));
      expect(given.complete).toBe(true);
      expect(given.assumptions.join()).toContain("the given time holds them");
      expect(estimated(metric.estimate(work, COMPLETE, {})).complete).toBe(false);
    }
    const { memoryBytes: _, ...device } = COMPLETE;
    expect(estimated(greenAlgorithms.estimate(work, device, { durationS: second })).complete).toBe(false);
  });
});

describe("green-algorithms", () => {
  // One hour, TDP 100 W fully used, 16 GB · 0.3725 W = 5.96 W, PUE 1.67: 0.1770 kWh.
  it("adds memory by size and the data centre's overhead", () => {
    const hour = { value: 3600, low: 3600, high: 3600 };
    const estimate = estimated(greenAlgorithms.estimate(gigaMac, COMPLETE, { durationS: hour }));
    expect(estimate.energyJ / 3.6e6).toBeCloseTo((100 + 5.96) * 1.67e-3, 9);
    expect(estimate.parts.facility).toBeCloseTo((100 + 5.96) * 3600 * 0.67, 6);
  });

  it("charges what the network needs when the device's memory is not known", () => {
    const { memoryBytes: _, ...device } = COMPLETE;
    const work = { ...gigaMac, peakActivationBytes: 2e9 };
    const estimate = estimated(greenAlgorithms.estimate(work, device, { pueRatio: 1 }));
    expect(estimate.parts.memory).toBeCloseTo(2 * 0.3725 * 0.01, 12);
    expect(estimate.assumptions.join()).toContain("what weights and activations need");
  });
});
