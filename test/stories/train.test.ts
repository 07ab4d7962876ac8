// The story of a person who trains: from a built-in network to a file that runs, joules by epoch, interrupted and resumed, fine-tuned, mistaken.
// The data are drawn by rule and the machine is a fake one whose true power is known: nothing is downloaded or measured.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../src/graph/build.ts";
import { writeWhole } from "../../src/node/files.ts";
import { drawnWeights, fileWeights, readModel } from "../../src/node/model.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { batchNorm, conv, flatten, linear, relu } from "../../src/zoo/pieces.ts";
import { fedTree } from "../support/fed-tree.ts";
import { MAIN, runCli, temporaryFolder } from "./run-cli.ts";

const PACKAGE_W = 40;
const DRAM_W = 5;
const folder = temporaryFolder();
const schemas = resolve(import.meta.dirname, "../../data/schemas");
const fed = await fedTree(PACKAGE_W, DRAM_W, 1e6);
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
  const schema = JSON.parse(readFileSync(join(schemas, `${json.command.replace(" ", "-")}.json`), "utf8"));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json;
}
const NETWORK = "zoo:mnist-cnn:width=0.25";
const DATA = "synthetic:digits:train=640,test=100";
const train = (...more: string[]) => ["train", NETWORK, "--data", DATA, "--batch", "32", "--no-save", ...more];
const out = join(folder, "digits.onnx");

describe("joulecast train", () => {
  it("writes a network that has learned, with joules by epoch", () => {
    const { result } = jsonOf(train("--epochs", "4", "--lr", "4e-3", "--out", out, "--on", "xeon-gold-5220"));
    expect(result).toMatchObject({ end: "finished", updates: 80, metricName: "accuracy", out });
    expect(result.epochs).toHaveLength(4);
    expect(result.after.metric).toBeGreaterThan(result.before.metric + 0.2);
    expect(result.epochs.at(-1).metric).toBe(result.after.metric);
    expect(result.after).toMatchObject({ macs: result.before.macs, params: result.before.params });
    expect(Object.values(result.after.energyJ).length).toBeGreaterThan(2);
    expect(result.energy.kind).toBe("measured");
    expect(result.energy.meanPowerW).toBeCloseTo(PACKAGE_W + DRAM_W, -1);
    for (const { energyJ } of result.epochs) expect(energyJ).toBeGreaterThan(0);
    const sum = result.epochs.reduce((total: number, row: Json) => total + row.energyJ, 0);
    expect(sum).toBeLessThanOrEqual(result.energy.grossJ);
    expect(jsonOf(["inspect", out]).result.model.params).toBe(result.after.params);
  });

  it("writes the same bytes for the same seed, and others for another", () => {
    const [first, second, other] = ["a", "b", "c"].map((name) => join(folder, `${name}.onnx`)) as [
      string,
      string,
      string,
    ];
    const short = ["--epochs", "1", "--no-measure", "--limit-test", "10"];
    jsonOf(train(...short, "--out", first));
    jsonOf(train(...short, "--out", second));
    jsonOf(train(...short, "--out", other, "--seed", "1"));
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    expect(readFileSync(other).equals(readFileSync(first))).toBe(false);
  });

  it("fine-tunes a file, for several seeds, and keeps the run in the history", () => {
    const args = [
      "train",
      out,
      "--data",
      DATA,
      "--epochs",
      "1",
      "--lr",
      "1e-4",
      "--batch",
      "64",
      "--seed",
      "3,4",
      "--label",
      "tuned",
    ];
    const { result } = jsonOf(args);
    expect(result.seeds.map(({ seed }: Json) => seed)).toEqual([3, 4]);
    expect(result.before.metric).toBeGreaterThan(0.3);
    const runs = jsonOf(["history"]).result.runs as Json[];
    expect(runs.map(({ command }) => command)).toEqual([`train ${out}`]);
  });

  it("tells people the same", () => {
    const { stdout, status } = runCli(train("--epochs", "2", "--limit-train", "64"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/accuracy .*%/);
    expect(stdout).toMatch(/its energy \(measured\) +[\d.]+ m?J/);
    expect(stdout).toMatch(/epoch +training loss +accuracy +time +energy/);
  });

  it("goes on after Ctrl-C where it was", async () => {
    const checkpoint = join(folder, "checkpoint");
    const args = train("--checkpoint", checkpoint, "--limit-test", "10");
    const child = spawn(process.execPath, [MAIN, ...args, "--epochs", "5000", "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.on("data", (bytes: Buffer) => {
      printed += bytes.toString();
    });
    const ended = once(child, "close");
    while (!existsSync(join(checkpoint, "checkpoint.bin"))) await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGINT");
    const [code] = await ended;
    expect(code).toBe(130);
    const stopped = JSON.parse(printed).result;
    expect(stopped.end).toBe("interrupted");
    const parts: Json[] = [...stopped.epochs, ...(stopped.unfinished === null ? [] : [stopped.unfinished])];
    for (const key of ["seconds", "energyJ"])
      expect(stopped.seeds[0][key]).toBeCloseTo(
        parts.reduce((sum: number, part: Json) => sum + part[key], 0),
        9,
      );
    expect(stopped.seeds[0].energyJ).toBeLessThanOrEqual(stopped.energy.grossJ);
    const epochs = stopped.epochs.length + 1;
    const { result } = jsonOf([...args, "--epochs", `${epochs}`, "--resume"]);
    expect(result).toMatchObject({ end: "finished", resumedAt: stopped.updates, updates: 20 * epochs });
    const losses = ({ epochs: rows }: Json) => rows.map(({ loss, metric }: Json) => [loss, metric]);
    expect(losses(result).slice(0, -1)).toEqual(losses(stopped));
    expect(result.spentJ).toBeGreaterThan(stopped.spentJ);
    const other = jsonOf([...args, "--lr", "1", "--resume"], 2);
    expect(other.error.code).toBe("other-run");
  });

  it("stops at its budget", () => {
    const { result } = jsonOf(train("--epochs", "5000", "--budget", "60J", "--limit-test", "10"));
    expect(result.end).toBe("budget spent");
    expect(result.spentJ).toBeGreaterThanOrEqual(60);
  });

  it("stops when nothing improves, judged by samples set apart", () => {
    const { result } = jsonOf(
      train("--epochs", "50", "--lr", "1e-9", "--patience", "1", "--limit-train", "64", "--no-measure"),
    );
    expect(result.end).toBe("no improvement");
    expect(result.epochs.length).toBeLessThan(50);
    expect(result.energy).toBeNull();
    expect(result.epochs[0].energyJ).toBeNull();
  });

  it("folds batch normalisation into what it writes", async () => {
    const [model, folded] = [join(folder, "normalised.onnx"), join(folder, "folded.onnx")];
    const b = new NetworkBuilder("normalised");
    const x = conv(b, b.input("image", ["batch", 2, 4, 4]), 3, { kernel: 3 });
    b.output(linear(b, flatten(b, relu(b, batchNorm(b, x))), 4));
    await writeWhole(model, writeOnnx(b.graph(), drawnWeights));
    const data = join(folder, "tiny");
    mkdirSync(data);
    writeFileSync(
      join(data, "x.bin"),
      Uint8Array.from({ length: 8 * 32 }, (_, i) => (i * 31) % 251),
    );
    writeFileSync(join(data, "y.bin"), Uint8Array.from([0, 1, 2, 3, 0, 1, 2, 3]));
    const images = { role: "data", file: "x.bin", dtype: "uint8", shape: [2, 4, 4] };
    const labels = { role: "label", file: "y.bin", dtype: "uint8", shape: [] };
    writeFileSync(join(data, "dataset.json"), JSON.stringify({ train: [images, labels] }));
    const args = ["train", model, "--data", data, "--batch", "4", "--no-measure", "--out", folded, "--fold"];
    const { result } = jsonOf(args);
    expect(result.remarks).toContain("1 batch normalisation folded into the layers before them");
    expect(result.after.metric).toBeNull();
    const layers = jsonOf(["inspect", folded]).result.layers as Json[];
    expect(layers.map(({ op }) => op)).toEqual(["Conv", "Relu", "Flatten", "Gemm"]);
  });

  it("needs less memory and gives the same when asked to recompute, and leaves frozen layers alone", async () => {
    const short = ["--epochs", "1", "--no-measure", "--limit-test", "10"];
    const [plain, again] = [jsonOf(train(...short)), jsonOf(train(...short, "--recompute"))];
    expect(again.result.epochs[0].loss).toBeCloseTo(plain.result.epochs[0].loss, 5);
    const [all, some] = [join(folder, "all.onnx"), join(folder, "some.onnx")];
    jsonOf(train(...short, "--out", all));
    const { error } = jsonOf(train(...short, "--freeze", "conw"), 2);
    expect(error).toMatchObject({ code: "unknown-weight", message: expect.stringContaining("conv") });
    jsonOf(["train", all, ...train().slice(2), ...short, "--freeze", "conv,fc1", "--out", some]);
    const bytes = async (path: string, name: string) => {
      const graph = await readModel(path);
      const file = fileWeights(path);
      const found = await file.weights(graph.weights.get(name)!, graph.tensors.get(name)!);
      file.close();
      return Buffer.from(found);
    };
    for (const [name, isFrozen] of [
      ["conv1/weight", true],
      ["fc1/bias", true],
      ["fc2/weight", false],
    ] as const)
      expect((await bytes(some, name)).equals(await bytes(all, name)), name).toBe(isFrozen);
  });

  it("says what is wrong, before anything is trained", () => {
    const error = (...args: string[]) => jsonOf(["train", NETWORK, ...args], 2).error.code;
    expect(error()).toBe("no-data");
    expect(error("--data", join(folder, "nowhere"))).toBe("cannot-read");
    expect(error("--data", DATA, "--optimiser", "adma")).toBe("unknown-optimiser");
    expect(error("--data", DATA, "--loss", "mse", "--no-measure")).toBe("wrong-shape");
    expect(error("--data", DATA, "--resume")).toBe("no-checkpoint");
    for (const words of [["--steps", "5"], ["--size", "1GFLOP"], ["--teacher", "x"], ["--no-t2"]])
      expect(error("--data", DATA, ...words)).toBe("no-such-option");
    expect(error("--data", DATA, "--batch", "1000", "--no-measure")).toBe("few-samples");
    expect(error("--data", DATA, "--budget", "1J", "--no-measure")).toBe("no-sources");
    expect(error("--data", DATA, "--out", join(folder, "no", "x.onnx"))).toBe("cannot-write");
    expect(error("--data", DATA, "--provider", "gpu")).toBe("unknown-provider");
    expect(error("--data", DATA, "--threads", "1000000")).toBe("out-of-range");
    const absent = process.platform === "darwin" ? "dml" : "coreml";
    expect(error("--data", DATA, "--provider", absent, "--no-measure")).toBe("no-provider");
    const wild = ["--data", DATA, "--optimiser", "sgd", "--lr", "1e30", "--no-measure"];
    expect(error(...wild)).toBe("loss-not-finite");
  });
});

describe("joulecast data get", () => {
  it("knows its sets", () => {
    const { error } = jsonOf(["data", "get", "minst"], 2);
    expect(error.message + error.hint).toMatch(/mnist/);
  });
});
