// The story of a person who prunes: a trained network made sparse, made small, fine-tuned, written, and all that cannot be done refused.
// The data are drawn by rule and no power source is read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../src/graph/build.ts";
import { writeWhole } from "../../src/node/files.ts";
import { drawnWeights, fileWeights, readModel } from "../../src/node/model.ts";
import { onnxRuntime } from "../../src/node/runtime/onnx-runtime.ts";
import { writeOnnx } from "../../src/onnx/write.ts";
import { conv, flatten, linear, maxPool, relu } from "../../src/zoo/pieces.ts";
import { type Json, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
process.env.JOULECAST_HOME = join(folder, "home");
const DATA = "synthetic:digits:train=640,test=200";
const drawn = join(folder, "drawn.onnx");
const model = join(folder, "model.onnx");
const QUIET = ["--no-measure", "--no-save", "--threads", "1"];
const COMMON = ["--data", DATA, "--batch", "32", "--clock", "0.05s", "--on", "xeon-gold-5220", ...QUIET];

const prune = (...more: string[]): Json => resultOf(["prune", model, ...COMMON, ...more, "--json"]);

function refused(...more: string[]): Json {
  const run = runCli(["prune", model, ...COMMON, ...more, "--json"]);
  expect(run.status, run.stdout).toBe(2);
  return JSON.parse(run.stdout).error;
}

/** Two convolutions and two dense layers: enough to learn digits in a second. */
async function writeDrawn(): Promise<void> {
  const b = new NetworkBuilder("digits", 0);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = maxPool(b, relu(b, conv(b, x, 8, { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "relu1"), { kernel: 2 });
  x = relu(b, conv(b, x, 16, { name: "conv2", kernel: 3, pad: 1 }), "relu2");
  x = relu(b, linear(b, flatten(b, x), 32, "fc1"), "relu3");
  b.output(linear(b, x, 10, "fc2"));
  await writeWhole(drawn, writeOnnx(b.graph(), drawnWeights));
}

/** Answers of a file in ONNX Runtime for one input. */
async function answers(path: string): Promise<readonly number[]> {
  const file = fileWeights(path);
  const session = await onnxRuntime().open(await readModel(path), { weights: file.weights, threads: 1 });
  const data = Float32Array.from({ length: 784 }, (_, i) => (i % 28 > 12 && i % 28 < 16 ? 1 : 0));
  const [output] = Object.values(await session.run({ input: { dtype: "float32", shape: [1, 1, 28, 28], data } }));
  const given = Array.from(output!.data as Float32Array);
  await session.close();
  file.close();
  return given;
}

describe("joulecast prune", () => {
  it("makes a trained network sparse, and shows joules with zeros and without", async () => {
    await writeDrawn();
    const trained = runCli([
      ...["train", drawn, "--data", DATA, "--batch", "32", "--epochs", "6"],
      ...["--lr", "4e-3", "--schedule", "cosine", "--out", model, ...QUIET],
    ]);
    expect(trained.status, trained.stderr).toBe(0);
    const out = join(folder, "sparse.onnx");
    const result = prune("--ratio", "8", "--gradual", "2", "--epochs", "1", "--out", out);
    const { before, after } = result;
    expect(result).toMatchObject({ method: "magnitude", out, metricName: "accuracy" });
    expect(result.compressionRatio).toBeGreaterThanOrEqual(8);
    expect(result.compressionRatio).toBeCloseTo(before.nonzero.params / after.nonzero.params, 9);
    expect(result.epochs.map(({ epoch }: Json) => epoch)).toEqual([1, 2]);
    expect(before.metric).toBeGreaterThan(0.6);
    expect(after.metric).toBeGreaterThan(before.metric - 0.15);
    // A dense runtime saves what dead neurons cost, no more; skipping zeros saves the rest.
    expect(after.nonzero.macs).toBeLessThan(after.macs);
    expect(after.nonzero.energyJ["op-energy"]).toBeLessThan(after.energyJ["op-energy"] / 1.5);
    expect(after.energyJ["op-energy"]).toBeLessThanOrEqual(before.energyJ["op-energy"]);
    expect(result.remarks.join()).toMatch(/zeros are left in the file/);
    expect(await answers(out)).toHaveLength(10);
    expect(resultOf(["inspect", out, "--json"]).model.params).toBe(after.params);
  });

  it("makes a smaller network that is counted as such by everything", async () => {
    const out = join(folder, "small.onnx");
    const { before, after, channels } = prune("--macs", "30%", "--multiple", "2", "--epochs", "2", "--out", out);
    expect(after.macs).toBeLessThanOrEqual(0.3 * before.macs);
    expect(after.weightBytes).toBeLessThan(before.weightBytes);
    expect(after.energyJ["op-energy"]).toBeLessThan(before.energyJ["op-energy"]);
    expect(after.nonzero.params).toBe(after.params);
    expect(after.time.medianS).toBeGreaterThan(0);
    expect(channels).toHaveLength(3);
    expect(await answers(out)).toHaveLength(10);
    expect(readFileSync(out).length).toBeLessThan(readFileSync(model).length);
  });

  it("takes the paper's two steps", () => {
    const { compressionRatio, phases, layers } = prune("--l1", "0.999", "--l1-epochs", "2", "--threshold", "0.003");
    expect(phases).toEqual([{ name: "L1", epochs: 2, rate: 3e-3 }]);
    expect(compressionRatio).toBeGreaterThan(1.2);
    expect(layers.map(({ layer }: Json) => layer)).toContain("fc1");
  });

  it("says in words what it did", () => {
    const { stdout, status } = runCli(["prune", model, ...COMMON, "--ratio", "3"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/compression ratio\s+3\.0/);
    expect(stdout).toMatch(/op-energy, zeros skipped/);
    expect(stdout).toMatch(/parameters not zero/);
  });

  it("needs no data where nothing is trained, and shows both kinds of joules on a processor that nobody knows", () => {
    process.env.JOULECAST_ROOT = join(folder, "nowhere");
    try {
      const { data, before, after, device, remarks } = resultOf(["prune", model, "--ratio", "3", ...QUIET, "--json"]);
      expect(data).toBeNull();
      expect(after.metric).toBeNull();
      expect(device).toMatch(/45 nm/);
      expect(Object.keys(before.energyJ)).toEqual(["op-energy"]);
      expect(after.nonzero.energyJ["op-energy"]).toBeLessThan(after.energyJ["op-energy"] / 1.5);
      expect(remarks.join()).toMatch(/not in the catalogue.*--on/);
      expect(remarks.join()).toMatch(/not fine-tuned: removing weights/);
    } finally {
      delete process.env.JOULECAST_ROOT;
    }
    const needs = runCli(["prune", model, "--ratio", "3", "--epochs", "1", ...QUIET, "--json"]);
    expect(JSON.parse(needs.stdout).error).toMatchObject({
      code: "no-data",
      message: expect.stringContaining("--epochs"),
    });
  });

  it("refuses what cannot be done, and overwrites nothing", () => {
    const out = join(folder, "never.onnx");
    const layer = refused("--threshold", "5", "--out", out);
    expect(layer.code).toBe("layer-removed");
    expect(layer.message).toMatch(/layer "\w+"/);
    expect(refused("--ratio", "100000", "--out", out)).toMatchObject({
      code: "unreachable-ratio",
      message: expect.stringMatching(/ratio of 100,000 .* biases and scales stay/),
    });
    expect(refused("--macs", "0.001", "--out", out).code).toBe("unreachable-macs");
    expect(refused("--out", out).code).toBe("no-target");
    expect(existsSync(out)).toBe(false);
    const before = readFileSync(model);
    expect(refused("--ratio", "2", "--out", model).code).toBe("exists");
    expect(readFileSync(model).equals(before)).toBe(true);
  });
});
