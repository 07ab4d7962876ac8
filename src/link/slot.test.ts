import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import { makeChannel } from "./channels/table.ts";
import { makeGrid } from "./grid.ts";
import { checkPlanes, planeCount, readLlrs, writeBits, writePlanes } from "./planes.ts";
import { constellationOf, modulationNamed } from "./qam.ts";
import { ls } from "./receivers/ls.ts";
import { drawSlot, emptySlot, sinrDbOf, snrDbOf } from "./slot.ts";

const grid = makeGrid({ subcarriers: 48, pilots: 2 });

/** Mean power of what is received beside h·x, on data and on pilots, per antenna. */
function disturbance(sirDb: number | undefined, draws = 60) {
  const channel = makeChannel({ name: "tdl-a" }, grid);
  const slot = emptySlot(grid, 2, channel);
  const { re, im } = constellationOf("64qam");
  const random = seededRandom(8);
  let [onData, onPilots, pilots] = [0, 0, 0];
  for (let draw = 0; draw < draws; draw++) {
    drawSlot(
      slot,
      { modulation: "64qam", channel, snrDb: 10, slotIndex: draw, ...(sirDb !== undefined && { sirDb }) },
      random,
    );
    const { received, response, labels } = slot;
    for (let at = 0; at < 2 * grid.size; at++) {
      const element = at % grid.size;
      const isData = grid.isData[element] === 1;
      const [x, y] = isData
        ? [re[labels[element]!]!, im[labels[element]!]!]
        : [slot.pilots.re[element]!, slot.pilots.im[element]!];
      const power =
        (received.re[at]! - response.re[at]! * x + response.im[at]! * y) ** 2 +
        (received.im[at]! - response.re[at]! * y - response.im[at]! * x) ** 2;
      if (isData) onData += power / (draws * 2 * grid.data.length);
      else if (x !== 0) [onPilots, pilots] = [onPilots + power, pilots + 1];
    }
  }
  return { onData, onPilots: onPilots / pilots };
}

describe("slots", () => {
  it("have noise of 10^(−SNR/10), and interference of 10^(−SIR/10) on top, twice that on pilots", () => {
    const quiet = disturbance(undefined);
    expect(Math.abs(quiet.onData / 0.1 - 1)).toBeLessThan(0.02);
    expect(Math.abs(quiet.onPilots / 0.1 - 1)).toBeLessThan(0.04);
    const loud = disturbance(3, 300);
    expect(Math.abs(loud.onData / (0.1 + 10 ** -0.3) - 1)).toBeLessThan(0.1);
    expect(Math.abs(loud.onPilots / (0.1 + 2 * 10 ** -0.3) - 1)).toBeLessThan(0.15);
  });
  it("are the same from the same dice, whatever was in the slot before", () => {
    const channel = makeChannel({ name: "tdl-e", dopplerHz: 100 }, grid);
    const conditions = { modulation: "16qam", channel, snrDb: 5 } as const;
    const fresh = drawSlot(emptySlot(grid, 2, channel), conditions, seededRandom(1));
    const used = emptySlot(grid, 2, channel);
    drawSlot(used, { ...conditions, modulation: "256qam" }, seededRandom(2));
    drawSlot(used, conditions, seededRandom(1));
    expect(used.received).toEqual(fresh.received);
    expect([...grid.data].map((i) => used.labels[i])).toEqual([...grid.data].map((i) => fresh.labels[i]));
  });
  it("know SINR from SNR and SIR and back", () => {
    expect(sinrDbOf(10)).toBeCloseTo(10, 12);
    expect(sinrDbOf(10, 10)).toBeCloseTo(10 - 10 * Math.log10(2), 12);
    expect(snrDbOf(sinrDbOf(7, 12)!, 12)).toBeCloseTo(7, 9);
    expect(snrDbOf(12, 12)).toBeUndefined();
  });
});

describe("grids", () => {
  it("have pilots on even subcarriers of symbols 2 and 11, twice as strong, or data beside them", () => {
    expect(grid.pilotSymbols).toEqual([2, 11]);
    expect(grid.data.length).toBe(48 * 12);
    expect(makeGrid({ emptyGroups: 1 }).data.length).toBe(312 * 14 - 156);
    expect(makeGrid().data.length).toBe(312 * 13);
    expect(makeGrid({ spacingHz: 30e3 }).symbolS).toBeCloseTo(0.5e-3 / 14, 15);
  });
  it("say what cannot be", () => {
    expect(() => makeGrid({ subcarriers: 100 })).toThrow(/100 subcarriers are no whole resource blocks/);
    expect(() => makeGrid({ symbols: 11, pilots: 2 })).toThrow(/do not fit 11 symbols/);
    expect(() => makeGrid({ symbols: 15 })).toThrow(/15 symbols/);
    expect(() => makeGrid({ pilots: 3 })).toThrow(/3 pilot symbols/);
    expect(() => makeGrid({ spacingHz: 20e3 })).toThrow(/20000 Hz/);
    expect(() => makeGrid({ emptyGroups: 3 })).toThrow(/3 pilot groups/);
    expect(() => modulationNamed("32qam")).toThrow(/unknown modulation "32qam"/);
    expect(modulationNamed("4QAM")).toBe("qpsk");
    expect(modulationNamed("256-QAM")).toBe("256qam");
  });
});

describe("planes", () => {
  const channel = makeChannel({ name: "tdl-c" }, grid);
  const slot = drawSlot(emptySlot(grid, 2, channel), { modulation: "16qam", channel, snrDb: 20 }, seededRandom(3));

  it("hold what was received, the raw estimate of the nearest pilot, and the pilots", () => {
    const planes = new Float32Array(planeCount(2) * grid.size);
    writePlanes(slot, planes);
    const plane = (i: number) => planes.subarray(i * grid.size, (i + 1) * grid.size);
    expect(plane(3)).toEqual(new Float32Array(slot.received.im.subarray(grid.size)));
    expect(plane(8)).toEqual(new Float32Array(slot.pilots.re));
    const pilot = 2 * 48 + 10;
    const power = slot.pilots.re[pilot]! ** 2 + slot.pilots.im[pilot]! ** 2;
    const raw =
      (slot.received.re[pilot]! * slot.pilots.re[pilot]! + slot.received.im[pilot]! * slot.pilots.im[pilot]!) / power;
    for (const element of [pilot, pilot + 1, 10, 6 * 48 + 11]) expect(plane(4)[element]).toBeCloseTo(raw, 6);
    expect(plane(4)[7 * 48 + 10]).not.toBeCloseTo(raw, 6);
    expect(Math.abs(plane(4)[pilot]! - slot.response.re[pilot]!)).toBeLessThan(0.3);
  });
  it("ask for the bits sent where there is data, in the first planes", () => {
    const [values, mask] = [new Float32Array(6 * grid.size), new Float32Array(6 * grid.size)];
    writeBits(slot, 6, values, mask);
    const element = grid.data[77]!;
    const bits = [0, 1, 2, 3].map((bit) => values[bit * grid.size + element]);
    expect(bits.join("")).toBe(slot.labels[element]!.toString(2).padStart(4, "0"));
    expect(mask.reduce((sum, one) => sum + one, 0)).toBe(4 * grid.data.length);
    expect(mask[2 * 48]).toBe(0);
    expect(mask[4 * grid.size + element]).toBe(0);
  });
  it("give back the answers of one slot of a batch", () => {
    const llrs = new Float32Array(4 * grid.size);
    ls("max-log").receive([slot], [llrs]);
    const output = new Float32Array(2 * 8 * grid.size);
    output.set(llrs, 8 * grid.size);
    const taken = new Float32Array(4 * grid.size);
    readLlrs("net", output, 8, 1, slot, taken);
    expect(taken).toEqual(llrs);
    output[8 * grid.size + 5] = Number.NaN;
    expect(() => readLlrs("net", output, 8, 1, slot, taken)).toThrow(/no number/);
  });
  it("are refused where a network does not fit", () => {
    const needs = { grid, antennas: 2, bits: 4 };
    checkPlanes("n", ["batch", 10, 14, 48], ["batch", 8, 14, 48], needs);
    checkPlanes("n", ["b", 10, "t", "f"], ["b", 4, "t", "f"], needs);
    expect(() => checkPlanes("n", ["b", 6, 14, 48], ["b", 8, 14, 48], needs)).toThrow(
      /takes b×6×14×48; 2 antennas .* make batch×10×14×48/,
    );
    expect(() => checkPlanes("n", ["b", 10, 14, 312], ["b", 8, 14, 312], needs)).toThrow(/48 subcarriers × 14 symbols/);
    expect(() => checkPlanes("n", ["b", 10, 14, 48], ["b", 2, 14, 48], needs)).toThrow(/gives b×2×14×48; 4 bits/);
    expect(() => checkPlanes("n", ["b", 10], undefined, needs)).toThrow(/takes b×10;/);
    expect(() => checkPlanes("n", ["b", 10, 14, 48], ["b", 1000], needs)).toThrow(/gives b×1000/);
  });
});
