// The story of a person who asks what to do for fewer joules: on this machine, where things are tried, and on a device that is not here,
// where they are estimated; and every mistake on the way. The data are drawn by rule and the machine is a fake one whose power is known.
import { readFileSync } from "node:fs";
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
const fed = await fedTree(40, 5, 1e6);
process.env.JOULECAST_HOME = join(folder, "home");
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

const validate = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(resolve(import.meta.dirname, "../../data/schemas/advise.json"), "utf8")),
);

/** A JSON run, checked against the package's schema. */
function jsonOf(args: readonly string[], status = 0): Json {
  const run = runCli([...args, "--json"]);
  expect(run.status, run.stderr).toBe(status);
  const json = JSON.parse(run.stdout);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json;
}

const DATA = "synthetic:digits:train=320,test=50";
const USE = ["--rate", "50/s", "--horizon", "1y"];
const YEAR_S = 365.25 * 86_400;
const model = join(folder, "digits.onnx");

beforeAll(() => {
  const run = runCli([
    ...["train", "zoo:mnist-cnn:width=0.25", "--data", DATA, "--batch", "32", "--epochs", "2", "--lr", "4e-3"],
    ...["--no-measure", "--out", model],
  ]);
  expect(run.status, run.stderr).toBe(0);
});

/** The laws that hold whatever the machine did. */
function checkLaws({ actions, inferences, ratePerS, horizonS }: Json): void {
  const order = ["do", "perhaps", "will not help"];
  const ranks = actions.map(({ verdict }: Json) => order.indexOf(verdict));
  expect(ranks).toEqual(ranks.toSorted((a: number, b: number) => a - b));
  for (const { action, perInferenceJ, saving, savedJ, costJ, payBack, verdict, why } of actions) {
    expect(why.length, action).toBeGreaterThan(5);
    if (saving === null) continue;
    expect(perInferenceJ.before - perInferenceJ.after, action).toBeCloseTo(saving.valueJ, 9);
    expect(perInferenceJ.lowJ).toBeLessThanOrEqual(perInferenceJ.after);
    expect(perInferenceJ.highJ).toBeGreaterThanOrEqual(perInferenceJ.after);
    expect(Math.abs(savedJ - saving.valueJ * ratePerS * horizonS)).toBeLessThanOrEqual(1e-9 * Math.abs(savedJ));
    expect(inferences).toBeCloseTo(ratePerS * horizonS, 3);
    if (saving.valueJ <= 0 && action !== "move-region") expect(verdict, action).toBe("will not help");
    if (saving.lowJ <= 0) expect(verdict, action).not.toBe("do");
    if (payBack.inferences === null) continue;
    expect(Math.abs(payBack.inferences * saving.valueJ - costJ)).toBeLessThanOrEqual(1e-9 * costJ);
    expect(Math.abs(payBack.seconds * ratePerS - payBack.inferences)).toBeLessThanOrEqual(1e-9 * payBack.inferences);
  }
}

describe("joulecast advise, on this machine", () => {
  it("tries what can be tried, by a meter, and ranks it", () => {
    const { result } = jsonOf(["advise", model, "--data", DATA, ...USE, "--clock", "0.6s", "--region", "FI"]);
    checkLaws(result);
    expect(result).toMatchObject({ isThisMachine: true, perInferenceJ: { basis: "measured" }, horizonS: YEAR_S });
    expect(result.perInferenceJ.value).toBeGreaterThan(0);
    // The machine draws 45 W whatever it does, so joules are 45 W × time.
    expect(result.perInferenceJ.value / result.seconds).toBeGreaterThan(30);
    expect(result.perInferenceJ.value / result.seconds).toBeLessThan(70);
    const of = (action: string): Json => result.actions.find((one: Json) => one.action === action);
    for (const action of ["batch-size", "int8-static", "int8-dynamic", "float16", "distil-smaller"])
      expect(of(action), action).toMatchObject({ basis: "measured", isTried: true });
    for (const action of ["int8-static", "int8-dynamic", "float16"])
      expect(of(action).accuracy.before).toBe(result.accuracy);
    expect(of("int8-static").costJ).toBeGreaterThan(0);
    expect(of("prune-unstructured")).toMatchObject({ verdict: "will not help", savedJ: 0, basis: "estimated" });
    expect(of("prune-unstructured").numbers.skippingZerosAfterJ).toBeLessThan(
      of("prune-unstructured").numbers.skippingZerosBeforeJ,
    );
    expect(of("fold-batch-norm").verdict).toBe("will not help");
    expect(result.training).toMatchObject({ basis: "measured", samples: 320, epochs: 3 });
    expect(result.region.code).toBe("FIN");
    const runs = jsonOfAny(["history"]).result.runs;
    expect(runs[0].command).toBe(`advise ${model}`);
  });

  it("says so to people, in 80 columns", () => {
    const run = runCli([
      "advise",
      model,
      "--data",
      DATA,
      ...USE,
      "--no-try",
      "--region",
      "FI",
      "--move-to",
      "FR",
      "--no-save",
    ]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/What to do, best first/);
    expect(run.stdout).toMatch(/will not help\n[\s\S]*prune-unstructured/);
    expect(run.stdout).toMatch(/VNNI/);
    expect(run.stdout).toMatch(/move-region +to France/);
    expect(run.stdout).not.toMatch(/\bmeasured\b(?!:| time| ×)/);
    for (const line of run.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

/** Of another command. */
function jsonOfAny(args: readonly string[]): Json {
  return JSON.parse(runCli([...args, "--json"]).stdout);
}

describe("joulecast advise, for another device", () => {
  it("estimates, and never says do or measured", () => {
    const { result } = jsonOf([
      ...[
        "advise",
        "zoo:cifar/resnet18",
        "--on",
        "rtx-3090",
        "--rate",
        "2000/s",
        "--horizon",
        "90d",
        "--price",
        "0.2EUR",
      ],
      ...["--data", "synthetic:pictures:train=64,test=10"],
    ]);
    checkLaws(result);
    expect(result).toMatchObject({ isThisMachine: false, metric: "roofline", seconds: null, accuracy: null });
    expect(result.bottleneck.binds).toMatch(/memory|compute/);
    for (const { basis, verdict, isTried } of result.actions) {
      expect({ basis, isTried }).toEqual({ basis: "estimated", isTried: false });
      expect(verdict).not.toBe("do");
    }
    expect(result.actions[0]).toMatchObject({ verdict: "perhaps", cost: { currency: "EUR" } });
    expect(result.actions.find(({ action }: Json) => action === "power-cap").why).toMatch(/nothing is set here/);
    expect(result.unsaid.map(({ action }: Json) => action)).toEqual(["threads", "move-region"]);
  });

  it("--try judges here what answers differently; joules stay estimates", () => {
    const { result } = jsonOf(["advise", model, "--on", "rtx-3090", "--try", "--data", DATA, ...USE]);
    const int8 = result.actions.find(({ action }: Json) => action === "int8-static");
    expect(int8.accuracy.before).toBe(result.accuracy);
    expect(int8).toMatchObject({ basis: "estimated", isTried: false });
  });

  it("training that is never paid is not worth it", () => {
    const { result } = jsonOf([
      "advise",
      model,
      "--on",
      "rtx-3090",
      "--data",
      DATA,
      "--rate",
      "1/h",
      "--horizon",
      "1d",
    ]);
    const distilled = result.actions.find(({ action }: Json) => action === "distil-smaller");
    expect(distilled).toMatchObject({ verdict: "will not help", why: expect.stringMatching(/beyond the horizon/) });
    expect(distilled.payBack.seconds).toBeGreaterThan(86_400);
  });
});

describe("mistakes", () => {
  it.each([
    ["no rate", ["--horizon", "1y"], "no-rate"],
    ["a rate of nothing", ["--rate", "0/s"], "bad-rate"],
    ["a rate in words", ["--rate", "often"], "bad-rate"],
    ["a horizon without a unit", ["--rate", "1/s", "--horizon", "5"], "no-unit"],
    ["a horizon beyond all", ["--rate", "1/s", "--horizon", "1000y"], "out-of-range"],
    ["several devices", ["--rate", "1/s", "--on", "rtx-3090,h100-sxm"], "two-devices"],
    ["an unknown device", ["--rate", "1/s", "--on", "rtx-3099"], "unknown-device"],
    ["a metric without numbers", ["--rate", "1/s", "--on", "horowitz-45nm", "--metric", "roofline"], "missing-numbers"],
    ["an unknown region", ["--rate", "1/s", "--region", "Narnia"], "unknown-region"],
  ])("%s", (_name, options, code) => {
    const { error } = jsonOf(["advise", model, ...options], 2);
    expect(error.code).toBe(code);
    expect(error.hint.length).toBeGreaterThan(5);
  });

  it("a network that cannot be counted", async () => {
    const strange = join(folder, "strange.onnx");
    const b = new NetworkBuilder("strange");
    b.output(b.layer("Relu", [b.input("x", ["batch", 4])]));
    const known = b.graph();
    const layers = known.layers.map((layer) => ({ ...layer, op: "Frobnicate", domain: "com.nobody" }));
    const graph = { ...known, layers, opsets: new Map([...known.opsets, ["com.nobody", 1]]) };
    await writeWhole(strange, writeOnnx(graph, drawnWeights));
    const { error } = jsonOf(["advise", strange, "--on", "rtx-3090", "--rate", "1/s"], 2);
    expect(error.code).toBe("cannot-count");
  });

  it("a file that there is not", () => {
    expect(jsonOf(["advise", join(folder, "nowhere.onnx"), "--rate", "1/s"], 2).error.code).toBe("cannot-read");
  });
});
