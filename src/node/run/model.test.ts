// Networks in the real ONNX Runtime; skipped where its package is not installed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSteadyRecording } from "../../../test/support/steady-recording.ts";
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph, Layer, TensorType } from "../../graph/graph.ts";
import { writeOnnx } from "../../onnx/write.ts";
import { findNetwork } from "../../zoo/catalogue.ts";
import { writeWhole } from "../files.ts";
import { drawnWeights } from "../model.ts";
import { runModel } from "./model.ts";
import { randomInput } from "./model-inputs.ts";
import { openSession, type Session } from "./session.ts";

const hasRuntime = (() => {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
})();

/** y = x + table[length of the batch], for a table of five: batch 5 is out of bounds, which shows only when it runs. */
function failsAt5(): Graph {
  const layer = (op: string, inputs: readonly string[], output: string): Layer => ({
    name: output,
    op,
    domain: "",
    inputs,
    outputs: [output],
    attributes: new Map(),
  });
  const inline = (bytes: ArrayBuffer) => ({ kind: "inline" as const, bytes: new Uint8Array(bytes) });
  return {
    name: "fails at 5",
    inputs: ["x"],
    outputs: ["y"],
    layers: [
      layer("Shape", ["x"], "lengths"),
      layer("Gather", ["lengths", "zero"], "length"),
      layer("Gather", ["table", "length"], "summand"),
      layer("Add", ["x", "summand"], "y"),
    ],
    tensors: new Map<string, TensorType>([
      ["x", { dtype: "float32", shape: ["batch", 4] }],
      ["y", { dtype: "float32", shape: ["batch", 4] }],
      ["zero", { dtype: "int64", shape: [] }],
      ["table", { dtype: "float32", shape: [5] }],
    ]),
    weights: new Map([
      ["zero", inline(new BigInt64Array(1).buffer)],
      ["table", inline(new Float32Array(5).buffer)],
    ]),
    opsets: new Map([["", 17]]),
  };
}

describe("randomInput", () => {
  it("is the same for the same seed and another for another", () => {
    const spec = { name: "x", dtype: "float32", shape: [4, 5] } as const;
    expect(randomInput(spec, 1)).toEqual(randomInput(spec, 1));
    expect(randomInput(spec, 1)).not.toEqual(randomInput(spec, 2));
    expect(randomInput(spec, 1)).toHaveLength(20);
  });

  it("keeps indices small enough for any vocabulary", () => {
    const ids = randomInput({ name: "ids", dtype: "int64", shape: [100] }, 0) as BigInt64Array;
    expect(new Set(ids)).toEqual(new Set([0n, 1n]));
  });

  it("makes half-precision numbers from 0.5 to 1", () => {
    const bits = randomInput({ name: "x", dtype: "float16", shape: [100] }, 0) as Uint16Array;
    expect(bits.every((half) => half >= 0x3800 && half < 0x3c00)).toBe(true);
  });

  it("refuses what cannot be fed", () => {
    const spec = { name: "x", dtype: "complex64", shape: [1] } as const;
    expect(() => randomInput(spec, 0)).toThrow(expect.objectContaining({ code: "unsupported-input" }));
  });
});

describe.skipIf(!hasRuntime)("runModel, with onnxruntime-node", () => {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
  let session: Session;
  beforeAll(async () => {
    session = await openSession({ machine: { replay: writeSteadyRecording(folder, [10]) }, rateHz: 100 });
  });
  afterAll(async () => {
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const once = { idleS: 0, passes: 3, warmup: 1, threads: 1 };

  it("runs a network of the zoo, batch by batch", async () => {
    const { runs, runtimeVersion, idle } = await runModel(session, {
      ...once,
      model: "zoo:cifar/lenet",
      batches: [1, 4],
      repeat: 2,
      idleS: 0.02,
    });
    expect(runtimeVersion).toMatch(/^\d+\.\d+/);
    expect(idle).toHaveLength(1);
    expect(runs.map(({ batch, round, window }) => [batch, round, window.name])).toEqual([
      [1, 1, "batch 1/1"],
      [4, 1, "batch 4/1"],
      [1, 2, "batch 1/2"],
      [4, 2, "batch 4/2"],
    ]);
    for (const { timing, window } of runs) {
      expect(timing.passes).toBe(3);
      expect(timing.minS).toBeGreaterThan(0);
      expect(timing.minS).toBeLessThanOrEqual(timing.medianS);
      expect(timing.medianS).toBeLessThanOrEqual(timing.maxS);
      expect(timing.meanS * 3).toBeCloseTo(timing.endS - timing.startS);
      expect(window.toS - window.fromS).toBeCloseTo(timing.endS - timing.startS, 9);
    }
    const { marks } = await session.read();
    expect(marks.filter(({ name }) => name === "window-open").map(({ value }) => value)).toContain("batch 4/2");
  });

  it("fills a duration with passes", async () => {
    const { runs } = await runModel(session, {
      ...once,
      model: "zoo:mnist-cnn",
      durationS: 0.05,
      passes: undefined as never,
    });
    expect(runs[0]!.timing.passes).toBeGreaterThan(0);
    expect(runs[0]!.timing.endS - runs[0]!.timing.startS).toBeGreaterThanOrEqual(0.05);
  });

  it("runs a file, as it is or with another batch than it was exported for", async () => {
    const path = join(folder, "fixed.onnx");
    const fixed = bindDimensions(findNetwork("cifar/lenet").build(), { batch: 2 }).graph;
    await writeWhole(path, writeOnnx(fixed, drawnWeights));
    const { runs } = await runModel(session, { ...once, model: path });
    expect(runs.map(({ batch }) => batch)).toEqual([2]);
    const other = await runModel(session, { ...once, model: path, batches: [3] });
    expect(other.runs[0]!.assumptions.join()).toMatch(/batch = 3 instead of the file's 2/);
  });

  it("hands on what ONNX Runtime refuses", async () => {
    const provider = { ...once, model: "zoo:cifar/lenet", provider: "no-such-provider" };
    await expect(runModel(session, provider)).rejects.toMatchObject({
      code: "no-provider",
      hint: expect.stringContaining("--provider cpu"),
    });
    const path = join(folder, "broken.onnx");
    const graph = findNetwork("cifar/lenet").build();
    const [first, ...rest] = graph.layers;
    const layers = [{ ...first!, op: "NoSuchOperator" }, ...rest];
    await writeWhole(path, writeOnnx({ ...graph, layers }, drawnWeights));
    await expect(runModel(session, { ...once, model: path })).rejects.toMatchObject({
      code: "onnxruntime",
      message: expect.stringContaining("NoSuchOperator"),
    });
  });

  it("keeps the batches that ended when a later one fails, if told to", async () => {
    const path = join(folder, "fails-at-5.onnx");
    await writeWhole(path, writeOnnx(failsAt5(), drawnWeights));
    const plan = { ...once, model: path, batches: [1, 5, 2] };
    await expect(runModel(session, plan)).rejects.toMatchObject({ code: "onnxruntime" });
    const { runs, problem, interrupted } = await runModel(session, { ...plan, keepPartial: true });
    expect(runs.map(({ batch, isCut }) => [batch, isCut])).toEqual([[1, false]]);
    expect(problem).toMatchObject({ code: "onnxruntime", message: expect.stringContaining("bounds") });
    expect(interrupted).toBeUndefined();
    await expect(runModel(session, { ...plan, batches: [5], keepPartial: true })).rejects.toMatchObject({
      code: "onnxruntime",
    });
  });

  it.each([true, false])(
    "ends a section early when interrupted, and keeps it when told to (%s)",
    async (keepPartial) => {
      const running = runModel(session, { ...once, model: "zoo:mnist-cnn", passes: 1e9, keepPartial });
      const before = (await session.read()).marks.length;
      while ((await session.read()).marks.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
      process.emit("SIGINT");
      const { runs, interrupted } = await running;
      expect(interrupted).toBe("SIGINT");
      expect(runs.map(({ isCut }) => isCut)).toEqual(keepPartial ? [true] : []);
      for (const { timing, window } of runs) {
        expect(timing.passes).toBeGreaterThan(0);
        expect(window.toS - window.fromS).toBeCloseTo(timing.endS - timing.startS, 9);
      }
    },
  );

  it("says before measuring that inputs do not fit into memory", async () => {
    const told: string[] = [];
    const onProgress = (text: string) => void told.push(text);
    const plan = { ...once, model: "zoo:cifar/lenet", batches: [1, 300_000_000], onProgress };
    await expect(runModel(session, plan)).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringContaining("3.69 TB"),
    });
    expect(told.filter((text) => text.startsWith("batch"))).toEqual([]);
  });

  it("says what cannot be meant", async () => {
    const model = "zoo:cifar/lenet";
    await expect(runModel(session, { ...once, model, repeat: 0 })).rejects.toMatchObject({ code: "bad-count" });
    await expect(runModel(session, { ...once, model, batches: [0] })).rejects.toMatchObject({ code: "bad-dimension" });
    await expect(runModel(session, { ...once, model, durationS: 0 })).rejects.toMatchObject({ code: "bad-duration" });
    writeFileSync(join(folder, "text.onnx"), "no model");
    await expect(runModel(session, { ...once, model: join(folder, "text.onnx") })).rejects.toMatchObject({
      name: "InputError",
    });
  });
});
