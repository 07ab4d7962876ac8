// The published test vectors of 5G, where they are; and facts of the standard that were worked out by hand.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { PROFILES } from "./channels/profiles.ts";
import { profilePaths } from "./channels/tdl.ts";
import { type DmrsType, dmrsSequence, dmrsSymbol } from "./dmrs.ts";
import { besselJ0 } from "./fading/bessel.ts";
import { goldBits } from "./gold.ts";
import { constellationOf, MODULATIONS } from "./qam.ts";

const VECTORS = resolve(import.meta.dirname, "../../../shared/data/nr-vectors");
const read = (name: string) => JSON.parse(readFileSync(join(VECTORS, name), "utf8"));

describe("constellations", () => {
  it("have the corners and neighbours of TS 38.211", () => {
    const { re, im, scale } = constellationOf("16qam");
    const at = (label: number) => [re[label]! * scale, im[label]! * scale].map(Math.round);
    expect(at(0b0000)).toEqual([1, 1]);
    expect(at(0b0011)).toEqual([3, 3]);
    expect(at(0b1000)).toEqual([-1, 1]);
    expect(at(0b0111)).toEqual([3, -3]);
    expect(Math.round(constellationOf("256qam").re[0b10101010]! * Math.sqrt(170))).toBe(-15);
  });
  it.each(MODULATIONS)("%s has mean power 1, and nearest neighbours differ in one bit", (name) => {
    const { re, im, scale, bits } = constellationOf(name);
    const power = re.reduce((sum, x, i) => sum + x * x + im[i]! ** 2, 0) / re.length;
    expect(power).toBeCloseTo(1, 12);
    expect(re.length).toBe(2 ** bits);
    for (let a = 0; a < re.length; a++)
      for (let b = 0; b < a; b++) {
        const distance = Math.hypot(re[a]! - re[b]!, im[a]! - im[b]!) * scale;
        if (distance > 2.1) continue;
        expect((a ^ b).toString(2).replaceAll("0", "")).toBe("1");
      }
  });
});

describe("Gold sequence", () => {
  it("starts as worked out by hand from its registers", () => {
    // With c_init = 0 the second register is all zeros, and c is x1 alone: x1(n + 31) = x1(n + 3) + x1(n) from 1, 0, 0, …
    const register = [1, ...new Array<number>(30).fill(0)];
    for (let n = 0; n < 1700; n++) register.push(register[n + 3]! ^ register[n]!);
    expect([...goldBits(0, 100)]).toEqual(register.slice(1600, 1700));
  });
  it("gives pilots of power 1 that depend on slot, symbol and cell", () => {
    const one = dmrsSequence({ slotNumber: 0, symbol: 2 }, 156);
    for (let i = 0; i < 156; i++) expect(one.re[i]! ** 2 + one.im[i]! ** 2).toBeCloseTo(1, 12);
    for (const place of [
      { slotNumber: 1, symbol: 2 },
      { slotNumber: 0, symbol: 11 },
      { slotNumber: 0, symbol: 2, nId: 1 },
      { slotNumber: 0, symbol: 2, nScid: 1 },
    ])
      expect(dmrsSequence(place, 156).re).not.toEqual(one.re);
  });
});

describe.skipIf(!existsSync(VECTORS))("published vectors", () => {
  it("have our constellations, bit for bit", () => {
    const tables = read("qam_38211.json");
    for (const name of MODULATIONS) {
      const { bits, re, im } = constellationOf(name);
      const { norm_sq, points_unnormalised } = tables[bits];
      const divided = (axis: number) =>
        Float64Array.from(points_unnormalised, (point: number[]) => point[axis]! / Math.sqrt(norm_sq));
      expect(re).toEqual(divided(0));
      expect(im).toEqual(divided(1));
    }
  });

  it.each([
    ["reference_dmrs_1.json", 12],
    ["reference_dmrs_2.json", 48],
  ] as const)("have our pilots of type 2 on two symbols, bit for bit: %s", (file, subcarriers) => {
    // N_ID 4, double pilots at symbols 2 and 10; the columns are cells (no matter) × slots × ports
    const { shape, sign_re, sign_im, magnitude } = read(file);
    const [slots, ports] = [
      [0, 1, 5, 9],
      [0, 3, 4, 9, 11],
    ];
    for (let column = 0; column < shape[1]; column++) {
      const slotNumber = slots[Math.floor(column / 5) % 4]!;
      const port = ports[column % 5]!;
      const pilots = [2, 3, 10, 11].flatMap((symbol) => {
        const second = symbol % 2 === 1;
        const { re, im } = dmrsSymbol({ type: 2, port, slotNumber, symbol, nId: 4, second, amplitude: 1 }, subcarriers);
        return [...re.keys()].filter((k) => re[k] !== 0).map((k) => [re[k]!, im[k]!] as const);
      });
      expect(pilots.length).toBe(shape[0]);
      const signed = (bit: number) => (bit === 1 ? magnitude : -magnitude);
      for (const [row, [re, im]] of pilots.entries()) {
        expect(re).toBeCloseTo(signed(sign_re[row][column]), 15);
        expect(im).toBeCloseTo(signed(sign_im[row][column]), 15);
      }
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 42])("have our pilots in PUSCH grid %i", (test) => {
    const { carrier, pusch, _vector } = read(`pusch/test_${test}.json`);
    const [subcarriers, symbols] = _vector.grid_shape;
    const bytes = readFileSync(join(VECTORS, "pusch", _vector.grid_file));
    const grid = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const { config_type, length, n_scid, n_id, num_cdm_groups_without_data } = pusch.dmrs;
    const places = length === 1 ? [2, 11] : [2, 3, 10, 11];
    for (const [i, symbol] of places.entries()) {
      const { re, im } = dmrsSymbol(
        {
          type: config_type as DmrsType,
          port: pusch.dmrs.dmrs_port_set[0],
          slotNumber: carrier.slot_number,
          symbol,
          nId: n_id,
          nScid: n_scid,
          second: length === 2 && i % 2 === 1,
          amplitude: Math.sqrt(num_cdm_groups_without_data),
        },
        subcarriers,
      );
      const pilots = [...re.keys()].filter((k) => re[k] !== 0);
      expect(pilots.length).toBe(subcarriers / (config_type === 1 ? 2 : 3));
      for (const k of pilots) {
        const at = 2 * (k * symbols + symbol);
        expect(grid[at]).toBeCloseTo(re[k]!, 6);
        expect(grid[at + 1]).toBeCloseTo(im[k]!, 6);
      }
    }
  });

  it("have our delay profiles, their spread and their correlation in frequency and time", () => {
    const reference = read("tdl_reference.json");
    for (const [name, profile] of Object.entries(PROFILES)) {
      const published = read(`tdl_cdl/${name.toUpperCase()}.json`);
      expect(profile.delays).toEqual(published.delays);
      expect(profile.powersDb).toEqual(published.powers);
      const paths = profilePaths(profile, 1, 0);
      const mean = paths.reduce((sum, { power, delayS }) => sum + power * delayS, 0);
      const square = paths.reduce((sum, { power, delayS }) => sum + power * delayS ** 2, 0);
      const { rms, mean: expected } = reference.pdp[name.slice(-1).toUpperCase()];
      expect(mean).toBeCloseTo(expected, 9);
      expect(Math.sqrt(square - mean ** 2)).toBeCloseTo(rms, 9);
    }
    for (const [name, values] of Object.entries<[number, number][]>(reference.freq_corr)) {
      const [letter = "", spread = ""] = name.split("_");
      // the set named 29 ns was made with 30 ns, cut to a whole number on the way
      const profile = PROFILES[`tdl-${letter.toLowerCase()}` as keyof typeof PROFILES];
      const paths = profilePaths(profile, (spread === "29ns" ? 30 : Number.parseFloat(spread)) * 1e-9, 0);
      for (const [i, lag] of reference.freq_corr_15kHz_lags.entries()) {
        const angle = 2 * Math.PI * 15e3 * lag;
        const re = paths.reduce((sum, { power, delayS }) => sum + power * Math.cos(angle * delayS), 0);
        const im = paths.reduce((sum, { power, delayS }) => sum - power * Math.sin(angle * delayS), 0);
        expect(re).toBeCloseTo(values[i]![0], 9);
        expect(im).toBeCloseTo(values[i]![1], 9);
      }
    }
    for (const [name, rows] of Object.entries<[number, number][]>(reference.jakes))
      for (const [lag, value] of name.startsWith("fd") ? rows : [])
        expect(besselJ0((2 * Math.PI * Number(name.slice(2)) * lag * 1e-3) / 14)).toBeCloseTo(value, 9);
  });
});
