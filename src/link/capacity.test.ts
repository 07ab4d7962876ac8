import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import {
  capacityBits,
  dispersionBits2,
  energyPerBitJ,
  ergodicRayleighBits,
  leastEnergyPerBitJ,
  outageCapacityBits,
  outageRatio,
  powerForRateW,
  shannonRateBps,
  shortBlockBits,
  snrOf,
  thermalNoiseWPerHz,
} from "./capacity.ts";
import { rayleighGains } from "./fading/rayleigh.ts";

describe("capacity", () => {
  const link = { bandwidthHz: 1e6, powerW: 0.1, gainRatio: 1e-11, noiseWPerHz: 4e-21 };
  it("is Shannon's, and the power for a rate is its inverse", () => {
    expect(snrOf(link)).toBeCloseTo(250, 9);
    expect(shannonRateBps(link)).toBeCloseTo(1e6 * Math.log2(251), 3);
    expect(powerForRateW(shannonRateBps(link), link) / 0.1).toBeCloseTo(1, 12);
    expect(shannonRateBps({ ...link, powerW: 0 })).toBe(0);
    expect(powerForRateW(1, { ...link, gainRatio: 0 })).toBe(Number.POSITIVE_INFINITY);
  });
  it("costs the more joules per bit the faster, and never less than N0 ln 2/|h|²", () => {
    const costs = [1e-6, 1e-3, 1].map((powerW) => energyPerBitJ(powerW, shannonRateBps({ ...link, powerW }))!);
    expect(costs).toEqual([...costs].sort((a, b) => a - b));
    const least = leastEnergyPerBitJ(link.gainRatio, link.noiseWPerHz);
    expect(costs[0]!).toBeGreaterThan(least);
    expect(energyPerBitJ(1e-9, shannonRateBps({ ...link, powerW: 1e-9 }))! / least).toBeCloseTo(1, 3);
    expect(energyPerBitJ(1, 0)).toBeUndefined();
  });
  it("has thermal noise of −174 dBm/Hz", () => {
    expect(10 * Math.log10(thermalNoiseWPerHz() * 1000)).toBeCloseTo(-173.975, 2);
    expect(thermalNoiseWPerHz(3) / thermalNoiseWPerHz()).toBeCloseTo(1.995, 3);
  });
  it("loses to short blocks what the normal approximation says", () => {
    // at 0 dB: V = 3/4·log2²e; n = 1,000 and Q⁻¹(1e-3) = 3.0902
    expect(dispersionBits2(1)).toBeCloseTo(0.75 * Math.LOG2E ** 2, 12);
    const rate = shortBlockBits(1, { uses: 1000, errorRatio: 1e-3 });
    expect(rate).toBeCloseTo(1 - Math.sqrt((0.75 * Math.LOG2E ** 2) / 1000) * 3.090232, 6);
    expect(shortBlockBits(1, { uses: 1e12, errorRatio: 1e-3 })).toBeCloseTo(1, 5);
    expect(shortBlockBits(1e-3, { uses: 10, errorRatio: 1e-6 })).toBe(0);
    expect(shortBlockBits(1, { uses: 100, errorRatio: 0.5 })).toBeCloseTo(capacityBits(1), 12);
  });
  it("averages over Rayleigh fading as the exponential integral does", () => {
    // e^{1/s}·E1(1/s)/ln 2 with E1(1) = 0.21938393439552, E1(0.1) = 1.82292395841939, E1(0.01) = 4.03792957653811
    const closed = [
      [1, 0.21938393439552],
      [10, 1.82292395841939],
      [100, 4.03792957653811],
    ] as const;
    for (const [snr, e1] of closed)
      expect(ergodicRayleighBits(snr)).toBeCloseTo((Math.exp(1 / snr) * e1) / Math.LN2, 10);
    expect(ergodicRayleighBits(0)).toBe(0);
  });
  it("averages with several antennas as drawn gains do", () => {
    const random = seededRandom(1);
    const [a, b] = [rayleighGains(200_000, random), rayleighGains(200_000, random)];
    const drawn = a.reduce((sum, gain, i) => sum + capacityBits(5 * (gain + b[i]!)), 0) / a.length;
    expect(Math.abs(ergodicRayleighBits(5, 2) - drawn)).toBeLessThan(0.01);
  });
  it("is out as often as the gain is too low", () => {
    expect(outageRatio(10, 1)).toBeCloseTo(1 - Math.exp(-0.1), 14);
    expect(outageRatio(10, 1, 2)).toBeCloseTo(1 - Math.exp(-0.1) * 1.1, 14);
    expect(outageRatio(1, 3, 2)).toBeCloseTo(1 - Math.exp(-7) * 8, 14);
    expect(outageRatio(1e9, 1, 2) / (1e-18 / 2)).toBeCloseTo(1, 6);
    expect(outageRatio(0, 1)).toBe(1);
    for (const branches of [1, 2, 4])
      expect(outageRatio(7, outageCapacityBits(7, 0.03, branches), branches)).toBeCloseTo(0.03, 10);
  });
  it("names what is out of range", () => {
    expect(() => snrOf({ ...link, bandwidthHz: 0 })).toThrow(/bandwidth: 0 is out of range/);
    expect(() => snrOf({ ...link, powerW: Number.NaN })).toThrow(/power/);
    expect(() => shortBlockBits(1, { uses: 0, errorRatio: 0.1 })).toThrow(/channel uses/);
    expect(() => shortBlockBits(1, { uses: 9, errorRatio: 1 })).toThrow(/block error/);
    expect(() => ergodicRayleighBits(1, 1.5)).toThrow(/antennas/);
    expect(() => outageCapacityBits(1, 0)).toThrow(/outage/);
    expect(() => thermalNoiseWPerHz(0, -1)).toThrow(/temperature/);
  });
});
