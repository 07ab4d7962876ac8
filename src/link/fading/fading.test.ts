import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { mean } from "../../math/statistics.ts";
import { besselJ0 } from "./bessel.ts";
import { addJakesGain, jakesSeries, powersOf } from "./jakes.ts";
import { complexSeries, rayleighGains } from "./rayleigh.ts";

describe("besselJ0", () => {
  it("has the tabled values", () => {
    // [AbramowitzStegun, table 9.1] and the first zero
    for (const [x, value] of [
      [0, 1],
      [1, 0.7651976865579666],
      [5, -0.1775967713143383],
      [50, 0.05581232766925181],
      [2.404825557695773, 0],
    ] as const)
      expect(besselJ0(x)).toBeCloseTo(value, 13);
  });
});

describe("fading", () => {
  it("draws exponential gains", () => {
    const gains = [...rayleighGains(100_000, seededRandom(2), 3)];
    expect(mean(gains)).toBeCloseTo(3, 1);
    const below = gains.filter((gain) => gain < 0.3).length / gains.length;
    expect(Math.abs(below - (1 - Math.exp(-0.1)))).toBeLessThan(4 * Math.sqrt((0.095 * 0.905) / gains.length));
  });
  it("moves in time with autocorrelation J0, and is Gaussian at every time", () => {
    const draws = 10_000;
    const times = { count: 14, stepS: 1e-3 / 14 };
    const random = seededRandom(3);
    const correlation = complexSeries(times.count);
    let fourth = 0;
    for (let draw = 0; draw < draws; draw++) {
      const gain = complexSeries(times.count);
      addJakesGain(gain, 0, 1, 500, times, random);
      const { re, im } = gain;
      for (let t = 0; t < times.count; t++) {
        correlation.re[t]! += (re[0]! * re[t]! + im[0]! * im[t]!) / draws;
        correlation.im[t]! += (re[0]! * im[t]! - im[0]! * re[t]!) / draws;
      }
      fourth += (re[7]! ** 2 + im[7]! ** 2) ** 2 / draws;
    }
    for (let t = 0; t < times.count; t++) {
      expect(Math.abs(correlation.re[t]! - besselJ0(2 * Math.PI * 500 * t * times.stepS))).toBeLessThan(0.05);
      expect(Math.abs(correlation.im[t]!)).toBeLessThan(0.05);
    }
    expect(Math.abs(fourth - 2)).toBeLessThan(0.2);
  });
  it("gives a series whose power has mean 1 and which stands still without Doppler", () => {
    const moving = powersOf(jakesSeries(200_000, 1e-3, 100, seededRandom(4)));
    expect(mean([...moving])).toBeGreaterThan(0.6);
    expect(mean([...moving])).toBeLessThan(1.5);
    const still = powersOf(jakesSeries(10, 1e-3, 0, seededRandom(5)));
    expect(new Set(still).size).toBe(1);
  });
});
