// The story of a person who lets this machine be learned: collect, go on after an interruption, calibrate, estimate on it, profile.
// The power is a fake machine's; the times are real and very short, and nothing is asserted about them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, it } from "vitest";
import { encodeProfile, fitCalibration } from "../../src/predict/collect/calibrate.ts";
import { collectedKind } from "../../src/predict/collect/kinds/table.ts";
import { drawPoint } from "../../src/predict/collect/points.ts";
import { sampleRow } from "../../src/predict/collect/sample-row.ts";
import { fedTree } from "../support/fed-tree.ts";
import { MAIN, runCli, temporaryFolder } from "./run-cli.ts";

const PACKAGE_W = 40;
const DRAM_W = 5;
const folder = temporaryFolder();
const schemas = resolve(import.meta.dirname, "../../data/schemas");

function hasRuntime(): boolean {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

/** A JSON run's result, checked against the package's schema. */
function resultOf(args: readonly string[], status = 0): Json {
  const run = runCli([...args, "--json"]);
  expect(run.status, run.stderr).toBe(status);
  const json = JSON.parse(run.stdout);
  const schema = JSON.parse(readFileSync(join(schemas, `${args[0]}.json`), "utf8"));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json.result;
}

const rowsOf = (path: string): Json[] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** What a quiet machine would have collected of maximum pooling: time grows with the elements it reads. */
function lawfulRows(count: number): string {
  const on = { cpu_name: "a", cpu_count: 1, threads: 1, provider: "cpu", runtime: "onnxruntime" };
  const rows = Array.from({ length: count }, (_, index) => {
    const { id, parameters } = drawPoint(collectedKind("maxpool"), index, 0);
    const { batch_size, in_channels, image_size } = parameters as Record<string, number>;
    const runS = 1e-5 + 1e-9 * batch_size! * in_channels! * image_size! ** 2;
    const repetitions = [1, 1.01].map((slower) => ({ passS: slower * runS, durationS: 1, othersS: 0 }));
    const timing = { repetitions, passes: 20, grossJ: 2 * PACKAGE_W, netJ: undefined, kind: "measured" };
    return JSON.stringify(sampleRow({ id, op: "maxpool", parameters }, timing, on, 0));
  });
  return rows.join("\n");
}

describe("joulecast profile --curve", () => {
  const curve = join(folder, "epochs.csv");
  const lines = Array.from({ length: 8 }, (_, i) => `${i + 1},${0.95 - 0.6 * (i + 1) ** -0.7},${i === 0 ? 150 : 100}`);
  writeFileSync(curve, `epoch,accuracy,energy_j\n${lines.join("\n")}\n`);
  it("says the joules to an accuracy as a range", () => {
    const { target } = resultOf(["profile", "--curve", curve, "--target-accuracy", "0.85"]);
    expect(target).toMatchObject({ accuracy: 0.85, reached: false });
    expect(target.lowJ).toBeLessThanOrEqual(target.energyJ);
    expect(target.highJ).toBeGreaterThanOrEqual(target.energyJ);
    expect(runCli(["profile", "--curve", curve, "--target-accuracy", "0.85"]).stdout).toContain(
      "To an accuracy of 0.85",
    );
  });
  it("asks for both, and for one thing at least", () => {
    expect(runCli(["profile", "--curve", curve])).toMatchObject({ status: 2 });
    expect(runCli(["profile"]).stderr).toContain("joulecast profile model.onnx");
  });
});

describe.skipIf(!hasRuntime())("learning this machine (skipped without the package onnxruntime-node)", async () => {
  const fed = await fedTree(PACKAGE_W, DRAM_W, 1000);
  process.env.JOULECAST_HOME = join(folder, "home");
  process.env.JOULECAST_ROOT = fed.root;
  afterAll(() => fed.stop());
  const samples = join(folder, "samples.jsonl");
  const quick = ["--target-time", "0.02s", "--repeats", "2", "--idle", "0.1s"];

  it("says that there is no profile before there is one", () => {
    expect(runCli(["estimate", "zoo:cifar/lenet", "--on", "this-machine"]).stderr).toContain("joulecast calibrate");
  });

  it("collects, keeps what is there, and mends a line that was cut off", () => {
    const layers = ["collect", "--layers", "relu,conv", "--out", samples, ...quick];
    const first = resultOf([...layers, "--points", "2"]);
    expect(first).toMatchObject({ points: 4, known: 0, collected: 4, kinds: ["measured"], interrupted: false });
    for (const row of rowsOf(samples)) {
      expect(row.pass_s).toBeGreaterThan(0);
      expect(row.energy_j / row.pass_s).toBeCloseTo(row.power_w, 6);
      expect(row.power_w / (PACKAGE_W + DRAM_W)).toBeCloseTo(1, 0);
    }
    const before = readFileSync(samples, "utf8");
    appendFileSync(samples, '{"id":"relu/0/2","op":"re');
    expect(resultOf([...layers, "--points", "3"])).toMatchObject({ points: 6, known: 4, collected: 2 });
    expect(readFileSync(samples, "utf8").startsWith(before)).toBe(true);
    expect(new Set(rowsOf(samples).map(({ id }) => id)).size).toBe(6);
  });

  it("runs the layers of a network, and all of it", () => {
    const out = join(folder, "networks.jsonl");
    const { collected, known } = resultOf(["collect", "--networks", "cifar/lenet", "--out", out, ...quick]);
    const rows = rowsOf(out);
    expect(known).toBe(0);
    expect(rows).toHaveLength(collected);
    expect(rows.filter(({ op }) => op === "network")).toMatchObject([{ network: "zoo:cifar/lenet", batch_size: 1 }]);
    expect(new Set(rows.map(({ op }) => op))).toEqual(new Set(["network", "conv", "linear", "maxpool", "relu"]));
  });

  it("ends at Ctrl-C with what it has, and goes on", async () => {
    const out = join(folder, "interrupted.jsonl");
    const args = ["collect", "--layers", "tanh", "--points", "400", "--out", out, ...quick];
    writeFileSync(out, "");
    const child = spawn(process.execPath, [MAIN, ...args, "--json"], { stdio: ["ignore", "pipe", "ignore"] });
    const watcher = watch(out, () => {
      if (readFileSync(out, "utf8").split("\n").length < 3) return;
      watcher.close();
      child.kill("SIGINT");
    });
    const text = (async () => {
      let all = "";
      for await (const chunk of child.stdout) all += chunk;
      return all;
    })();
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    const { result } = JSON.parse(await text);
    expect(result).toMatchObject({ interrupted: true, collected: rowsOf(out).length });
    const more = resultOf([
      "collect",
      "--layers",
      "tanh",
      "--points",
      String(result.collected + 1),
      "--out",
      out,
      ...quick,
    ]);
    expect(more).toMatchObject({ known: result.collected, collected: 1 });
  });

  it("refuses a provider that nobody knows before it begins", () => {
    expect(runCli(["collect", "--provider", "cud"]).stderr).toContain("nearest: cuda");
    expect(runCli(["calibrate", "--provider", "cud"]).stderr).toContain("nearest: cuda");
  });

  it("refuses to mix machines in one file", () => {
    const other = join(folder, "other.jsonl");
    writeFileSync(other, `${JSON.stringify({ ...rowsOf(samples)[0], cpu_name: "another" })}\n`);
    const run = runCli(["collect", "--layers", "relu", "--points", "1", "--out", other]);
    expect(run).toMatchObject({ status: 2 });
    expect(run.stderr).toContain('cpu_name "another"');
  });

  it("calibrates, or says that this machine is too busy to be learned", () => {
    const words = [
      "calibrate",
      "--minutes",
      "0.2",
      "--layers",
      "maxpool,relu",
      "--points",
      "13",
      "--target-time",
      "0.01s",
    ];
    const run = runCli([...words, "--no-check", "--min-passes", "1", "--repeats", "1", "--json"]);
    const { result, error } = JSON.parse(run.stdout);
    expect([error?.code, run.status]).toEqual(error === undefined ? [undefined, 0] : ["no-calibration", 2]);
    if (error !== undefined) return;
    expect(result.kind).toBe("measured");
    expect(result.points).toBeLessThanOrEqual(26);
    expect(existsSync(result.profile)).toBe(true);
    expect(result.profile).toContain("this-machine.json");
    expect(Object.keys(result.rangeByOp).length + result.left.length).toBe(2);
  });

  it("estimates on what was learned, and doubts what was learned badly", () => {
    const path = join(process.env.JOULECAST_HOME!, "profiles", "this-machine.json");
    const {
      predictor,
      samples: points,
      score,
    } = fitCalibration("law", lawfulRows(40), "digest", {
      measured: 40,
      wanted: 40,
      minutes: 1,
    });
    const about = { kind: "measured", machine: "a", createdAt: "2026-01-01T00:00:00Z", points, durationS: 1 };
    const own = (found: readonly Json[]) => found.filter(({ device }) => device === "this-machine");
    const words = ["estimate", "zoo:cifar/lenet", "--on", "this-machine,coral-edge-tpu"];
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, encodeProfile({ ...about, score: { r2: score.r2, mape: 0.1, bias: 0 } }, predictor));
    const [learned] = own(resultOf(words).estimates);
    expect(learned).toMatchObject({ metric: "calibrated" });
    expect(learned.energyJ).toBeGreaterThan(0);
    expect(learned.assumptions.join("\n")).toContain("joules are measured");
    expect(learned.assumptions.join("\n")).toMatch(/left out, so a lower bound.*Conv/);
    writeFileSync(path, encodeProfile({ ...about, score: { r2: 0, mape: 0.5, bias: 0 } }, predictor));
    expect(own(resultOf(words).estimates)[0].assumptions.join("\n")).toContain("DOUBTFUL");
  });

  it("profiles a network: a sweep, and the samples of the best batch", () => {
    const words = ["profile", "zoo:cifar/lenet", "--samples", "1000", "--batch", "1,4", "--duration", "0.05s"];
    const result = resultOf([...words, "--rounds", "2", "--limit", "0.1s", "--idle", "0", "--no-save"]);
    expect(result.sweep.map(({ batch }: Json) => batch)).toEqual([1, 4]);
    expect(result.totalJ).toBeCloseTo(1000 * result.perSampleJ, 9);
    const least = Math.min(...result.sweep.map(({ perSampleJ }: Json) => perSampleJ));
    expect(result.perSampleJ).toBe(least);
    expect(result.lowJ).toBeLessThanOrEqual(result.totalJ);
    expect(result.highJ).toBeGreaterThanOrEqual(result.totalJ);
    expect(result.kind).toBe("measured");
  });

  it("says that the precision asked for was not reached, which one section cannot show", () => {
    const words = ["profile", "zoo:cifar/lenet", "--batch", "1", "--duration", "0.02s", "--rounds", "1"];
    const { remarks } = resultOf([...words, "--limit", "1ns", "--precision", "3%", "--idle", "0", "--no-save"]);
    expect(remarks.join()).toMatch(/--precision 3\.00 % was not reached within --limit .*not known from one section/);
  });
});
