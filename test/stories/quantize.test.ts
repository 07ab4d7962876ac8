// The story of a person who wants the same answers in 8 bits: train, quantise, compare, run it elsewhere, and be told what does not pay.
// The data are drawn by rule and the machine is a fake one whose true power is known.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../src/graph/build.ts";
import { writeWhole } from "../../src/node/files.ts";
import { drawnWeights } from "../../src/node/model.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { fedTree } from "../support/fed-tree.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const schemas = resolve(import.meta.dirname, "../../data/schemas");
const fed = await fedTree(40, 5, 1e6);
process.env.JOULECAST_HOME = join(folder, "home");
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

/** A JSON run, checked against the package's schema. */
function jsonOf(args: readonly string[], status = 0): Json {
  const run = runCli([...args, "--json"]);
  expect(run.status, run.stderr).toBe(status);
  const json = JSON.parse(run.stdout);
  const schema = JSON.parse(readFileSync(join(schemas, `${json.command}.json`), "utf8"));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json;
}

const DATA = "synthetic:digits:train=640,test=100";
const model = join(folder, "digits.onnx");
const quick = ["--no-measure", "--clock", "0"];
const quantize = (...more: string[]) => ["quantize", model, "--data", DATA, ...more];

beforeAll(() => {
  const trained = jsonOf([
    ...["train", "zoo:mnist-cnn:width=0.25", "--data", DATA, "--batch", "32", "--epochs", "4", "--lr", "4e-3"],
    ...["--no-measure", "--out", model],
  ]);
  expect(trained.result.after.metric).toBeGreaterThan(0.3);
});

describe("joulecast quantize", () => {
  it("writes int8 with accuracy, joules and time before and after", () => {
    const out = join(folder, "int8.onnx");
    const { result } = jsonOf(quantize("--out", out, "--on", "xeon-gold-5220", "--clock", "0.5s", "--label", "small"));
    expect(result).toMatchObject({ out, to: "int8-static", layers: 9, folded: 0, epochs: [], seeds: [] });
    expect(result.after.macs).toBe(result.before.macs);
    expect(result.after.weightBytes / result.before.weightBytes).toBeLessThan(0.27);
    expect(Math.abs(result.after.metric - result.before.metric)).toBeLessThanOrEqual(0.05);
    expect(result.difference.relativeRms).toBeLessThan(0.1);
    expect(result.after.energyJ["op-energy"]).toBeLessThan(result.before.energyJ["op-energy"] / 3);
    expect(result.before.seconds).toBeGreaterThan(0);
    expect(result.before.measured).toMatchObject({ kind: "measured", isNet: false });
    expect(result.after.measured.perInferenceJ).toBeGreaterThan(0);
    expect(result.energy.kind).toBe("measured");
    expect(jsonOf(["inspect", out]).result.model).toMatchObject({ macs: result.after.macs, unknown: [] });
    expect(jsonOf(["history"]).result.runs[0].command).toBe(`quantize ${model}`);
  });

  it.each([
    ["--per-channel", "--calibration", "entropy", "--samples", "64"],
    ["--calibration", "percentile", "--activation", "int8", "--reduce-range"],
    ["--to", "int8-dynamic", "--keep", "fc5"],
    ["--to", "float16"],
  ])("%s %s %s: the answers stay", (...options) => {
    const { result } = jsonOf(quantize(...options, ...quick));
    expect(result.out).toBeNull();
    expect(Math.abs(result.after.metric - result.before.metric)).toBeLessThanOrEqual(0.05);
    expect(result.before.seconds).toBeNull();
    expect(result.energy).toBeNull();
  });

  it("tells people the same, and that this (made-up) processor has no 8-bit products", () => {
    const run = runCli(quantize("--limit-test", "50", "--clock", "0.2s", "--no-measure", "--on", "xeon-gold-5220"));
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/accuracy +[\d.]+ % +[\d.]+ % +[-+]?[\d.]+ points/);
    expect(run.stdout).toMatch(/weights +[\d.]+ kB +[\d.]+ kB +7\d\.\d %/);
    expect(run.stdout).toMatch(/by the clock|as fast here|is slower here/);
    expect(run.stdout).toMatch(/ranges by minmax of 256 samples/);
    expect(run.stdout).toMatch(/no instructions for 8-bit products.*int8\s+saves memory, seldom time/s);
    expect(run.stdout).toMatch(/--reduce-range avoids it/);
  });

  it("names the samples that there were", () => {
    const run = runCli(quantize("--samples", "5000", ...quick));
    expect(run.stdout).toMatch(/ranges by minmax of 640 samples/);
  });

  it("needs no data where nothing is calibrated, and tells no accuracy then", () => {
    const { result } = jsonOf(["quantize", model, "--to", "float16", ...quick]);
    expect(result).toMatchObject({ data: null, difference: null });
    expect(result.after.metric).toBeNull();
  });

  it("writes over nothing unless it is told to", () => {
    const out = join(folder, "kept.onnx");
    writeFileSync(out, "mine");
    expect(jsonOf(quantize("--out", out, ...quick), 2).error.code).toBe("exists");
    expect(readFileSync(out, "utf8")).toBe("mine");
    jsonOf(quantize("--out", out, "--force", ...quick));
    expect(readFileSync(out).length).toBeGreaterThan(1000);
  });

  it("says what is wrong, and writes nothing", async () => {
    const out = join(folder, "none.onnx");
    const error = (...args: string[]) => jsonOf(["quantize", ...args, "--out", out, ...quick], 2).error;
    expect(error(model).code).toBe("no-data");
    expect(error(model, "--data", DATA, "--to", "int4").message).toMatch(/int4/);
    expect(error(model, "--data", DATA, "--samples", "0").code).toBe("bad-count");
    expect(error(model, "--to", "float16", "--per-channel").code).toBe("no-effect");
    expect(error(model, "--data", DATA, "--keep", "fc6").message).toMatch(/fc6/);
    expect(error(join(folder, "nowhere.onnx"), "--to", "float16").code).toBe("cannot-read");
    const bare = join(folder, "bare.onnx");
    const b = new NetworkBuilder("bare");
    b.output(b.layer("Relu", [b.input("x", ["batch", 4])]));
    await writeWhole(bare, writeOnnx(b.graph(), drawnWeights));
    expect(error(bare, "--to", "int8-dynamic").code).toBe("nothing-to-quantise");
    const half = join(folder, "half.onnx");
    jsonOf(["quantize", model, "--to", "float16", "--out", half, ...quick]);
    expect(error(half, "--to", "int8-dynamic").code).toBe("not-float32");
    expect(existsSync(out)).toBe(false);
  });
});
