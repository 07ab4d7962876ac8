// The story of a person who lets this machine be learned: collect, go on after an interruption, calibrate, estimate on it, profile.
// The power is a fake machine's; the times are real and very short, and nothing is asserted about them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, it } from "vitest";
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

  it("refuses to mix machines in one file", () => {
    const other = join(folder, "other.jsonl");
    writeFileSync(other, `${JSON.stringify({ ...rowsOf(samples)[0], cpu_name: "another" })}\n`);
    const run = runCli(["collect", "--layers", "relu", "--points", "1", "--out", other]);
    expect(run).toMatchObject({ status: 2 });
    expect(run.stderr).toContain('cpu_name "another"');
  });

  it("calibrates, and estimates on what it learned", () => {
    const words = ["calibrate", "--quick", "--layers", "maxpool,relu", "--points", "13", "--target-time", "0.01s"];
    const { profile, kind, points, rangeByOp, left } = resultOf([
      ...words,
      "--no-check",
      "--min-passes",
      "1",
      "--repeats",
      "1",
    ]);
    expect(existsSync(profile)).toBe(true);
    expect(profile).toContain("this-machine.json");
    expect(kind).toBe("measured");
    expect(points).toBe(26);
    expect(Object.keys(rangeByOp).length + left.length).toBe(2);
    const { estimates } = resultOf(["estimate", "zoo:cifar/lenet", "--on", "this-machine,coral-edge-tpu"]);
    const own = estimates.filter(({ device }: Json) => device === "this-machine");
    expect(own).toMatchObject([{ metric: "calibrated" }]);
    expect(own[0].energyJ).toBeGreaterThan(0);
    expect(own[0].assumptions.join("\n")).toContain("joules are measured");
    expect(own[0].assumptions.join("\n")).toMatch(/left out, so a lower bound.*Conv/);
    expect(estimates.length).toBeGreaterThan(1);
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
});
