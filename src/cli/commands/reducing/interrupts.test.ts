// Ctrl-C at chosen moments: the commands run in this process, and what they say of their progress pulls the trigger.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../../graph/build.ts";
import { writeWhole } from "../../../node/files.ts";
import { drawnWeights } from "../../../node/model.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import { conv, flatten, linear, maxPool, relu } from "../../../zoo/pieces.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { train } from "../learning/train.ts";
import { distil } from "./distil.ts";
import { prune } from "./prune.ts";
import { quantize } from "./quantize.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
const model = join(folder, "model.onnx");
const out = join(folder, "good.onnx");
const COMMON = {
  data: "synthetic:digits:train=256,test=40",
  threads: "1",
  measure: false,
  save: false,
  clock: "0",
  out,
};

beforeAll(async () => {
  const b = new NetworkBuilder("digits", 0);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = maxPool(b, relu(b, conv(b, x, 8, { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "relu1"), { kernel: 2 });
  x = relu(b, linear(b, flatten(b, x), 16, "fc1"), "relu2");
  b.output(linear(b, x, 10, "fc2"));
  await writeWhole(model, writeOnnx(b.graph(), drawnWeights));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command over a file that is there; at the first progress that fits, the program is asked to end. */
async function interrupted(command: Command, names: readonly string[], options: OptionValues, when: RegExp) {
  writeFileSync(out, "mine");
  let asked = false;
  const context: CommandContext = {
    version: "",
    rest: undefined,
    commands: async () => [],
    progress: (state) => {
      if (asked || !when.test(typeof state === "string" ? state : state.label)) return;
      asked = true;
      // The handler that was added last is the command's; others are the test runner's.
      (process.listeners("SIGINT").at(-1) as () => void)();
    },
  };
  const outcome: Outcome = await command.run(names, { ...COMMON, force: true, ...options }, context);
  expect(asked).toBe(true);
  expect(outcome.exitCode).toBe(130);
  return { outcome, result: outcome.result as Record<string, never>, isKept: readFileSync(out, "utf8") === "mine" };
}

describe("Ctrl-C", () => {
  it("before the first step of pruning leaves the file alone and says so", async () => {
    const options = { warmEpochs: "500", ratio: "4" };
    const { outcome, result, isKept } = await interrupted(prune, [model], options, /warm start, epoch 1/);
    expect(isKept).toBe(true);
    expect(result.out).toBeNull();
    expect(outcome.remarks?.join()).toMatch(/good\.onnx was not written: interrupted before the first step of pruning/);
  });

  it("in fine-tuning writes what is pruned by then", async () => {
    const { result, isKept } = await interrupted(prune, [model], { epochs: "500", ratio: "4" }, /fine-tuning, epoch 1/);
    expect(isKept).toBe(false);
    expect(result).toMatchObject({ out, after: { metric: null } });
  });

  it("before the first epoch of a student leaves the file alone, after it does not", async () => {
    const options = { teacher: model, shrink: "0.5", epochs: "500" };
    const early = await interrupted(distil, [], options, /epoch 1 of 500/);
    expect(early.isKept).toBe(true);
    expect(early.outcome.remarks?.join()).toMatch(/was not written: interrupted before the first epoch ended/);
    const late = await interrupted(distil, [], options, /^epoch 1:/);
    expect(late.isKept).toBe(false);
  });

  it("before the first epoch of a training leaves the file alone, after it does not", async () => {
    const early = await interrupted(train, [model], { epochs: "500" }, /epoch 1 of 500/);
    expect(early.isKept).toBe(true);
    expect(early.result.out).toBeNull();
    expect(early.outcome.remarks?.join()).toMatch(/was not written: interrupted before the first epoch ended/);
    expect((await interrupted(train, [model], { epochs: "500" }, /^epoch 1:/)).isKept).toBe(false);
  });

  it("in the first steps of a receiver leaves the file alone", async () => {
    const small = { width: "0.125", depth: "3", subcarriers: "12", batch: "2", steps: "5000", data: undefined };
    const early = await interrupted(train, ["deeprx"], small, /loss/);
    expect(early.isKept).toBe(true);
    expect(early.result.out).toBeNull();
  });

  it("replaces no file that nobody said could be replaced", async () => {
    writeFileSync(out, "mine");
    const context = { version: "", rest: undefined, commands: async () => [], progress: () => undefined };
    for (const [name, data] of [
      [model, COMMON.data],
      ["deeprx", undefined],
    ] as const)
      await expect(train.run([name], { ...COMMON, data }, context)).rejects.toMatchObject({ code: "exists" });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("ends quantising while it judges or times", async () => {
    const judging = await interrupted(quantize, [model], {}, /judging both/);
    expect(judging.result).toMatchObject({ out, after: { metric: null } });
    const timing = await interrupted(quantize, [model], { clock: "3000s" }, /timing both/);
    expect(timing.result).toMatchObject({ out, after: { seconds: null } });
  });

  it("ends calibrating with nothing written", async () => {
    const calibrating = interrupted(quantize, [model], {}, /quantising to/);
    await expect(calibrating).rejects.toMatchObject({ code: "interrupted" });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });
});

describe("options of a training", () => {
  const quiet: CommandContext = { version: "", rest: undefined, commands: async () => [], progress: () => undefined };
  const options = { ...COMMON, out: undefined, epochs: "1" };
  const outcomeOf = (command: Command, names: readonly string[], more: OptionValues) =>
    command.run(names, { ...options, ...more }, quiet);

  it("reach pruning and distilling: frozen weights, and processors", async () => {
    const unknown = { code: "unknown-weight" };
    await expect(outcomeOf(prune, [model], { ratio: "2", freeze: "conv9" })).rejects.toMatchObject(unknown);
    const student = { teacher: model, shrink: "0.5" };
    await expect(outcomeOf(distil, [], { ...student, freeze: "conv9" })).rejects.toMatchObject(unknown);
    const elsewhere = { provider: "coreml" };
    await expect(outcomeOf(prune, [model], { ratio: "2", ...elsewhere })).rejects.toThrow(/coreml/i);
    await expect(outcomeOf(distil, [], { ...student, ...elsewhere })).rejects.toThrow(/coreml/i);
  });

  it("recompute nothing else than what is kept", async () => {
    const plain = await outcomeOf(prune, [model], { ratio: "2", freeze: "conv1" });
    const again = await outcomeOf(prune, [model], { ratio: "2", freeze: "conv1", recompute: true });
    const losses = ({ result }: Outcome) =>
      (result.epochs as readonly { readonly loss: number }[]).map(({ loss }) => loss);
    expect(losses(again)[0]! / losses(plain)[0]!).toBeCloseTo(1, 4);
    expect(losses(plain)[0]).not.toBe(losses(await outcomeOf(prune, [model], { ratio: "2" }))[0]);
  });
});
