// The story of a person who asks what a radio link does: bit errors of receivers, one of them a network; rates and joules per bit; mistakes.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { awgnBer, rayleighBer } from "../../src/link/ber/closed-form.ts";
import { type Json, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const SCHEMAS = resolve(import.meta.dirname, "../../data/schemas");

function linkResult(name: "ber" | "capacity", args: readonly string[]): Json {
  const run = runCli(["link", name, ...args, "--json"]);
  expect(run.status, run.stderr).toBe(0);
  const json = JSON.parse(run.stdout);
  const schema = JSON.parse(readFileSync(join(SCHEMAS, `link-${name}.json`), "utf8"));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json.result;
}

const SMALL = ["--subcarriers", "24", "--slots", "100"];

describe("joulecast link ber", () => {
  it("counts what the closed forms say", () => {
    const awgn = ["--modulation", "16qam", "--channel", "awgn", "--antennas", "1", "--receiver", "perfect,lmmse"];
    const { points, slotsPerSecond, end } = linkResult("ber", [...awgn, "--snr", "4:12:4", ...SMALL]);
    expect(points.map(({ snrDb, receiver }: Json) => `${snrDb} ${receiver}`)).toEqual([
      "4 perfect",
      "4 lmmse",
      "8 perfect",
      "8 lmmse",
      "12 perfect",
      "12 lmmse",
    ]);
    for (const { snrDb, sinrDb, ber, lowBer, highBer, bits, errors } of points) {
      const truth = awgnBer("16qam", 10 ** (snrDb / 10));
      expect(sinrDb).toBe(snrDb);
      expect(ber).toBe(errors / bits);
      expect(bits).toBe(100 * 24 * 13 * 4);
      expect(lowBer / 1.03).toBeLessThan(truth);
      expect(highBer * 1.03).toBeGreaterThan(truth);
    }
    expect(slotsPerSecond).toBeGreaterThan(0);
    expect(end).toBe("finished");
    const faded = ["--channel", "rayleigh", "--fading", "re", "--receiver", "perfect", "--modulation", "qpsk"];
    const [point] = linkResult("ber", [...faded, "--snr", "8", ...SMALL]).points;
    expect(Math.abs(point.ber / rayleighBer("qpsk", 10 ** 0.8, 2) - 1)).toBeLessThan(0.1);
  });
  it("takes SINR with SIR, and says it in words, as CSV and as a page", () => {
    const args = ["link", "ber", "--sinr", "-4:4:4", "--sir", "10", "--receiver", "perfect,ls", ...SMALL];
    const page = join(folder, "ber.html");
    const text = runCli([...args, "--html", page]);
    expect(text.status, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/SINR +SNR +receiver/);
    expect(text.stdout).toContain("delay spread 100 ns");
    expect(readFileSync(page, "utf8")).toContain("Bit error ratio over SINR");
    const [head, first, ...others] = runCli([...args, "--csv"])
      .stdout.trim()
      .split("\n");
    expect(head).toMatch(/SINR \(dB\).*receiver.*BER/);
    expect(first).toMatch(/^-4,-3\.8\d*,perfect,/);
    expect(others).toHaveLength(5);
  });
  it("heads the points as they were asked for", () => {
    const args = ["link", "ber", "--receiver", "perfect", "--slots", "1", ...SMALL.slice(0, 2)];
    expect(runCli([...args, "--sinr", "4"]).stdout).toMatch(/^ *SINR +receiver/m);
    expect(runCli([...args, "--snr", "4"]).stdout).toMatch(/^ *SNR +receiver/m);
  });
  it("goes on where it stopped, with the same counts as in one go", () => {
    const link = [
      "--channel",
      "tdl-a",
      "--doppler",
      "100",
      "--delay-spread",
      "50",
      "--snr",
      "6,12",
      "--subcarriers",
      "24",
    ];
    const state = join(folder, "counts.json");
    linkResult("ber", [...link, "--slots", "100", "--resume", state]);
    const later = linkResult("ber", [...link, "--slots", "200", "--threads", "2", "--resume", state]);
    const whole = linkResult("ber", [...link, "--slots", "200", "--threads", "1"]);
    expect(later.points).toEqual(whole.points);
    const again = linkResult("ber", [...link, "--slots", "200", "--resume", state]);
    expect(again.points).toEqual(whole.points);
    expect(again.slotsPerSecond).toBeNull();
    const other = runCli(["link", "ber", ...link, "--seed", "9", "--resume", state]);
    expect(other.stderr).toMatch(/counts of another link/);
  });
  it("takes a network beside the others, and says where it does not fit", () => {
    const network = join(folder, "deeprx.onnx");
    const form = "deeprx:width=0.1,depth=1,antennas=2,bits=4,subcarriers=24";
    expect(runCli(["zoo", "write", form, network]).status).toBe(0);
    const args = ["--receiver", `lmmse,${network}`, "--snr", "20", "--subcarriers", "24", "--slots", "20"];
    const { points } = linkResult("ber", args);
    expect(points[1].receiver).toBe(network);
    // untrained: it guesses
    expect(points[1].ber).toBeGreaterThan(0.3);
    expect(points[0].ber).toBeLessThan(0.05);
    const misfit = runCli(["link", "ber", "--receiver", network, "--slots", "5"]);
    expect(misfit.stderr).toMatch(/10×14×24; 2 antennas on 312 subcarriers/);
  });
  it("names what it cannot simulate", () => {
    const broken = join(folder, "broken.json");
    writeFileSync(broken, "{}");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--modulation", "32qam"], /unknown modulation "32qam"; nearest: /],
      [["--channel", "tdl-x"], /unknown channel "tdl-x"; nearest: tdl-a/],
      [["--channel", "awgn", "--doppler", "5"], /awgn has no delay spread/],
      [["--channel", "rayleigh", "--fading", "re"], /receiver lmmse estimates the channel from pilots/],
      [["--fading", "re"], /tdl-c fades in no other way/],
      [["--receiver", "zf"], /unknown receiver "zf"/],
      [["--receiver", "nowhere.onnx"], /no such file/],
      [["--pilots", "2", "--symbols", "10"], /2 pilot symbols do not fit 10 symbols/],
      [["--subcarriers", "50"], /50 subcarriers are no whole resource blocks/],
      [["--spacing", "20kHz"], /20000 Hz is none of 5G's/],
      [["--doppler", "3kHz"], /Doppler shift of 3000 Hz/],
      [["--antennas", "40"], /--antennas: 40/],
      [["--snr", "0:10:0"], /--snr: "0:10:0" does not go up/],
      [["--snr", "ten"], /--snr: "ten" is no range/],
      [["--snr", "1", "--sinr", "1"], /--snr and --sinr are both given/],
      [["--sinr", "12", "--sir", "10"], /a SINR of 12 dB cannot be had/],
      [["--slots", "0"], /--slots/],
      [["--resume", broken], /holds no counts/],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = runCli(["link", "ber", ...args]);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
  });
});

describe("joulecast link capacity", () => {
  it("gives Shannon's rate and the joules of a bit", () => {
    const link = ["--bandwidth", "1MHz", "--gain", "-110dB", "--noise", "4e-21"];
    const { rows, settings } = linkResult("capacity", [
      ...link,
      "--power",
      "100mW,0",
      "--bits",
      "1e6",
      "--block",
      "1000",
    ]);
    const rate = 1e6 * Math.log2(1 + 250);
    expect(rows[0].rateBps / rate).toBeCloseTo(1, 9);
    expect(rows[0].energyPerBitJ / (0.1 / rate)).toBeCloseTo(1, 9);
    expect(rows[0].durationS).toBeCloseTo(1e6 / rate, 9);
    expect(rows[0].shortBlockRateBps).toBeLessThan(rate);
    expect(rows[1]).toMatchObject({ rateBps: 0, energyPerBitJ: null, snrDb: null });
    expect(settings.leastEnergyPerBitJ).toBeLessThan(rows[0].energyPerBitJ);
  });
  it("loses to fading, less so with antennas and over a wide band", () => {
    const rowOf = (...args: string[]) => linkResult("capacity", args).rows[0];
    const [still, faded, two] = [
      rowOf(),
      rowOf("--channel", "rayleigh"),
      rowOf("--channel", "rayleigh", "--antennas", "2"),
    ];
    expect(faded.rateBps).toBeLessThan(still.rateBps);
    expect(two.rateBps).toBeGreaterThan(faded.rateBps);
    const wide = rowOf("--channel", "tdl-c", "--delay-spread", "300", "--bandwidth", "10MHz", "--power", "20dBm");
    const flat = rowOf("--channel", "rayleigh", "--bandwidth", "10MHz", "--power", "20dBm");
    expect(Math.abs(wide.rateBps / flat.rateBps - 1)).toBeLessThan(0.03);
    expect(wide.outageRateBps).toBeGreaterThan(2 * flat.outageRateBps);
  });
  it("says it in words and names what cannot be", () => {
    expect(runCli(["link", "capacity", "--block", "1"]).stdout).toMatch(/ 1 channel use, 0\.00100 lost/);
    expect(runCli(["link", "capacity", "--power", "0dBm,20dBm"]).stdout).toMatch(
      /least energy per bit at any bandwidth +27\.8 pJ/,
    );
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--bandwidth", "0"], /--bandwidth/],
      [["--power", "loud"], /--power: "loud"/],
      [["--gain", "0"], /--gain: 0/],
      [["--noise", "1W", "--noise-figure", "3"], /both given/],
      [["--outage", "1"], /--outage: 1/],
      [["--channel", "tdl-q"], /unknown channel/],
      [["--block-error", "0"], /--block-error needs --block/],
      [["--channel", "tdl-c", "--draws", "1e15"], /--draws: 1000000000000000 for 1 power is out of range/],
      [["--noise-figure", "loud"], /--noise-figure: "loud" is not a number\n/],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = runCli(["link", "capacity", ...args]);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
  });
});
