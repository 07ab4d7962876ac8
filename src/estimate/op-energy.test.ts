import { describe, expect, it } from "vitest";
import { COMPLETE, deviceOf, layerOf, PROCESS_45NM, sourced, workOf } from "../../test/small-work.ts";
import type { EnergyEstimate, EstimateOptions } from "./metric.ts";
import { opEnergy } from "./op-energy.ts";
import { SCALABLE_NM, scalingFrom45 } from "./process-scaling.ts";

/** The MNIST network of [Krouka2021]: 433,274 parameters and 6,236,544 MACs; here as two layers of the same sums. */
const krouka = workOf([
  layerOf("conv", { macs: 6_000_000, params: 133_274 }),
  layerOf("fc", { op: "Gemm", macs: 236_544, params: 300_000 }),
]);

function energyOf(work = krouka, given: EstimateOptions = {}, hardware = COMPLETE): EnergyEstimate {
  const result = opEnergy.estimate(work, hardware, { process: PROCESS_45NM, ...given });
  if ("needs" in result) throw new Error(result.needs.join());
  return result;
}

const PER_PARAM = { value: 2.6e-9, low: 2.6e-9, high: 2.6e-9 };

describe("op-energy on the network of [Krouka2021]", () => {
  // E_c = 6,236,544 · (3.7 + 0.9) pJ = 28.688 µJ; E_m = 433,274 · 1.3 nJ = 563.256 µJ.
  it("is multiplications, additions and fetched parameters at their price", () => {
    const { energyJ, lowJ, highJ, parts, assumptions } = energyOf();
    expect(parts.compute).toBeCloseTo(28.6881024e-6, 15);
    expect(parts.memory).toBeCloseTo(563.2562e-6, 12);
    expect(energyJ).toBeCloseTo(591.9443e-6, 10);
    expect(lowJ).toBeCloseTo(28.6881024e-6 + 433_274 * 0.65e-9, 12);
    expect(highJ).toBeCloseTo(28.6881024e-6 + 433_274 * 2.6e-9, 12);
    expect(assumptions[0]).toContain("not of Device");
  });

  it("is of the order of table III: above its largest processing energy of the same network, below ten times that", () => {
    // E_p of PSNC, the uncompressed network with a cut that moves: 0.23e-4 J to 2.60e-4 J, so less than the whole network's.
    expect(energyOf().energyJ).toBeGreaterThan(2.6e-4);
    expect(energyOf(krouka, { energyPerElementJ: PER_PARAM }).energyJ).toBeLessThan(2.6e-3);
  });

  it("takes another price per element", () => {
    expect(energyOf(krouka, { energyPerElementJ: PER_PARAM }).parts.memory).toBeCloseTo(433_274 * 2.6e-9, 12);
  });

  it("skips zero weights, their operations and their fetches", () => {
    const all = energyOf();
    expect(energyOf(krouka, { nonzeroRatio: 0.25 }).energyJ).toBeCloseTo(all.energyJ / 4, 12);
    const pruned = energyOf(krouka, { nonzeroRatio: new Map([["fc", 0.02]]) });
    expect(pruned.layers[0]).toEqual(all.layers[0]);
    expect(pruned.layers[1]!.energyJ).toBeCloseTo(all.layers[1]!.energyJ * 0.02, 12);
  });

  it("fetches weights three times in a training step", () => {
    expect(energyOf({ ...krouka, phase: "training" }).parts.memory).toBeCloseTo(3 * 563.2562e-6, 10);
  });
});

describe("op-energy", () => {
  it("counts int8 at int8 prices, a quarter of the bits per weight", () => {
    const work = workOf([layerOf("conv", { macs: 1e6, params: 1000, weightBytes: 1000, dtype: "int8" })]);
    const { parts } = energyOf(work);
    expect(parts.compute).toBeCloseTo(1e6 * 0.23e-12, 15);
    expect(parts.memory).toBeCloseTo((1000 * 1.3e-9) / 4, 15);
  });

  it("does not charge running statistics", () => {
    const work = workOf([layerOf("bn", { params: 128, buffers: 128 })]);
    expect(energyOf(work).energyJ).toBeCloseTo(128 * 1.3e-9, 15);
  });

  it("charges activations when asked", () => {
    const work = workOf([layerOf("conv", { params: 100, readBytes: 400 + 4000, writtenBytes: 2000 })]);
    expect(energyOf(work).energyJ).toBeCloseTo(100 * 1.3e-9, 15);
    expect(energyOf(work, { chargeActivations: true }).energyJ).toBeCloseTo((100 + 1500) * 1.3e-9, 15);
  });

  it("fetches from the smallest memory that holds the weights when asked", () => {
    const small = workOf([layerOf("fc", { params: 2048 })]);
    expect(energyOf(small, { memoryLevel: "by-size" }).energyJ).toBeCloseTo((2048 * 10e-12) / 2, 18);
    const middle = workOf([layerOf("fc", { params: 2049 })]);
    expect(energyOf(middle, { memoryLevel: "by-size" }).energyJ).toBeCloseTo((2049 * 20e-12) / 2, 18);
    expect(energyOf(krouka, { memoryLevel: "by-size" })).toEqual(energyOf());
    expect(energyOf(small, { memoryLevel: "1 mb sram" }).energyJ).toBeCloseTo((2048 * 100e-12) / 2, 16);
    expect(() => energyOf(small, { memoryLevel: "L9" })).toThrow(/unknown memory level "L9"/u);
  });

  it("uses a device's own DRAM price only when asked for the level", () => {
    const hbm = { name: "HBM2", energyPerBitJ: sourced(4e-12) };
    const device = { ...COMPLETE, memoryLevels: [hbm] };
    const work = workOf([layerOf("fc", { params: 1000 })]);
    expect(energyOf(work, {}, device).energyJ).toBeCloseTo(1000 * 1.3e-9, 15);
    expect(energyOf(work, { memoryLevel: "DRAM" }, device).energyJ).toBeCloseTo(1000 * 32 * 4e-12, 15);
  });

  it("needs prices of operations, and is no metric of memory modules", () => {
    expect(opEnergy.estimate(krouka, COMPLETE, {})).toMatchObject({ needs: ["arithmetic"] });
    expect(opEnergy.estimate(krouka, deviceOf({ kind: "memory" }), { process: PROCESS_45NM })).toHaveProperty("needs");
    expect(energyOf(krouka, {}, PROCESS_45NM).energyJ).toBeCloseTo(591.9443e-6, 10);
  });
});

describe("scaling from 45 nm", () => {
  // [Stillmaker2017] corrigendum: the factor of 32 nm at 0.9 V is 0.4571; 45 nm at 0.9 V is 0.69885.
  it("is the ratio of the fitted factors", () => {
    expect(scalingFrom45(32).value).toBeCloseTo(0.4571 / 0.69885, 3);
    expect(scalingFrom45(45)).toEqual({ value: 1, low: 1, high: 1 });
  });

  it("falls with the node", () => {
    const factors = SCALABLE_NM.map((nm) => scalingFrom45(nm).value);
    expect(factors).toEqual([...factors].sort((a, b) => b - a));
    expect(factors.at(-1)).toBeGreaterThan(0.05);
  });

  it("scales arithmetic and on-chip memory, not DRAM", () => {
    const before = energyOf();
    const after = energyOf(krouka, { scaleToNm: 7 });
    expect(after.parts.memory).toBe(before.parts.memory);
    expect(after.parts.compute).toBeCloseTo(before.parts.compute! * scalingFrom45(7).value, 15);
    const chip = energyOf(krouka, { scaleToNm: 7, memoryLevel: "1 MB SRAM" }).parts.memory!;
    expect(chip).toBeCloseTo(433_274 * 50e-12 * scalingFrom45(7).value, 12);
  });

  it("knows only the nodes of the fit", () => {
    expect(() => scalingFrom45(22)).toThrow(/no scaling from 45 nm to 22 nm/u);
  });
});
