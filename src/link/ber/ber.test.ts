import { describe, expect, it } from "vitest";
import type { ChannelSpec } from "../channels/channel.ts";
import type { Modulation } from "../qam.ts";
import { MODULATIONS } from "../qam.ts";
import { receiverNamed } from "../receivers/table.ts";
import { type LinkSetup, openLink, runChunk } from "./chunk.ts";
import { awgnBer, rayleighBer } from "./closed-form.ts";
import { ratioOf } from "./tally.ts";

/** 4 standard errors between slots. */
async function simulated(setup: LinkSetup, snrDb: number, slots: number, receiver = "perfect") {
  const link = openLink(setup);
  const [tally] = await runChunk(link, [receiverNamed(receiver, setup.demap)!], { snrDb, from: 0, count: slots });
  const { errors, squares, bits } = tally!;
  const mean = errors / slots;
  const error = Math.sqrt((squares - slots * mean * mean) / (slots - 1) / slots) / (bits / slots);
  return { ber: errors / bits, error };
}

const small = { subcarriers: 48 };
const linear = (db: number) => 10 ** (db / 10);
const setupOf = (
  modulation: Modulation,
  channel: ChannelSpec,
  antennas: number,
  more: Partial<LinkSetup> = {},
): LinkSetup => ({
  modulation,
  channel,
  antennas,
  grid: small,
  seed: 5,
  ...more,
});

describe("closed forms", () => {
  it("are the known ones for QPSK and 16-QAM", () => {
    // QPSK is Q(√snr); 16-QAM (3Q(a) + 2Q(3a) − Q(5a))/4 with a = √(snr/5); Q by tables
    expect(awgnBer("qpsk", 1)).toBeCloseTo(0.15865525393, 10);
    expect(awgnBer("16qam", 5)).toBeCloseTo((3 * 0.15865525393 + 2 * 0.00134989803 - 2.866516e-7) / 4, 9);
    expect(rayleighBer("qpsk", 10)).toBeCloseTo((1 - Math.sqrt(5 / 6)) / 2, 12);
    expect(rayleighBer("qpsk", 1e9) * 4e9).toBeCloseTo(2, 5);
  });
  it("agree with each other: fading is the mean over gains", () => {
    for (const modulation of MODULATIONS) {
      let mean = 0;
      for (let x = 0.005; x < 40; x += 0.01) mean += awgnBer(modulation, 20 * x) * x * Math.exp(-x) * 0.01;
      expect(rayleighBer(modulation, 20, 2)).toBeCloseTo(mean, 5);
    }
  });
});

describe("simulated bit error ratios", () => {
  const cases = MODULATIONS.flatMap(
    (modulation, i) =>
      [
        ["awgn", modulation, 1, 4 + 5 * i],
        ["awgn", modulation, 2, 1 + 5 * i],
        ["rayleigh", modulation, 1, 8 + 5 * i],
        ["rayleigh", modulation, 2, 6 + 5 * i],
      ] as const,
  );
  it.each(cases)("equal the closed form: %s, %s, %i antennas, %i dB", async (name, modulation, antennas, snrDb) => {
    // a draw per element where it fades: the mean over slots then converges with few of them
    const channel = name === "awgn" ? { name } : { name, fading: "re" as const };
    const { ber, error } = await simulated(setupOf(modulation, channel, antennas), snrDb, 100);
    const truth =
      name === "awgn"
        ? awgnBer(modulation, antennas * linear(snrDb))
        : rayleighBer(modulation, linear(snrDb), antennas);
    expect(ber).toBeGreaterThan(0);
    expect(Math.abs(ber - truth)).toBeLessThan(4 * error);
    expect(error / truth).toBeLessThan(0.1);
  });
  it.each(["rayleigh", "tdl-a", "tdl-c"])(
    "equal Rayleigh's over blocks of %s, whose elements are Rayleigh each",
    async (name) => {
      const grid = { subcarriers: 12, symbols: 3 };
      const { ber, error } = await simulated(setupOf("16qam", { name }, 2, { grid }), 12, 4000);
      expect(Math.abs(ber - rayleighBer("16qam", linear(12), 2))).toBeLessThan(4 * error);
      expect(error / ber).toBeLessThan(0.1);
    },
  );
  it("of receivers that estimate are between the perfect one's and least squares'", async () => {
    for (const channel of [
      { name: "tdl-b", delaySpreadS: 200e-9, dopplerHz: 100 },
      { name: "tdl-d", delaySpreadS: 100e-9, dopplerHz: 400 },
      { name: "rayleigh" },
    ])
      for (const pilots of [1, 2]) {
        const setup = setupOf("16qam", channel, 2, { grid: { subcarriers: 72, pilots } });
        const [p, m, l] = await Promise.all(["perfect", "lmmse", "ls"].map((name) => simulated(setup, 12, 60, name)));
        expect(m!.ber).toBeGreaterThan(p!.ber);
        expect(l!.ber).toBeGreaterThan(m!.ber);
      }
  });
  it("with known statistics lose next to nothing where one gain serves all", async () => {
    const setup = setupOf("qpsk", { name: "awgn" }, 1);
    expect((await simulated(setup, 6, 50, "lmmse")).ber).toBe((await simulated(setup, 6, 50)).ber);
    const block = setupOf("qpsk", { name: "rayleigh" }, 2, { grid: {} });
    const [told, estimated] = [await simulated(block, 5, 60), await simulated(block, 5, 60, "lmmse")];
    expect(estimated.ber / told.ber).toBeLessThan(1.03);
  });
  it("are those of the SINR under interference", async () => {
    const setup = setupOf("qpsk", { name: "awgn" }, 1, { sirDb: 3 });
    const { ber } = await simulated(setup, 3, 200);
    // at 0 dB SINR Gaussian noise would give 0.159; a QPSK disturber of half the power is not far from it
    expect(ber).toBeGreaterThan(0.12);
    expect(ber).toBeLessThan(0.17);
  });
  it("do not depend on the demapping where only the sign is read and noise is small", async () => {
    const of = async (demap: "exact" | "max-log") =>
      (await simulated(setupOf("64qam", { name: "awgn" }, 1, { demap }), 18, 60)).ber;
    expect(await of("exact")).toBeCloseTo(await of("max-log"), 4);
  });
});

describe("intervals", () => {
  it("come from the spread between slots", () => {
    const even = ratioOf({ slots: 100, bits: 1e6, errors: 1000, squares: 100 * 100 }, false);
    const uneven = ratioOf({ slots: 100, bits: 1e6, errors: 1000, squares: 10 * 100 ** 2 }, false);
    expect(even.lowBer).toBeCloseTo(1e-3, 12);
    expect(even.highBer).toBeCloseTo(1e-3, 12);
    expect(uneven.highBer / uneven.ber).toBeGreaterThan(1.5);
    expect(uneven.lowBer).toBeGreaterThan(0);
  });
  it("bound what has no errors by the slots, or by the bits where these are independent", () => {
    const none = { slots: 1000, bits: 3e7, errors: 0, squares: 0 };
    expect(ratioOf(none, false)).toMatchObject({ ber: 0, lowBer: 0 });
    expect(ratioOf(none, false).highBer).toBeCloseTo((1 - 0.05 ** (1 / 1000)) / 2, 12);
    expect(ratioOf(none, true).highBer).toBeCloseTo(3 / 3e7, 9);
    expect(ratioOf({ slots: 1, bits: 100, errors: 7, squares: 49 }, false)).toEqual({
      ber: 0.07,
      lowBer: 0,
      highBer: 1,
    });
  });
  it("hold the truth about as often as they say, in fading", async () => {
    const link = openLink(setupOf("qpsk", { name: "rayleigh" }, 1, { grid: { subcarriers: 12, symbols: 3 } }));
    const truth = rayleighBer("qpsk", linear(10));
    let held = 0;
    const repeats = 60;
    for (let i = 0; i < repeats; i++) {
      const [tally] = await runChunk(link, [receiverNamed("perfect")!], { snrDb: 10, from: 400 * i, count: 400 });
      const { lowBer, highBer } = ratioOf(tally!, false);
      if (lowBer <= truth && truth <= highBer) held++;
    }
    expect(held / repeats).toBeGreaterThan(0.86);
  });
});
