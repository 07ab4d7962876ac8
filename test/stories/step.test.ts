// The story of a person who trains: old runs replayed, a new one projected while it goes on, a budget that ends it, mistakes.
// Traces are made here; the machine is a fake one of known power. The published traces are read where they lie, if they are there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readPublishedRuns } from "../../src/cli/commands/reproducing/step.ts";
import { seededRandom } from "../../src/math/random.ts";
import { reproduceStep } from "../../src/study/papers/step.ts";
import { fedTree } from "../support/fed-tree.ts";
import { type Json, MAIN, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const PUBLISHED = resolve(import.meta.dirname, "../../../shared/data/gaissa-seaa2023");
const PACKAGE_W = 40;
const fed = await fedTree(PACKAGE_W, 5, 45);
process.env.JOULECAST_HOME = join(folder, "home");
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

const STAGE = 5;
const EPOCHS = 30;
const EPOCH_S = 20;
/** Samples of a run whose first five epochs draw 120 W and the others about 200 W, one per second. */
function samples(run: number): { readonly epoch: number; readonly timeS: number; readonly powerW: number }[] {
  const random = seededRandom(run);
  return Array.from({ length: EPOCHS * EPOCH_S + 1 }, (_, timeS) => {
    const epoch = Math.min(EPOCHS - 1, Math.floor(timeS / EPOCH_S));
    return { epoch, timeS, powerW: (epoch < STAGE ? 120 : 200) + 4 * random.normal() };
  });
}
const RUNS = 24;
const names = Array.from({ length: RUNS }, (_, i) => `run-${i}`);
const rowsOf = (write: (run: string, one: ReturnType<typeof samples>[number]) => string) =>
  names.flatMap((run, i) => samples(i).map((one) => write(run, one)));
const labelled = join(folder, "labelled.csv");
writeFileSync(
  labelled,
  ["run,time_s,power_w,epoch", ...rowsOf((run, { timeS, powerW, epoch }) => `${run},${timeS},${powerW},${epoch}`)].join(
    "\n",
  ),
);
const packed = join(folder, "plain.csv.gz");
writeFileSync(
  packed,
  gzipSync(
    ["run,t_ms,gpu_power_w", ...rowsOf((run, { timeS, powerW }) => `${run},${timeS * 1000},${powerW}`)].join("\n"),
  ),
);
const runsFile = join(folder, "runs.csv");
writeFileSync(
  runsFile,
  ["run,epochs,gpu_tdp_w,gpu_usage_ratio", ...names.map((run) => `${run},${EPOCHS},350,0.5`)].join("\n"),
);

describe("joulecast step", () => {
  const byColumn = resultOf(["step", labelled, "--start", "6", "--window", "4", "--json"]);
  it("foretells runs from their first epochs, and says how far off the usual rules are", () => {
    const { runs, score } = byColumn;
    expect(runs.map(({ run }: Json) => run)).toEqual(names);
    expect(score.stepEpoch.mape).toBeLessThan(0.005);
    expect(score.firstEpoch.mape).toBeGreaterThan(0.3);
    expect(score.mlco2).toBeNull();
    expect(score.coverage).toBeGreaterThanOrEqual(0.85);
    expect(Math.abs(score.coverageScaled - 0.9)).toBeLessThan(0.05);
    for (const { trueJ, stepPowerJ, epochs } of runs) {
      expect(epochs).toBe(EPOCHS);
      expect(stepPowerJ / trueJ).toBeGreaterThan(1);
      expect(trueJ / ((120 * STAGE + 200 * (EPOCHS - STAGE)) * EPOCH_S)).toBeCloseTo(1, 2);
    }
  });
  it("finds the same with equal parts of a packed file and a runs file", () => {
    const { runs, score } = resultOf([
      "step",
      packed,
      "--runs-file",
      runsFile,
      "--start",
      "6",
      "--window",
      "4",
      "--json",
    ]);
    for (const [i, run] of runs.entries()) expect(run.stepEpochJ / byColumn.runs[i].stepEpochJ).toBeCloseTo(1, 3);
    expect(score.mlco2.mape).toBeGreaterThan(score.greenAlgorithms.mape);
  });
  it("finds the stabilising point by itself", () => {
    const { runs } = resultOf(["step", labelled, "--start", "found", "--json"]);
    for (const run of runs) expect(run.start).toBe(STAGE);
  });
  it("takes a folder for the trace files in it, without the runs file", () => {
    const traces = join(folder, "traces");
    mkdirSync(traces);
    for (const name of ["b.csv", "a.csv"])
      writeFileSync(join(traces, name), 'run,time_s,note,power_w\n"r",0,"x, y",100\n"r",60,"x, y",100\n');
    writeFileSync(join(traces, "runs.csv"), "run,epochs,energy_btu\na/r,20,5\nb/r,20,5\n");
    writeFileSync(join(traces, "notes.txt"), "nothing");
    const { runs, remarks } = resultOf(["step", traces, "--runs-file", join(traces, "runs.csv"), "--json"]);
    expect(runs.map(({ run, trueJ }: Json) => [run, trueJ])).toEqual([
      ["a/r", 6000],
      ["b/r", 6000],
    ]);
    expect(remarks.join()).toMatch(/left alone: energy_btu/);
  });
  it("says where a trace has holes", () => {
    const holed = join(folder, "holed.csv");
    const times = Array.from({ length: 200 }, (_, i) => (i < 100 ? i : i + 60));
    writeFileSync(holed, ["time_s,power_w", ...times.map((timeS) => `${timeS},100`)].join("\n"));
    const { runs } = resultOf(["step", holed, "--epochs", "20", "--json"]);
    expect(runs[0].remarks[0]).toMatch(/a hole of 61 s .*trueJ is interpolated/);
  });
  it("says it in words, as CSV and as a page", () => {
    const page = join(folder, "step.html");
    const text = runCli(["step", labelled, "--start", "6", "--html", page]);
    expect(text.stdout).toContain("STEP, joules per epoch");
    expect(text.stdout).toMatch(/lie in their 90\.0 % interval, as it is told/);
    expect(readFileSync(page, "utf8")).toContain("Projected over true");
    const lines = runCli(["step", labelled, "--csv"]).stdout.trim().split("\n");
    expect(lines).toHaveLength(RUNS + 1);
  });
  it("says when a run is too short for start and window", () => {
    const { runs } = resultOf(["step", labelled, "--start", "28", "--json"]);
    expect(runs[0].window).toBe(2);
    expect(runs[0].remarks[0]).toMatch(/fewer than start 28 \+ window 5/);
  });
  it("names what it cannot use", () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const bad = join(folder, "bad.csv");
    writeFileSync(bad, "run,time_s,power_w\na,0,1\na,1,oops\n");
    const broken = join(folder, "broken.csv.gz");
    writeFileSync(broken, gzipSync("run,time_s,power_w\na,0,1\n").subarray(0, 30));
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[bad], /row 3: power_w is "oops"/],
      [[broken], /not a whole gzip file/],
      [[empty], /holds no \.csv or \.csv\.gz/],
      [[join(folder, "nowhere.csv")], /no such file/],
      [[packed], /epochs of run "run-0" are not known/],
      [[labelled, labelled], /run "labelled\/run-0" is in two of the files/],
      [[labelled, "--start", "0"], /--start/],
      [[labelled, "--window", "two"], /--window/],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = runCli(["step", ...args]);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
  });
});

/** Epochs of 0.15 s that are printed, and marked. */
const TRAINING = `
const url = process.env.JOULECAST_URL;
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
process.on("SIGTERM", () => { console.log("saved"); process.exit(0); });
for (let epoch = 1; epoch <= Number(process.argv[1]); epoch++) {
  console.log("Epoch " + epoch);
  if (process.argv[2] === "marks") await fetch(url + "/mark", { method: "POST", body: "epoch " + epoch });
  await rest(150);
}
`;
const training = (epochs: number, ...more: readonly string[]) => [
  "--",
  process.execPath,
  "--input-type=module",
  "-e",
  TRAINING,
  String(epochs),
  ...more,
];
const QUICK = ["--json", "--idle", "0", "--start", "2", "--window", "3"];

describe("joulecast run", () => {
  it("sees epochs in the program's output, measures each and foretells the whole from the second on", () => {
    const result = resultOf(["run", ...QUICK, "--epochs", "8", "--epoch-pattern", "^Epoch (\\d+)", ...training(8)]);
    expect(result.epochs.map(({ epoch }: Json) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const sumJ = result.epochs.reduce((sum: number, { energyJ }: Json) => sum + energyJ, 0);
    expect((sumJ + result.beforeEpochs.energyJ) / result.netJ).toBeCloseTo(1, 2);
    expect(sumJ / result.epochs.reduce((sum: number, { seconds }: Json) => sum + seconds, 0) / 45).toBeCloseTo(1, 1);
    expect(result.projections.map(({ atEpoch }: Json) => atEpoch)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    const last = result.projections.at(-1);
    expect(last.totalJ / result.netJ).toBeCloseTo(1, 2);
    expect(last.lowJ).toBe(last.highJ);
    expect(result.projections[0].remarks[0]).toMatch(/not yet stable/);
    expect(result.exitCode).toBe(0);
  });
  it("sees marks, passes the output on as it is, and keeps the run", () => {
    const args = ["run", "--idle", "0", "--epochs", "4", ...training(4, "marks")];
    const { status, stdout, stderr } = runCli(args);
    expect(status).toBe(0);
    expect(stdout).toBe("Epoch 1\nEpoch 2\nEpoch 3\nEpoch 4\n");
    expect(stderr).toContain("Epochs");
    expect(stderr).toContain("kept as run");
  });
  it("cuts epochs by the clock, and warns when there are none", () => {
    const clocked = resultOf(["run", ...QUICK, "--epochs", "3", "--epoch-seconds", "0.2", ...training(6)]);
    expect(clocked.epochs.length).toBeGreaterThanOrEqual(3);
    const none = resultOf(["run", ...QUICK, "--epochs", "3", ...training(1)]);
    expect(none.epochs).toEqual([]);
    expect(none.warnings.join()).toMatch(/no epoch was seen/);
  });
  it("ends the program politely when it will surely need too much, tells the webhook, and exits with 1", async () => {
    const told: Json[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        told.push(JSON.parse(body));
        response.end();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/budget`;
    const pattern = ["--epochs", "200", "--epoch-pattern", "^Epoch (\\d+)", "--stop-above", "100J", "--webhook", url];
    const child = spawn(process.execPath, [MAIN, "run", ...QUICK, ...pattern, ...training(200)]);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (piece) => {
      stdout += piece;
    });
    child.stderr.on("data", (piece) => {
      stderr += piece;
    });
    const code = await new Promise((done) => child.once("close", done));
    server.close();
    expect(code, stderr).toBe(1);
    const { result } = JSON.parse(stdout);
    expect(result.limit).toMatchObject({ limitJ: 100, exceeded: true });
    expect(result.limit.stoppedAtEpoch).toBeLessThan(50);
    expect(stderr).toContain("saved");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ event: "stop-above", limitJ: 100 });
  });
  it("exits as the program does while the limit is kept", () => {
    const failing = ["--", process.execPath, "-e", "process.exit(7)"];
    expect(runCli(["run", ...QUICK, "--epochs", "3", "--stop-above", "1MJ", ...failing]).status).toBe(7);
    expect(runCli(["run", ...QUICK, "--epochs", "3", "--", "no-such-program"]).status).toBe(127);
  });
  it("names what it cannot use", () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--", "true"], /how many epochs/],
      [["--epochs", "0", "--", "true"], /--epochs/],
      [["--epochs", "-1", "--", "true"], /--epochs: "-1" is not/],
      [["--epochs", "3-", "--", "true"], /--epochs: "" is not/],
      [["--epochs", "9-3", "--", "true"], /9 is more than 3/],
      [["--epochs", "3", "--epoch-pattern", "(", "--", "true"], /--epoch-pattern/],
      [["--epochs", "3", "--epoch-pattern", "x", "--epoch-seconds", "1", "--", "true"], /by the clock/],
      [["--epochs", "3", "--epoch-ends", "--", "true"], /--epoch-ends/],
      [["--epochs", "3", "--webhook", "nowhere", "--", "true"], /is no address/],
      [["--epochs", "3", "--stop-above", "0", "--", "true"], /--stop-above/],
      [["--epochs", "3"], /no command/],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = runCli(["run", ...args]);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
  });
});

describe.skipIf(!existsSync(PUBLISHED))("reproduce step on the published traces", () => {
  it("gives the published joules, STEP's error and the coverage of its interval", async () => {
    const rows = reproduceStep(await readPublishedRuns(PUBLISHED, () => undefined));
    const row = (item: RegExp) => rows.find((one) => item.test(one.item))!;
    expect(row(/^energy of 150 runs/).ratio).toBeCloseTo(1, 3);
    expect(row(/^STEP, epoch form: mean/).ours).toBeLessThanOrEqual(0.0075);
    expect(row(/^STEP, epoch form, start 10/).ours).toBeLessThanOrEqual(0.0075);
    expect(row(/^STEP, epoch form, start 4/).ours).toBeGreaterThan(0.1);
    expect(row(/over STEP's power form/).ours).toBeGreaterThanOrEqual(2);
    for (const item of [/shipped constants/, /scaled by other/]) {
      expect(row(item).ours).toBeGreaterThanOrEqual(0.87);
      expect(row(item).ours).toBeLessThanOrEqual(0.93);
    }
  });
});
