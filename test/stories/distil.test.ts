// The story of a person who distils: a teacher that knows digits, a student a tenth its size, a grid with seeds, what it costs and when it has paid, and
// every mistake that can be made on the way. The data are drawn by rule and the machine is a fake one whose true power is known.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { windowsFrom } from "../../src/measure/windows.ts";
import { readArchive } from "../../src/node/store/archive.ts";
import { pathsOf } from "../../src/node/store/home.ts";
import { listRunIds } from "../../src/node/store/run-folders.ts";
import { fedTree } from "../support/fed-tree.ts";
import { npy } from "../support/npy.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const PACKAGE_W = 40;
const DRAM_W = 5;
const folder = temporaryFolder();
const fed = await fedTree(PACKAGE_W, DRAM_W, 1e6);
process.env.JOULECAST_HOME = join(folder, "home");
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

const validate = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(resolve(import.meta.dirname, "../../data/schemas/distil.json"), "utf8")),
);

function jsonOf(args: readonly string[], status = 0): Json {
  const run = runCli([...args, "--json"]);
  expect(run.status, run.stderr).toBe(status);
  const json = JSON.parse(run.stdout);
  if (json.command === "distil") expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json;
}

const DATA = "synthetic:digits:train=512,test=100";
const TEACHER = join(folder, "teacher.onnx");
const SMALL = ["--data", DATA, "--batch", "32", "--lr", "4e-3", "--no-save"];
const distil = (...more: string[]) => ["distil", "--teacher", TEACHER, ...SMALL, "--clock", "0.1s", ...more];
const student = (...more: string[]) => distil("--shrink", "0.25", ...more);

beforeAll(() => {
  const run = runCli(["train", "zoo:mnist-cnn:width=0.5", ...SMALL, "--epochs", "6", "--no-measure", "--out", TEACHER]);
  expect(run.status, run.stderr).toBe(0);
});

describe("joulecast distil", () => {
  it("teaches a narrower network, and tells joules spent and when they are saved", () => {
    const out = join(folder, "student.onnx");
    const { result } = jsonOf(student("--epochs", "2", "--on", "xeon-gold-5220", "--out", out));
    expect(result).toMatchObject({ alpha: 0.5, temperature: 4, form: "softmax", squared: true, teacherRuns: "before" });
    expect(result.teacherSamples).toBe(512);
    expect(result.before.metric).toBeGreaterThan(0.3);
    expect(result.after.macs).toBeLessThan(result.before.macs / 8);
    expect(jsonOf(["inspect", out]).result.model.macs).toBe(result.after.macs);
    expect(result.energy.kind).toBe("measured");
    expect(result.spent.readJ).toBeGreaterThan(0);
    expect(result.spent.readJ).toBeLessThanOrEqual(result.energy.grossJ);
    const epochsJ = result.epochs.reduce((sum: number, { energyJ }: Json) => sum + energyJ, 0);
    expect(result.spent.readJ).toBeGreaterThan(epochsJ); // the teacher's answers are in it
    const modelled = result.payBack.find(({ savedBy }: Json) => savedBy === "op-energy");
    expect(modelled).toMatchObject({ spentBy: "measured", spentJ: result.spent.readJ });
    expect(modelled.inferences).toBe(Math.ceil(modelled.spentJ / modelled.savedJ));
    const kind = result.payBack.find(({ savedBy }: Json) => savedBy === "measured");
    expect(kind.savedJ).toBeCloseTo(result.before.measured.perInferenceJ - result.after.measured.perInferenceJ, 12);
  });

  it("is plain training at α = 1: the same bytes", () => {
    const [plain, distilled, other] = ["plain", "distilled", "other"].map((name) => join(folder, `${name}.onnx`));
    const how = ["--epochs", "1", "--no-measure", "--seed", "3"];
    jsonOf(["train", "zoo:mnist-cnn:width=0.125", ...SMALL, ...how, "--out", plain!]);
    const own = (...more: string[]) => distil("--student", "zoo:mnist-cnn:width=0.125", ...how, ...more);
    const { result } = jsonOf(own("--alpha", "1", "--out", distilled!));
    jsonOf(own("--out", other!));
    expect(result).toMatchObject({ teacherRuns: null, teacherSamples: 0, spent: { readJ: null } });
    expect(readFileSync(distilled!).equals(readFileSync(plain!))).toBe(true);
    expect(readFileSync(other!).equals(readFileSync(plain!))).toBe(false);
    expect(result.remarks.join()).toMatch(/joules of distilling were not read/);
  });

  it("goes through a grid with seeds, chooses on validation data, compares with the student from scratch", () => {
    const { result } = jsonOf(
      student(
        ...["--epochs", "1", "--grid", "alpha=0.1,1,temperature=2,6", "--grid", "student=0.25,0.4"],
        ...["--seed", "0,1", "--scratch", "--on", "xeon-gold-5220"],
      ),
    );
    expect(result.grid).toHaveLength(6); // plain training once per student
    for (const point of result.grid) {
      expect(point.seeds).toHaveLength(2);
      const [a, b] = point.seeds.map(({ metric }: Json) => metric);
      expect(point.validation.mean).toBeCloseTo((a + b) / 2, 12);
      expect(point.validation.deviation).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
      expect(point.trainingJ.mean).toBeGreaterThan(0);
    }
    const means = result.grid.map(({ validation }: Json) => validation.mean);
    expect(means[result.chosen.point]).toBe(Math.max(...means));
    const { pairs, mean, distilled, scratch, low, high, verdict } = result.comparison;
    expect(pairs).toBe(2);
    expect(mean).toBeCloseTo((distilled[0] - scratch[0] + distilled[1] - scratch[1]) / 2, 12);
    expect(verdict).toBe(low > 0 ? "teacher helps" : high < 0 ? "teacher harms" : "no difference");
    expect(result.seeds.map(({ metric }: Json) => metric)).toEqual(distilled);
    const chosen = result.seeds.find(({ seed }: Json) => seed === result.chosen.seed);
    expect(result.after.metric).toBeCloseTo(chosen.metric, 12);
  });

  it("tells people the same", () => {
    const { stdout, status, stderr } = runCli(
      student(
        "--epochs",
        "1",
        "--grid",
        "alpha=0.2,0.8",
        "--seed",
        "0,1",
        "--on",
        "xeon-gold-5220",
        "--limit-train",
        "256",
      ),
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/The grid/);
    expect(stdout).toMatch(/0\.200 +[\d.]+ % ± [\d.]+ /);
    expect(stdout).toMatch(/When it has paid/);
    expect(stdout).toMatch(/chosen on validation data, and only that point\s+sees the test data/);
  });

  it("counts neither judging nor what only compares as distilling", async () => {
    const args = student("--epochs", "1", "--limit-train", "128", "--scratch").filter((word) => word !== "--no-save");
    const { result } = jsonOf(args);
    const { runs } = pathsOf(join(folder, "home"));
    const [id] = listRunIds(runs);
    const { marks } = await readArchive(join(runs, id!), []);
    const { windows } = windowsFrom(marks, Number.POSITIVE_INFINITY);
    const named = (text: string) => windows.find(({ name }) => name === text)!;
    const whole = named("reducing");
    expect(named("epoch 1").toS).toBeLessThanOrEqual(whole.toS);
    expect(named("from scratch, seed 0: epoch 1").fromS).toBeGreaterThanOrEqual(whole.toS);
    expect(result.energy.durationS).toBeCloseTo(whole.toS - whole.fromS, 2);
  });

  it("teaches by features, through assistants, with the teacher inside", () => {
    const quick = ["--epochs", "1", "--limit-train", "128", "--limit-test", "20", "--no-measure", "--clock", "0"];
    const features = jsonOf(student(...quick, "--form", "features", "--features", "relu2=relu2,relu8=relu8")).result;
    expect(features.form).toBe("features");
    const inside = jsonOf(student(...quick, "--form", "sobolev", "--match-weight", "0.01", "--no-t2")).result;
    expect(inside).toMatchObject({ teacherRuns: "inside", squared: false, teacherSamples: 3 * 128 });
    const chain = jsonOf(student(...quick, "--assistant", "0.5")).result;
    expect(chain.teacherSamples).toBe(2 * 128);
  });

  it("learns without labels from the teacher alone", () => {
    const bare = join(folder, "bare");
    mkdirSync(bare);
    const pixels = (count: number) => Uint8Array.from({ length: count * 784 }, (_, i) => (i * i * 37) % 251);
    writeFileSync(join(bare, "x_train.npy"), npy("|u1", "64, 1, 28, 28", pixels(64)));
    writeFileSync(join(bare, "x_test.npy"), npy("|u1", "20, 1, 28, 28", pixels(20)));
    const args = student("--data", bare, "--epochs", "1", "--no-measure", "--clock", "0");
    const { result } = jsonOf([...args, "--alpha", "0"]);
    expect(result.before.metric).toBe(1); // it agrees with itself
    expect(result.remarks.join()).toMatch(/no labels: accuracy is how often/);
    expect(jsonOf([...args, "--alpha", "0.1"], 2).error).toMatchObject({
      code: "no-labels",
      message: expect.stringMatching(/α is 0.1/),
    });
  });
});

describe("mistakes", () => {
  const refused = (args: readonly string[], code: string, text: RegExp) => {
    const { error } = jsonOf(args, 2);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.hint}`).toMatch(text);
  };

  it("are told with the next step, before anything is trained or overwritten", () => {
    const kept = join(folder, "kept.onnx");
    writeFileSync(kept, "mine");
    refused(student("--out", kept), "exists", /--force/);
    refused(distil("--student", "zoo:resnet18"), "other-outputs", /\[1, 10\].*\[1, 1000\]/);
    refused(distil(), "no-student", /--shrink 0.5/);
    refused(student("--student", "zoo:mnist-cnn"), "two-students", /leave one/);
    refused(["distil", "--shrink", "0.5", ...SMALL], "no-teacher", /--teacher/);
    refused(student("--alpha", "2"), "out-of-range", /alpha/);
    refused(student("--temperature", "0"), "out-of-range", /temperature/);
    refused(student("--temperature", "500"), "out-of-range", /--form mse/);
    refused(distil("--student", "0.5"), "no-network", /--shrink 0\.5/);
    refused(distil("--shrink", "half"), "bad-ratio", /0\.5 or 50%/);
    refused(student("--freeze", "nothing"), "unknown-weight", /nothing/);
    refused(distil("--shrink", "1.5"), "out-of-range", /above 0 and up to 1/);
    refused(student("--form", "softmx"), "unknown-form", /softmax/);
    refused(student("--grid", "alfa=1,2"), "unknown-axis", /alpha/);
    refused(student("--grid", "alpha="), "bad-grid", /axis=value/);
    refused(
      student("--grid", "alpha=0,0.1,0.2,temperature=1,2,3,4", "--seed", "0,1,2,3,4,5,6,7,8"),
      "grid-too-large",
      /108/,
    );
    refused(student("--features", "relu1=relu1"), "no-effect", /--form features/);
    refused(student("--form", "features", "--features", "relu1=relu22"), "unknown-layer-of-the-teacher", /relu2/);
    refused(student("--form", "features", "--features", "relu1=relu2"), "wrong-shape", /28.*14/);
    refused(student("--form", "sobolev", "--teacher-runs", "before"), "teacher-inside", /every step/);
    expect(readFileSync(kept, "utf8")).toBe("mine");
  });
});
