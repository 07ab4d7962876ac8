// The story of a network on two machines: where to cut it, along a path, with a deadline, for several devices; then really run split, in
// two processes, also when the server is gone; and the paper's tables again. What cannot be meant is refused with the next step.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { seededRandom } from "../../src/math/random.ts";
import { type Json, MAIN, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const MODEL = "zoo:mnist-cnn:width=0.25";
const split = (...more: string[]): Json => resultOf(["split", MODEL, ...more, "--json"]);
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** Version 1.0 of the format. */
function npyFile(name: string, shape: readonly number[], numbers: Float32Array): string {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n";
  const head = Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]), Buffer.from(header)]);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([head, Buffer.from(numbers.buffer)]));
  return path;
}

describe("joulecast split", () => {
  const whole = resultOf([
    "split",
    "zoo:mnist-cnn",
    "--bandwidth",
    "15MHz",
    "--power",
    "1mW",
    "--noise",
    "1e-9",
    "--gain",
    "0.3",
    "--json",
  ]);
  const cutAfter = (name: string): Json => whole.cuts.find((cut: Json) => cut.after === name);
  it("prices every cut as the paper's equations do", () => {
    expect(whole.cuts).toHaveLength(23);
    const rate = 15e6 * Math.log2(1 + (1e-3 * 0.3) / (1e-9 * 15e6));
    expect(whole.radio.rateBps / rate).toBeCloseTo(1, 12);
    // conv1: 416 parameters at 2.6 nJ and 313,600 MACs at 4.6 pJ
    expect(cutAfter("conv1").deviceJ / (416 * 2.6e-9 + 313_600 * 4.6e-12)).toBeCloseTo(1, 2);
    expect(cutAfter("pool1")).toMatchObject({ sentBytes: 16 * 14 * 14 * 4, raw: false, local: false });
    expect(cutAfter("pool1").radioJ / ((1e-3 * 100_352) / rate)).toBeCloseTo(1, 12);
    expect(whole.best.after).toBe("pool2");
    for (const cut of whole.cuts) {
      expect(cut.totalJ).toBe(cut.deviceJ + cut.radioJ);
      expect(whole.best.totalJ).toBeLessThanOrEqual(cut.totalJ);
      expect(cut.latencyS).toBeNull();
    }
    expect(whole.pareto[0]).toEqual(whole.best);
  });
  it("leaves the raw input out for privacy, says what it would cost, and lets it be sent when asked", () => {
    expect(whole.raw).toMatchObject({ after: "input", sentBytes: 784, raw: true, deviceJ: 0 });
    expect(whole.raw.totalJ).toBeLessThan(whole.best.totalJ);
    expect(whole.assumptions.join()).toMatch(/--allow-raw lets it be sent; it would take .* less than the best cut/);
    const open = split("--allow-raw");
    expect(open.best.after).toBe("input");
    expect(open.raw).toBeNull();
  });
  it("keeps a deadline with real machines, and ends with 1 when none can", () => {
    const machines = ["--device", "jetson-nano", "--server", "rtx-3090", "--bandwidth", "20MHz", "--power", "100mW"];
    const link = [...machines, "--noise", "thermal", "--noise-figure", "7", "--distance", "50", "--path-loss", "3.2"];
    const free = split(...link, "--radio-circuit", "0.2W", "--pa-efficiency", "30%");
    expect(free.best.latencyS).toBeGreaterThan(0);
    expect(free.best.serverJ).toBeGreaterThan(0);
    const quickest = Math.min(...free.cuts.map((cut: Json) => cut.latencyS));
    const tight = split(...link, "--max-latency", String(quickest * 1.01));
    expect(tight.best.latencyS).toBeLessThanOrEqual(quickest * 1.01);
    const never = resultOf(["split", MODEL, ...link, "--max-latency", "1ns", "--json"], 1);
    expect(never).toMatchObject({ best: null, warnings: [expect.stringMatching(/no cut is within/)] });
    expect(never.fastest.latencyS).toBeGreaterThan(1e-9);
    const late = resultOf(["split", MODEL, ...link, "--cut", "conv1", "--max-latency", "1us", "--json"], 1);
    expect(late.warnings).toEqual([expect.stringMatching(/after conv1 is not within/)]);
    const powered = split(...link, "--power-control", "--max-latency", "50ms");
    expect(powered.powerControl.latencyS).toBeLessThanOrEqual(0.05 * 1.0001);
    expect(powered.powerControl.totalJ).toBeLessThanOrEqual(powered.best.totalJ);
  });
  it("says never over a closed link, and stays on the device", () => {
    const closed = split("--gain", "0");
    expect(closed.best).toMatchObject({ local: true, radioJ: 0 });
    expect(closed.cuts[0].radioJ).toBeNull();
    expect(closed.warnings.join()).toMatch(/nothing is ever sent/);
    expect(runCli(["split", MODEL, "--gain", "0"]).stdout).toMatch(/never/);
    const named = split("--gain", "0", "--cut", "pool1");
    expect(named.warnings).toEqual(["the link is closed: what the cut after pool1 would send never gets through"]);
    const powered = split("--gain", "0", "--power-control", "--radio-circuit", "0.1W");
    expect(powered.powerControl).toMatchObject({ cut: closed.best.after, powerW: 0, totalJ: closed.best.totalJ });
  });
  it("tells short blocks that carry nothing from a closed link, and truncates fading above them", () => {
    const short = ["--block", "50", "--bandwidth", "15MHz"];
    const none = split(...short, "--power", "1uW");
    expect(none.best.local).toBe(true);
    expect(none.warnings).toEqual([
      expect.stringMatching(/blocks of 50 channel uses carry nothing at an SNR of -41.8/),
    ]);
    const faded = split(...short, "--fading", "rayleigh");
    expect(faded.radio.rateBps).toBeGreaterThan(0);
    expect(faded.fading.outageRatio).toBeGreaterThan(0.01);
    expect(faded.assumptions.join()).toMatch(/ % of the time, nothing is sent/);
    const never = split(...short, "--fading", "rayleigh", "--gain", "1e-9");
    expect(never.warnings.join()).toMatch(/carry nothing in this fading/);
  });
  it("finds the power for short blocks, which carry nothing at too little", () => {
    const { powerControl } = resultOf([
      ...["split", "zoo:mnist-cnn", "--bandwidth", "15kHz", "--gain", "1", "--block", "200"],
      ...["--power-control", "--radio-circuit", "1uW", "--json"],
    ]);
    expect(powerControl.totalJ).toBeLessThan(1.28e-4);
    expect(powerControl.powerW).toBeLessThan(3e-5);
  });
  it("sends fewer bits, in short blocks, over fading channels, with known truncation", () => {
    const [full, eight] = [split(), split("--bits", "8")];
    expect(eight.cuts[2].sentBytes).toBe(full.cuts[2].sentBytes / 4 + 8);
    const blocks = split("--block", "500", "--block-error", "1e-2", "--attempts", "2");
    expect(blocks.radio.rateBps).toBeLessThan(full.radio.rateBps);
    const fading = split("--fading", "rayleigh", "--outage", "5%");
    expect(fading.fading.adaptiveJ).toBeLessThan(fading.fading.fixedJ);
    expect(fading.fading.leastGain).toBeCloseTo(-Math.log(0.95), 9);
    expect(fading.assumptions.join()).toMatch(/mean of 1\/R has no end/);
    expect(split("--fading", "ergodic").radio.rateBps).toBeGreaterThan(fading.radio.rateBps);
  });
  it("shares a band among devices, and tells the regret of estimates", () => {
    const { users, estimated } = split(
      "--bandwidth",
      "100kHz",
      "--users",
      "0.05,0.5,3",
      "--pilots",
      "4",
      "--ageing",
      "0.9",
    );
    expect(users.joint.totalJ).toBeLessThanOrEqual(users.equal.totalJ);
    expect(users.joint.devices.reduce((sum: number, one: Json) => sum + one.share, 0)).toBeCloseTo(1, 6);
    expect(estimated.regretJ).toBeGreaterThan(0);
    expect(estimated.energyJ).toBeGreaterThan(estimated.oracleJ);
    expect(estimated.fixedJ).toBeGreaterThanOrEqual(estimated.oracleJ);
    expect(estimated.fixedCut).not.toBe("");
    const loaded = split(
      ...["--device", "jetson-nano", "--server", "rtx-3090", "--bandwidth", "20MHz", "--users", "1,20,400"],
      ...["--user-rate", "10000", "--server-load", "5%"],
    ).users;
    for (const one of [loaded.joint, loaded.equal]) expect(one.serverLoadRatio).toBeLessThanOrEqual(0.05);
    expect(loaded.joint.totalJ).toBeLessThanOrEqual(loaded.equal.totalJ);
  });
  it("writes both halves, runs data through them, and trains a bottleneck", () => {
    const halves = join(folder, "new", "halves");
    const narrow = join(folder, "narrow.onnx");
    const data = ["--data", "synthetic:digits:train=64,test=40", "--cut", "pool2"];
    const run = split(...data, "--halves", halves, "--bottleneck", "2", "--write-bottleneck", narrow);
    expect(run.best.after).toBe("pool2");
    expect(run.files).toEqual([join(halves, "device.onnx"), join(halves, "server.onnx")]);
    const [device, server, all] = [...run.files, MODEL].map((path) => resultOf(["inspect", path, "--json"]).model);
    expect(device.params + server.params).toBe(all.params);
    expect(device.macs + server.macs).toBe(all.macs);
    expect(run.accuracy.map(({ bits }: Json) => bits)).toEqual([32, 16, 8, 4]);
    expect(run.accuracy[0]).toMatchObject({ agreement: 1 });
    expect(run.bottleneck).toMatchObject({ channels: 2, ofChannels: 8, out: narrow });
    const cuts = resultOf(["split", narrow, "--json"]).cuts;
    expect(cuts.find((cut: Json) => cut.after === "bottleneck/encode").sentBytes).toBe(run.best.sentBytes / 4);
  });
});

describe("joulecast split --trajectory", () => {
  it("chooses anew at every place of the built-in walk, better than never changing", () => {
    const { steps, totals } = split("--trajectory", "walk", "--bandwidth", "15kHz");
    expect(steps.length).toBe(33);
    for (const id of ["pool1", "softmax"]) expect(totals.ps.energyJ).toBeLessThanOrEqual(totals[id].energyJ);
    expect(totals.ps.energyJ).toBeCloseTo(
      steps.reduce((sum: number, step: Json) => sum + step.totalJ, 0),
      12,
    );
    expect(new Set(steps.map(({ cut }: Json) => cut)).size).toBeGreaterThan(1);
    expect(totals.psnc).toBeNull();
    expect(totals.raw.energyJ).toBeGreaterThan(0);
  });
  it("reads gains or distances, and the channel as it changes while sending", () => {
    const gains = file("gains.csv", "time_s,gain\n0,0.5\n0.001,0.1\n0.002,2\n");
    const block = split("--trajectory", gains);
    expect(block.steps.map(({ gain }: Json) => gain)).toEqual([0.5, 0.1, 2]);
    const varying = split("--trajectory", gains, "--time-varying");
    // at the second place the link soon gets better
    expect(varying.steps[1].totalJ).toBeLessThan(block.steps[1].totalJ);
    const path = file("path.csv", "x_m,y_m\n3,4\n30,40\n");
    const far = split("--trajectory", path, "--path-loss", "3", "--noise", "thermal");
    expect(far.steps[0].gain / far.steps[1].gain).toBeCloseTo(1000, 6);
    // A radio with one path and a trajectory with another: only one of them can be.
    const gainsOnly = split("--trajectory", gains, "--distance", "50", "--noise", "thermal");
    expect(gainsOnly.radio.pathGainRatio).toBeLessThan(1e-6);
    expect(gainsOnly.steps[0].gain).toBe(0.5);
  });
  it("says which sums leave places out", () => {
    const closed = file("closed.csv", "gain\n1\n0\n");
    const { totals } = split("--trajectory", closed);
    expect(totals.pool1).toMatchObject({ delivered: 1, never: 1, meanJ: totals.pool1.energyJ });
    expect(totals.ps.meanJ).toBe(totals.ps.energyJ / 2);
    expect(runCli(["split", MODEL, "--trajectory", closed]).stdout).toMatch(/compare the\s+means/);
  });
  it("draws fading in time, over one gain or a whole band", () => {
    const drawn = split(
      "--trajectory",
      "tdl-c",
      "--time-varying",
      "--doppler",
      "5",
      "--delay-spread",
      "300ns",
      "--gain",
      "0.5",
    );
    expect(drawn.steps).toHaveLength(200);
    expect(drawn.totals.ps.energyJ).toBeLessThanOrEqual(drawn.totals.softmax.energyJ);
    expect(split("--trajectory", "jakes").steps[1].timeS).toBeGreaterThan(0);
  });
  it("compares with the network as it was, and weighs loss against joules", () => {
    const both = split(
      "--pruned",
      "zoo:mnist-cnn:width=0.1",
      "--trajectory",
      "walk",
      "--lambda",
      "0",
      "--loss",
      "0.1,0.2",
    );
    expect(both.totals.ps.energyJ).toBeLessThan(both.totals.psnc.energyJ);
    expect(both.tradeOff.chosen).toBe("compressed");
  });
});

describe("two processes", () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  const random = seededRandom(3);
  const samples = 2;
  const numbers = Float32Array.from({ length: samples * 784 }, () => random.uniform());
  const npy = npyFile("x.npy", [samples, 1, 28, 28], numbers);
  const link = file("link.csv", "time_s,gain\n0,20\n0.01,2\n");
  const infer = (...more: string[]): Json => resultOf(["split", "infer", ...more, "--input", npy, "--json"]);

  it("give the answer of one, at the plan's joules; the device goes on alone when the server is gone", async () => {
    const child = spawn(process.execPath, [MAIN, "split", "serve", MODEL, "--no-optimise", "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const [chunk] = await once(child.stdout!, "data");
    const { result } = JSON.parse(String(chunk));
    expect(result).toMatchObject({ host: "127.0.0.1", layers: 23 });
    const equal = infer("--server", result.url, "--link", link, "--check", "--no-optimise");
    expect(equal.digest).toBe(result.digest);
    expect(equal.totals).toMatchObject({ byServer: samples, byDevice: 0 });
    for (const one of equal.inferences) {
      expect(one.differenceRatio).toBe(0);
      expect(one.spent.processingJ).toBe(one.planned.processingJ);
      // How long the sending took is the machine's; that it is never less than planned, src/node/split shows with a made-up clock.
      expect(one.spent.radioJ / one.spent.airtimeS).toBeCloseTo(1e-3, 12);
      expect(one.spent.totalJ).toBe(one.spent.processingJ + one.spent.radioJ);
    }
    const close = infer(MODEL, "--server", result.url, "--cut", "pool1", "--check");
    for (const one of close.inferences) expect(one.differenceRatio).toBeLessThan(1e-5);
    const other = runCli(["split", "infer", "zoo:mnist-cnn", "--server", result.url, "--input", npy, "--cut", "pool1"]);
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/different models/);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    const alone = infer(MODEL, "--server", result.url, "--cut", "pool1");
    expect(alone.totals).toMatchObject({ byServer: 0, byDevice: samples });
    expect(alone.inferences[0].why).toMatch(/ECONNREFUSED/);
    expect(alone.inferences[0]).toMatchObject({ finishedBy: "device", sentBytes: 0, spent: { radioJ: 0 } });
    expect(runCli(["split", "infer", "--server", result.url, "--input", npy]).stderr).toMatch(
      /no split server answers/,
    );
  });
});

describe("joulecast reproduce krouka", () => {
  it("puts the paper's table beside ours, with the reasons where it cannot follow", () => {
    const { rows } = resultOf(["reproduce", "krouka", "--pruned", "zoo:mnist-cnn:width=0.25", "--json"]);
    const row = (item: string): Json => rows.find((one: Json) => one.item === item);
    expect(rows.filter(({ item }: Json) => item.startsWith("Table III"))).toHaveLength(2 * (4 * 4 + 1));
    expect(row("parameters of the network").ours).toBe(433_274);
    const pool = row("Table III, 15 kHz, pool1: E_p, J");
    expect(pool.published).toBeCloseTo(0.66e-4, 12);
    expect(pool.note).toMatch(/does not follow/);
    expect(row("Table III, 15 kHz, pool1: E, J").note).toMatch(/8\.64/);
    const co2 = row("Table III, 15 kHz, ps: CO2e, kg").ours;
    expect(co2 / ((row("Table III, 15 kHz, ps: E, J").ours * 0.275) / 3.6e6)).toBeCloseTo(1, 12);
    expect(row("Fig 4(b): share of places where PS takes the least of the paper's choices").ours).toBe(1);
  });
  it("judges networks that are given, and warns when nothing is compressed", () => {
    const words = ["reproduce", "krouka", "--model", MODEL, "--pruned", MODEL];
    const data = ["--data", "synthetic:digits:train=10,test=40"];
    const run = runCli([...words, ...data]);
    expect(run.stderr).toMatch(/compression ratio is 1\.000/);
    expect(run.stdout).toMatch(/1\.000/);
    // Every reason once: its rows bear its number.
    expect(run.stdout.match(/one gain for all/g)).toHaveLength(1);
    const { rows, figure5 } = resultOf([...words.slice(0, 5), "zoo:mnist-cnn:width=0.1", ...data, "--json"]);
    const row = (item: string): Json => rows.find((one: Json) => one.item === item);
    expect(figure5).toHaveLength(2);
    expect(figure5[0]).toMatchObject({ ratio: 1, accuracy: row("test accuracy before compression").ours });
    expect(figure5[1]).toMatchObject({
      ratio: row("compression ratio").ours,
      accuracy: row("test accuracy after compression").ours,
    });
  });
  it("trains, penalises and prunes from data", () => {
    const out = join(folder, "krouka");
    mkdirSync(out);
    const run = resultOf([
      ...["reproduce", "krouka", "--model", "zoo:mnist-cnn:width=0.25", "--data", "synthetic:digits:train=128,test=40"],
      ...["--train-epochs", "1,1,0", "--ratios", "1.5,1e6", "--write", out, "--json"],
    ]);
    expect(run.files.every(existsSync)).toBe(true);
    expect(run.figure5).toHaveLength(2);
    expect(run.figure5[1].ratio).toBeGreaterThan(1.4);
    expect(run.figure5[1].energyJ).toBeLessThan(run.figure5[0].energyJ);
    expect(run.figure3.find((one: Json) => one.name === "fc1").afterJ).toBeGreaterThan(0);
  });
});

/** The same program within this process: a mistake needs none of its own. */
async function refusedBy(words: readonly string[]) {
  const said = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
      return true;
    },
  });
  const status = await main([...words], { stdout: stream("stdout"), stderr: stream("stderr") } as never);
  return { status, ...said };
}

describe("mistakes", () => {
  it.each([
    [["--cut", "poll1"], /unknown cut "poll1"; nearest: pool1/],
    [["--bandwidth", "0"], /--bandwidth: 0 is out of range/],
    [["--power", "-1mW"], /--power/],
    [["--gain", "-1"], /--gain/],
    [["--bits", "7"], /32, 16, 8, 4/],
    [["--max-latency", "20ms"], /needs the times of the machines/],
    [["--noise-figure", "3"], /needs --noise thermal/],
    [["--distance", "10", "--path-loss", "steep"], /free-space/],
    [["--attempts", "3"], /--attempts needs --block/],
    [["--fading", "rice"], /rayleigh or ergodic/],
    [["--outage", "1%"], /needs --fading/],
    [["--power-control"], /neither a deadline nor circuits/],
    [["--users", "1,x"], /not a gain/],
    [["--users", "1,2", "--server-load", "50%"], /needs its times/],
    [["--lambda", "0.5"], /--pruned and two losses/],
    [["--bottleneck", "2"], /--data and --cut/],
    [["--device", "jetson-nona"], /unknown device/],
    [["--answer", "nowhere"], /server or device/],
    [["--doppler", "3"], /of drawn fading/],
    [["--trajectory", "walk", "--distance", "50"], /have their path loss in them/],
    [["--trajectory", "walk", "--path-loss", "3"], /have their path loss in them/],
    [["--trajectory", file("far.csv", "x_m,y_m\n3,4\n"), "--path-loss", "3", "--distance", "5"], /would count twice/],
    [["--trajectory", file("near.csv", "gain\n3\n"), "--path-loss", "3"], /--path-loss needs a distance/],
    [["--trajectory", "jakes", "--path-loss", "3"], /--path-loss needs a distance/],
    [["--path-loss", "free-space"], /--path-loss needs a distance/],
    [["--frequency", "1GHz"], /--frequency needs a distance/],
    [["--trajectory", "wallk"], /unknown trajectory "wallk"; nearest: walk/],
    [["--pilots", "4", "--gain", "0"], /the link is closed/],
    [["--time-varying"], /--time-varying needs --trajectory/],
    [["--server-load", "50%"], /--server-load needs --users/],
    [["--user-rate", "5"], /--user-rate needs --users/],
    [["--epochs", "5"], /--epochs needs --bottleneck/],
    [["--limit-test", "5"], /--limit-test needs --data/],
    [["--trajectory", "nowhere.csv"], /no such file/],
    [["--trajectory", file("empty.csv", "gain\n")], /0 places/],
    [["--trajectory", file("columns.csv", "speed\n3\n")], /no column gain/],
    [["--trajectory", file("negative.csv", "gain\n-3\n")], /row 2: gain is -3/],
    [["--trajectory", file("words.csv", "gain\nmany\n")], /not a number/],
    [["--trajectory", file("backwards.csv", "time_s,gain\n1,1\n0,1\n")], /not later/],
    [["--trajectory", "walk", "--time-varying", "--gain", "1", "--seed", "x"], /--seed/],
  ])("%j", async (more, message) => {
    const run = await refusedBy(["split", MODEL, ...more]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(message);
  });
  it("of the server's and the device's commands", async () => {
    const flat = npyFile("flat.npy", [784], new Float32Array(784));
    for (const [words, message] of [
      [["split", "serve", MODEL, "--port", "99999"], /out of range/],
      [["split", "infer", "--server", "http://127.0.0.1:1"], /--input is not given/],
      [["split", "infer", "--server", "nowhere", "--input", "x.npy"], /no address of a server/],
      [
        ["split", "infer", MODEL, "--server", "http://127.0.0.1:1", "--input", flat],
        /has the shape 784, the network takes/,
      ],
      [
        ["split", "infer", MODEL, "--server", "http://127.0.0.1:1", "--input", flat, "--path-loss", "3"],
        /needs a dist/,
      ],
      [["reproduce", "krouka", "--pruned", MODEL, "--threshold", "0.1"], /--threshold is of training/],
      [["reproduce", "krouka", "--pruned", MODEL, "--limit-test", "1"], /--limit-test needs --data/],
      [["reproduce", "krouka"], /needs data or a compressed network/],
      [["split", "zoo:not-looked-at", "--halves", file("in-the-way", "")], /a file stands in its way/],
      [["reproduce", "deeprx", "--folder", file("also", "")], /a file stands in its way/],
      [["reproduce", "krouka", "--pruned", MODEL, "--outage", "1"], /nothing would ever be sent/],
    ] as const) {
      const run = await refusedBy([...words]);
      expect(run.status, run.stderr).toBe(2);
      expect(run.stderr).toMatch(message);
    }
  });
});
