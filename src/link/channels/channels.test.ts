import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { besselJ0 } from "../fading/bessel.ts";
import { complexSeries } from "../fading/rayleigh.ts";
import { makeGrid } from "../grid.ts";
import { PROFILES, type ProfileName } from "./profiles.ts";
import { CHANNELS, makeChannel } from "./table.ts";
import { drawGains, profilePaths } from "./tdl.ts";

const DRAWS = 10_000;
const LIMIT = 0.05;
const grid = makeGrid();

describe.each(Object.keys(PROFILES) as ProfileName[])("%s", (name) => {
  const spec = { name, delaySpreadS: 100e-9, dopplerHz: 300 };
  const paths = profilePaths(PROFILES[name], spec.delaySpreadS, spec.dopplerHz);

  it("has taps of the powers of the table, which sum to 1", () => {
    expect(paths.reduce((sum, { power }) => sum + power, 0)).toBeCloseTo(1, 12);
    const small = makeGrid({ subcarriers: 12, symbols: 3 });
    const gains = complexSeries(paths.length * small.symbols);
    const powers = new Float64Array(paths.length);
    const random = seededRandom(1);
    const still = profilePaths(PROFILES[name], spec.delaySpreadS, 0);
    for (let draw = 0; draw < DRAWS; draw++) {
      drawGains(gains, still, small, random);
      for (let l = 0; l < paths.length; l++) powers[l]! += (gains.re[l * 3]! ** 2 + gains.im[l * 3]! ** 2) / DRAWS;
    }
    for (const [l, { power }] of paths.entries()) {
      expect(Math.abs(powers[l]! - power)).toBeLessThan(LIMIT);
      expect(Math.abs(powers[l]! / power - 1)).toBeLessThan(LIMIT);
    }
  });

  it("is correlated over frequency and time as theory says", () => {
    // responses at a few subcarriers and symbols only: the whole grid would take long
    const narrow = makeGrid({ subcarriers: 24 });
    const wide = { ...narrow, spacingHz: 15e3 * 13 };
    const channel = makeChannel(spec, wide);
    const response = complexSeries(wide.size);
    const overFrequency = complexSeries(24);
    const overTime = complexSeries(14);
    const random = seededRandom(2);
    for (let draw = 0; draw < DRAWS; draw++) {
      channel.respond(response, 0, random);
      const [x, y] = [response.re[0]!, response.im[0]!];
      for (let k = 0; k < 24; k++) {
        overFrequency.re[k]! += (response.re[k]! * x + response.im[k]! * y) / DRAWS;
        overFrequency.im[k]! += (response.im[k]! * x - response.re[k]! * y) / DRAWS;
      }
      for (let t = 0; t < 14; t++) {
        const at = 24 * t;
        overTime.re[t]! += (response.re[at]! * x + response.im[at]! * y) / DRAWS;
        overTime.im[t]! += (response.im[at]! * x - response.re[at]! * y) / DRAWS;
      }
    }
    for (let k = 0; k < 24; k++) {
      const angle = 2 * Math.PI * wide.spacingHz * k;
      const re = paths.reduce((sum, { power, delayS }) => sum + power * Math.cos(angle * delayS), 0);
      const im = paths.reduce((sum, { power, delayS }) => sum - power * Math.sin(angle * delayS), 0);
      expect(Math.abs(overFrequency.re[k]! - re)).toBeLessThan(LIMIT);
      expect(Math.abs(overFrequency.im[k]! - im)).toBeLessThan(LIMIT);
    }
    const sight = paths.filter(({ kind }) => kind === "sight").reduce((sum, { power }) => sum + power, 0);
    for (let t = 0; t < 14; t++) {
      const angle = 2 * Math.PI * 300 * t * wide.symbolS;
      const re = (1 - sight) * besselJ0(angle) + sight * Math.cos(0.7 * angle);
      expect(Math.abs(overTime.re[t]! - re)).toBeLessThan(LIMIT);
      expect(Math.abs(overTime.im[t]! - sight * Math.sin(0.7 * angle))).toBeLessThan(LIMIT);
    }
  });
});

describe("channels", () => {
  it.each(CHANNELS)("%s has mean power 1", (name) => {
    const channel = makeChannel({ name }, grid);
    const response = complexSeries(grid.size);
    const random = seededRandom(3);
    const [draws, places] = [4000, [0, 2000, 4367]];
    let power = 0;
    for (let draw = 0; draw < (name === "awgn" ? 1 : draws); draw++) {
      channel.respond(response, 0, random);
      for (const at of places) power += response.re[at]! ** 2 + response.im[at]! ** 2;
    }
    power /= places.length * (name === "awgn" ? 1 : draws);
    expect(Math.abs(power - 1)).toBeLessThan(0.07);
  });
  it("stand still without Doppler, and Rayleigh blocks are flat unless asked to fade per element", () => {
    const random = seededRandom(4);
    const response = complexSeries(grid.size);
    makeChannel({ name: "tdl-c" }, grid).respond(response, 0, random);
    expect(response.re[5]).toBe(response.re[13 * 312 + 5]);
    expect(response.re[5]).not.toBe(response.re[100]);
    makeChannel({ name: "rayleigh" }, grid).respond(response, 0, random);
    expect(new Set(response.re).size).toBe(1);
    makeChannel({ name: "rayleigh", fading: "re" }, grid).respond(response, 0, random);
    expect(new Set(response.re).size).toBeGreaterThan(4000);
  });
  it("name what cannot be", () => {
    expect(() => makeChannel({ name: "tdl-f" }, grid)).toThrow(/unknown channel "tdl-f"; nearest: tdl-/);
    expect(() => makeChannel({ name: "awgn", dopplerHz: 10 }, grid)).toThrow(/awgn has no delay spread/);
    expect(() => makeChannel({ name: "tdl-a", fading: "re" }, grid)).toThrow(/fades in no other way/);
    expect(() => makeChannel({ name: "tdl-a", delaySpreadS: 1 }, grid)).toThrow(/delay spread of 1 s/);
    expect(() => makeChannel({ name: "tdl-a", dopplerHz: 5000 }, grid)).toThrow(/Doppler shift of 5000 Hz/);
  });
});
