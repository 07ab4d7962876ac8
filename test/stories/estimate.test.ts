// The story of a person with a model file: inspect, estimate on three devices, write reports, set limits, make mistakes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli, runJson, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const lenet = join(folder, "lenet.onnx");
const THREE = "rtx-2080-ti,xeon-gold-5220,coral-edge-tpu";
const schemas = resolve(import.meta.dirname, "../../data/schemas");

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

function validated(command: string, args: readonly string[]): Json {
  const { run, json } = runJson(args);
  expect(run.status, run.stderr).toBe(0);
  const validate = new Ajv({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(join(schemas, `${command}.json`), "utf8")),
  );
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return (json as Json).result;
}

// Written before the tests are collected: their groups estimate it once for several tests.
const written = runCli(["zoo", "write", "cifar/lenet", lenet, "--quiet"]);

describe("joulecast zoo write", () => {
  it("gives the contract's JSON", () => {
    const file = join(folder, "again.onnx");
    expect(validated("zoo-write", ["zoo", "write", "cifar/lenet", file])).toMatchObject({ file, name: "cifar/lenet" });
  });
  it("writes a file and says where", () => {
    expect(written).toMatchObject({ status: 0, stderr: "" });
    expect(written.stdout).toContain("cifar/lenet written");
  });
});

describe("joulecast inspect", () => {
  it("counts a written file as it counts the zoo network", () => {
    const fromFile = validated("inspect", ["inspect", lenet]);
    const fromZoo = validated("inspect", ["inspect", "zoo:cifar/lenet"]);
    expect(fromFile.model).toMatchObject({ params: 62_006, macs: 651_720, unknown: [] });
    expect(fromFile.layers).toEqual(fromZoo.layers);
  });
  it("scales with the batch", () => {
    expect(validated("inspect", ["inspect", lenet, "--batch", "8"]).model.macs).toBe(8 * 651_720);
    expect(validated("inspect", ["inspect", lenet, "--dim", "batch=2"]).model.macs).toBe(2 * 651_720);
  });
});

describe("joulecast estimate", () => {
  const result = validated("estimate", [
    "estimate",
    lenet,
    "--on",
    THREE,
    "--batch",
    "4",
    "--region",
    "FI",
    "--runs",
    "1e6",
    "--price",
    "0.2EUR",
  ]);
  it("puts every metric beside every device, or says which number is missing", () => {
    expect(result.estimates.length + result.missing.length).toBe(3 * 7);
    for (const each of result.missing) expect(each.needs.length).toBeGreaterThan(0);
  });
  it("keeps the laws: layers add up, the range holds the value, CO2e and money follow the joules", () => {
    for (const each of result.estimates) {
      const sum = each.layers.reduce((total: number, layer: Json) => total + layer.energyJ, 0);
      expect(sum / each.energyJ).toBeCloseTo(1, 9);
      expect(each.lowJ).toBeLessThanOrEqual(each.energyJ);
      expect(each.highJ).toBeGreaterThanOrEqual(each.energyJ);
      expect(each.perInferenceJ * 4).toBeCloseTo(each.energyJ, 12);
      const kWh = (each.perInferenceJ * 1e6) / 3.6e6;
      expect(each.co2eKg / kWh).toBeCloseTo(result.region.kgPerKwh, 9);
      expect(each.cost.amount / kWh).toBeCloseTo(0.2, 9);
    }
  });
  it("counts int8 operations on a device without float32 and says so", () => {
    const coral = result.estimates.find(
      (each: Json) => each.device === "coral-edge-tpu" && each.metric === "flops-per-watt",
    );
    expect(coral.assumptions.join(" ")).toContain("int8");
  });
  it("gives break-even, candidates and the ledger when training is known", () => {
    const more = validated("estimate", [
      "estimate",
      lenet,
      "--on",
      "rtx-3090",
      "--train-energy",
      "1MJ",
      "--rate",
      "100",
      "--versus",
      "zoo:cifar/vgg16@10MJ",
    ]);
    for (const each of more.estimates) {
      expect((each.breakEven.inferences * each.perInferenceJ) / 1e6).toBeCloseTo(1, 9);
      expect((each.breakEven.seconds * 100) / each.breakEven.inferences).toBeCloseTo(1, 9);
    }
    expect(more.ranking[0].ranked.map((each: Json) => each.name)).toEqual([lenet, "zoo:cifar/vgg16"]);
    expect(more.ledger.rows.map((each: Json) => each.phase)).toEqual(["experimentation", "training", "inference"]);
  });
  it("estimates a training step as dearer than an inference", () => {
    const step = validated("estimate", [
      "estimate",
      lenet,
      "--on",
      "rtx-3090",
      "--training",
      "--metric",
      "flops-per-watt",
    ]);
    const pass = validated("estimate", ["estimate", lenet, "--on", "rtx-3090", "--metric", "flops-per-watt"]);
    expect(step.estimates[0].energyJ).toBeGreaterThan(2 * pass.estimates[0].energyJ);
  });
  it("takes a device of the user's own", () => {
    const mine = join(folder, "mine.json");
    const number = (value: number) => ({ value, source: "the label" });
    writeFileSync(
      mine,
      JSON.stringify({
        id: "mine",
        name: "My chip",
        kind: "npu",
        peakFlopsPerS: { float32: number(1e12) },
        tdpW: number(10),
      }),
    );
    const own = validated("estimate", ["estimate", lenet, "--on", mine, "--metric", "flops-per-watt"]);
    expect(own.estimates[0].energyJ).toBeCloseTo(own.model.flops * 1e-11, 15);
  });
});

describe("reports", () => {
  it("are the same result as text, CSV, Markdown and one HTML file without a foreign address", () => {
    const html = join(folder, "report.html");
    const text = runCli(["estimate", lenet, "--on", THREE, "--html", html]);
    expect(text.status).toBe(0);
    expect(Math.max(...text.stdout.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(80);
    const page = readFileSync(html, "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page).not.toContain(folder);
    const csv = runCli(["estimate", lenet, "--on", THREE, "--csv"]).stdout;
    expect(csv.split("\n")[0]).toContain("device,metric");
    expect(runCli(["estimate", lenet, "--on", THREE, "--markdown"]).stdout).toMatch(/^\| device/m);
  });
  it("go to --out as they are printed", () => {
    const out = join(folder, "result.json");
    const run = runCli(["inspect", lenet, "--json", "--out", out]);
    expect(readFileSync(out, "utf8")).toBe(run.stdout);
  });
});

describe("a report that would replace", () => {
  it.each([
    ["the network that it is of", ["--out", lenet]],
    ["the other report", ["--out", join(folder, "one"), "--html", join(folder, "x", "..", "one")]],
  ])("%s is refused, and nothing is written", (_, options) => {
    const before = readFileSync(lenet);
    const run = runCli(["inspect", lenet, ...options]);
    expect(run).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("written over") });
    expect(readFileSync(lenet)).toEqual(before);
  });
});

describe("limits for continuous integration", () => {
  it("--max-j exits 1 above the limit and 0 below", () => {
    expect(runCli(["estimate", lenet, "--on", "rtx-3090", "--max-j", "1J"]).status).toBe(0);
    for (const quiet of [[], ["--quiet"]]) {
      const above = runCli(["estimate", lenet, "--on", "rtx-3090", "--max-j", "1nJ", ...quiet]);
      expect(above.status).toBe(1);
      expect(above.stderr).toContain("limit exceeded");
    }
  });
  it("--baseline exits 1 when joules rise by more than allowed", () => {
    const old = join(folder, "old.json");
    runCli(["estimate", "zoo:cifar/lenet", "--on", "rtx-3090", "--json", "--out", old]);
    expect(runCli(["estimate", lenet, "--on", "rtx-3090", "--baseline", old]).status).toBe(0);
    const risen = runCli([
      "estimate",
      "zoo:cifar/vgg16",
      "--on",
      "rtx-3090",
      "--baseline",
      old,
      "--max-increase",
      "5%",
    ]);
    expect(risen.status).toBe(1);
    expect(risen.stderr).toContain("rose by");
  });
});

describe("what is not known is not zero", () => {
  const odd = join(folder, "odd.onnx");
  const minimal = (op: string): Buffer => {
    // ModelProto { ir_version 8, opset_import { version 17 }, graph { node { x → y, op, name }, input x, output y } }
    const text = (field: number, value: string): number[] => [field * 8 + 2, value.length, ...Buffer.from(value)];
    const message = (field: number, bytes: readonly number[]): number[] => [field * 8 + 2, bytes.length, ...bytes];
    const shape = message(2, [...message(1, [8, 1]), ...message(1, [8, 4])]);
    const value = (name: string): number[] => [...text(1, name), ...message(2, message(1, [8, 1, ...shape]))];
    const node = [...text(1, "x"), ...text(2, "y"), ...text(3, "odd"), ...text(4, op)];
    const graph = [...message(1, node), ...text(2, "g"), ...message(11, value("x")), ...message(12, value("y"))];
    return Buffer.from([8, 8, ...message(8, [16, 17]), ...message(7, graph)]);
  };
  it("an operator without a rule makes the result incomplete, says so on stderr, and no limit is proven", () => {
    writeFileSync(odd, minimal("Frobnicate"));
    const inspected = validated("inspect", ["inspect", odd]);
    expect(inspected.model).toMatchObject({ complete: false, unknown: [{ layer: "odd", op: "Frobnicate" }] });
    const run = runCli(["estimate", odd, "--on", "t4", "--max-j", "1J"]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("1 layer could not be counted");
    expect(run.stderr).toContain("limit not proven");
  });
  it("a metric asked for by name that is missing proves no limit either", () => {
    const run = runCli(["estimate", lenet, "--on", "t4", "--metric", "mac-linear", "--max-j", "1J"]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("mac-linear on t4 is missing");
  });
});

describe("bad input", () => {
  const junk = join(folder, "junk.onnx");
  const empty = join(folder, "empty.onnx");
  const half = join(folder, "half.onnx");
  const torch = join(folder, "model.pt");
  beforeAll(() => {
    writeFileSync(junk, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251)));
    writeFileSync(empty, "");
    writeFileSync(half, readFileSync(lenet).subarray(0, 20_000));
    writeFileSync(torch, "PK\u0003\u0004rest of a zip");
  });
  it.each([
    ["a file that is not there", () => ["inspect", join(folder, "nowhere.onnx")], /no such file/],
    ["a folder", () => ["inspect", folder], /not a plain file/],
    ["random bytes", () => ["inspect", junk], /onnx/i],
    ["an empty file", () => ["inspect", empty], /empty/],
    ["a truncated file", () => ["inspect", half], /./],
    ["a PyTorch file", () => ["inspect", torch], /torch\.onnx\.export/],
    ["an unknown network", () => ["inspect", "zoo:vgg61"], /vgg16/],
    ["an unknown device", () => ["estimate", lenet, "--on", "rtx-2081"], /rtx-2080/],
    ["an unknown metric", () => ["estimate", lenet, "--metric", "magic"], /unknown metric/],
    ["an unknown region", () => ["estimate", lenet, "--region", "Atlantis"], /unknown region/],
    ["a negative batch", () => ["estimate", lenet, "--batch", "-3"], /whole number/],
    ["an absurd batch", () => ["inspect", lenet, "--batch", "1e15"], /batch/],
    ["an unknown dimension", () => ["inspect", lenet, "--dim", "sequence=3"], /sequence/],
    ["a misspelt command", () => ["estimatte"], /estimate/],
    ["a misspelt option", () => ["inspect", lenet, "--jsn"], /--json/],
    ["two forms at once", () => ["inspect", lenet, "--csv", "--markdown"], /two forms/],
    ["a table that is not there", () => ["inspect", lenet, "--csv", "--table", "none"], /table/],
    ["an optimiser that is not there", () => ["inspect", lenet, "--training", "--optimiser", "adm"], /adam/],
    ["one device twice", () => ["estimate", lenet, "--on", "t4,T4"], /twice/],
    ["a lifetime without unit", () => ["estimate", lenet, "--lifetime", "4"], /no unit/],
    ["a rate without training", () => ["estimate", lenet, "--rate", "10"], /needs the energy of training/],
    ["a rate that is none", () => ["estimate", lenet, "--train-energy", "1J", "--rate", "abc"], /rate/],
    ["an optimiser without training", () => ["inspect", lenet, "--optimiser", "sgd"], /--training/],
    ["a share of nothing", () => ["estimate", lenet, "--peak-share", "0"], /--peak-share/],
    ["a table without --csv", () => ["inspect", lenet, "--table", "layers"], /--csv/],
    ["no command", () => [], /no command/],
    ["a price that is none", () => ["estimate", lenet, "--price", "cheap"], /price/i],
  ])("%s: exit 2, one line and the next step, no stack", (_, args, message) => {
    const run = runCli(args());
    expect(run.status).toBe(2);
    expect(run.stdout).toBe("");
    const lines = run.stderr.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
  it("is one JSON object with --json", () => {
    const run = runCli(["inspect", "zoo:vgg61", "--json"]);
    expect(run.status).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: "joulecast/inspect/1",
      command: "inspect",
      error: { code: "unknown-network" },
    });
  });
  it("leaves no partial report behind", () => {
    const html = join(folder, "missing", "report.html");
    const run = runCli(["inspect", lenet, "--html", html]);
    expect(run.status).toBe(2);
    expect(existsSync(html)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

describe("catalogues", () => {
  it("list devices and networks", () => {
    const devices = validated("devices", ["devices"]).devices;
    expect(devices.length).toBeGreaterThan(40);
    expect(validated("devices", ["devices", "RTX 2080 Ti"]).devices[0].numbers.tdpW.value).toBe(250);
    const networks = validated("zoo", ["zoo"]).networks;
    expect(networks.find((each: Json) => each.name === "deeprx")).toMatchObject({
      params: 1_232_776,
      macs: 5_314_283_520,
    });
  });
  it("knows the long tail by name", () => {
    expect(validated("devices", ["devices", "rtx 5090"]).devices[0].numbers.tdpW.value).toBeGreaterThan(300);
  });
});
