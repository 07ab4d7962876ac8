// The story of a person with a file of past trainings: project the next one, see how far such answers are off, choose, make mistakes.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { historyCsv, MAP, pastRuns } from "../support/past-runs.ts";
import { runCli, runJson, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const file = join(folder, "past.csv");
writeFileSync(file, historyCsv(pastRuns(8)));
const HISTORY = ["--history", file, "--map", MAP];
const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../data/schemas/plan.json"), "utf8"));

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

function planned(...args: readonly string[]): Json {
  const { run, json } = runJson(["plan", ...HISTORY, ...args]);
  expect(run.status, run.stderr).toBe(0);
  const validate = new Ajv().compile(schema);
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return (json as Json).result;
}

function refused(...args: readonly string[]): Json {
  const { run, json } = runJson(["plan", ...args]);
  expect(run.status).toBe(2);
  expect(new Ajv().compile(schema)(json)).toBe(true);
  return (json as Json).error;
}

describe("joulecast plan --network", () => {
  const result = planned("--network", "zoo:cifar/resnet18", "--image", "32", "--epochs", "30", "--on", "desk");
  it("answers with an interval, power and duration that go together", () => {
    expect(result.lowJ).toBeLessThan(result.energyJ);
    expect(result.highJ).toBeGreaterThan(result.energyJ);
    expect(result.meanPowerW * result.durationS).toBeCloseTo(result.energyJ, 3);
    expect(result.basis).toBe("model");
    expect(result.question.features.gflops).toBeGreaterThan(1);
  });
  it("shows the error on left-out networks and machines, never a random split", () => {
    expect(new Set(result.score.map((row: Json) => row.by))).toEqual(new Set(["architecture", "environment"]));
    expect(result.score.map((row: Json) => row.leftOut)).toContain("huge");
    expect(result.published.length).toBeGreaterThan(0);
  });
  it("takes a device that the history does not know, and says what is outside of what was seen", () => {
    const far = planned("--network", "vgg16", "--epochs", "5", "--on", "h200");
    expect(far).toMatchObject({ inRange: false });
    expect(far.outside.join()).toContain("GPU TDP 700 W");
    expect(far.energyJ).toBeGreaterThan(0);
  });
  it("answers what was run already from those runs", () => {
    expect(planned("--network", "Medium", "--epochs", "30", "--on", "server")).toMatchObject({
      basis: "repeat",
      repeats: 8,
    });
  });
  it("is the same result as text and as CSV", () => {
    const text = runCli(["plan", ...HISTORY, "--network", "large", "--on", "desk", "--duration", "2h"]);
    expect(text.status, text.stderr).toBe(0);
    expect(text.stdout).toContain("power × given duration");
    expect(runCli(["plan", ...HISTORY, "--leave-out", "architecture", "--csv"]).stdout).toMatch(/^left out,form,error/);
  });
});

describe("joulecast plan --leave-out", () => {
  it("scores by that column alone, under either name, without a question", () => {
    for (const column of ["net", "architecture"]) {
      const { score, energyJ } = planned("--leave-out", column);
      expect(energyJ).toBeNull();
      expect(new Set(score.map((row: Json) => row.leftOut))).toEqual(
        new Set(["tiny", "small", "medium", "large", "huge"]),
      );
      for (const row of score.filter(({ part }: Json) => part === "a")) expect(row.mape).toBeLessThan(0.3);
    }
  });
  it("says that a single architecture leaves no score", () => {
    const lines = readFileSync(file, "utf8").split("\n");
    const single = join(folder, "single.csv");
    writeFileSync(single, [lines[0], ...lines.filter((line) => line.startsWith("large,"))].join("\n"));
    const { json } = runJson(["plan", "--history", single, "--map", MAP, "--leave-out", "architecture"]);
    const { score, assumptions } = (json as Json).result;
    expect(score).toEqual([]);
    expect(assumptions.join()).toContain("all runs have the same architecture (large)");
  });
});

describe("joulecast plan --recommend", () => {
  it("ranks network × machine within the loss, beside what is published", () => {
    const { recommend } = planned("--recommend", "--max-f1-loss", "2%");
    expect(recommend.best.isWithin).toBe(true);
    expect(recommend.published.savingRatio).toBe(0.8068);
    expect(recommend.interaction.p).toBeLessThan(0.05);
    expect(planned("--recommend", "--max-f1-loss", "0.3").recommend.best.architecture).toBe("tiny");
  });
  it("prints both", () => {
    const { stdout } = runCli(["plan", ...HISTORY, "--recommend"]);
    expect(stdout).toContain("published: up to 80.7 %");
  });
});

describe("mistakes", () => {
  const bad = join(folder, "bad.csv");
  writeFileSync(bad, historyCsv(pastRuns()).replace(/\n(([^,]*,){6})[^,]*/, "\n$1-1"));
  const home = temporaryFolder();
  it.each([
    [["--network", "medium", ...HISTORY], "no-machine", "desk"],
    [["--network", "medum", "--on", "desk", ...HISTORY], "unknown-network", "medium"],
    [["--network", "medium", "--on", "rtx-309", ...HISTORY], "unknown-device", "rtx-3090"],
    [["--network", "medium", "--gflops", "0", "--on", "desk", ...HISTORY], "out-of-range", "give a number above 0"],
    [[...HISTORY], "nothing-asked", "--network"],
    [["--recommend", "--history", bad, "--map", MAP], "bad-rows", "row 2: energy is negative (-1)"],
    [["--recommend", "--history", file], "unknown-columns", "architecture"],
    [["--recommend", "--history", file, "--map", `${MAP},f1=nothing`], "unknown-column", "nothing"],
    [["--recommend", "--history", join(home, "none.csv")], "cannot-read", "none.csv"],
    [["--leave-out", "net", "--map", MAP], "map-without-history", "--history"],
  ])("%j is %s", (args, code, text) => {
    const error = refused(...args);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.hint}`).toContain(text);
    expect(error.hint).not.toContain("()");
  });
  it("says so when the store has no training runs", () => {
    const before = process.env.JOULECAST_HOME;
    process.env.JOULECAST_HOME = home;
    try {
      expect(refused("--network", "resnet50", "--on", "rtx-3090")).toMatchObject({ code: "no-history" });
    } finally {
      if (before === undefined) delete process.env.JOULECAST_HOME;
      else process.env.JOULECAST_HOME = before;
    }
  });
});
