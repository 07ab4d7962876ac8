// Measured layers → predictor → a network and a file of networks, through the real CLI.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { csvOf, madeConvs, madeRelus } from "../support/made-layers.ts";
import { runCli, runJson, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const GETZNER = resolve(import.meta.dirname, "../../../shared/data/getzner-layerwise");

const schema = (name: string) =>
  new Ajv({ strict: false }).compile(
    JSON.parse(readFileSync(resolve(import.meta.dirname, `../../data/schemas/${name}.json`), "utf8")),
  );

beforeAll(() => {
  writeFileSync(at("conv.csv"), csvOf(madeConvs(120, 1)));
  writeFileSync(
    at("relu.jsonl"),
    madeRelus(60, 2)
      .map((row) => JSON.stringify({ op: "relu", ...row }))
      .join("\n"),
  );
  const networks = ["a", "b", "c"].flatMap((net, i) => {
    const layers = [
      ...madeConvs(5, 20 + i).map((row) => ({ layer: "conv", net, ...row })),
      ...madeRelus(5, 30 + i).map((row) => ({ layer: "relu", net, ...row })),
    ];
    const whole = layers.reduce((sum, { energy_j }) => sum + energy_j, 0);
    return [...layers, { layer: "flatten", net }, { layer: "whole", net, energy_j: whole }];
  });
  writeFileSync(at("networks.csv"), csvOf(networks));
  runCli(["fit", `conv=${at("conv.csv")}`, at("relu.jsonl"), "--out", at("p.json"), "--quiet"]);
});

describe("fit", () => {
  it("fits one model per type, says all that was tried, and writes a predictor that people can read", () => {
    const { run, json } = runJson(["fit", `conv=${at("conv.csv")}`, at("relu.jsonl"), "--out", at("again.json")]);
    expect(run.status).toBe(0);
    expect(schema("fit")(json), run.stdout.slice(0, 300)).toBe(true);
    const ops = (json as unknown as { result: { ops: { op: string; candidates: object[] }[] } }).result.ops;
    expect(ops.map(({ op }) => op)).toEqual(["conv", "relu"]);
    expect(ops[0]!.candidates.length).toBeGreaterThan(10);
    const predictor = JSON.parse(readFileSync(at("again.json"), "utf8"));
    expect(predictor.schema).toBe("joulecast/predictor/1");
    expect(Object.keys(predictor.ops[0].coefficients).length).toBeGreaterThan(0);
    expect(readFileSync(at("again.json"), "utf8")).toBe(readFileSync(at("p.json"), "utf8"));
  });

  it("fits exactly the model that is named, on the rows that are named", () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ macs: (i + 1) * 1e6, energy_j: 2e-9 * (i + 1) * 1e6 + 0.5 }));
    writeFileSync(at("line.csv"), csvOf(rows));
    writeFileSync(
      at("split.json"),
      JSON.stringify({ line: { train: rows.map((_, i) => i).slice(4), test: [0, 1, 2, 3] } }),
    );
    const { json } = runJson([
      "fit",
      `line=${at("line.csv")}`,
      "--features",
      "macs",
      "--model",
      "least-squares",
      "--indices",
      `${at("split.json")}:line`,
    ]);
    const [line] = (json as unknown as { result: { ops: { chosen: { coefficients: number[]; intercept: number } }[] } })
      .result.ops;
    expect(line!.chosen.coefficients[0]).toBeCloseTo(2e-9, 15);
    expect(line!.chosen.intercept).toBeCloseTo(0.5, 9);
  });

  it("reads a file that is packed", () => {
    writeFileSync(at("conv.csv.gz"), gzipSync(readFileSync(at("conv.csv"))));
    const chosen = (file: string) => {
      const { json } = runJson(["fit", `conv=${at(file)}`]);
      return (json as unknown as { result: { ops: { chosen: object }[] } }).result.ops[0]!.chosen;
    };
    expect(chosen("conv.csv.gz")).toEqual(chosen("conv.csv"));
  });

  it("says what is wrong in one line, and exits with 2", () => {
    writeFileSync(at("both.json"), JSON.stringify({ train: [1, 2, 3], test: [3, 4] }));
    writeFileSync(at("twice.json"), JSON.stringify({ train: [5, 5], test: [6] }));
    writeFileSync(at("beyond.json"), JSON.stringify({ train: [0, 1], test: [120] }));
    const cases: readonly (readonly [readonly string[], string])[] = [
      [["fit", `conv=${at("conv.csv")}`, "--target", "energy_k"], "nearest: energy_j"],
      [["fit", `conv=${at("conv.csv")}`, "--where", "batch_size=999"], "leaves no row"],
      [["fit", at("conv.csv")], 'unknown column "op"'],
      [["fit", `conv=${at("conv.csv")}`, "--indices", at("conv.csv")], "is not JSON"],
      [["fit", `conv=${at("conv.csv")}`, "--indices", at("both.json")], 'in "train" and in "test": 3'],
      [["fit", `conv=${at("conv.csv")}`, "--indices", at("twice.json")], "listed twice: 5"],
      [["fit", `conv=${at("conv.csv")}`, "--indices", at("beyond.json")], "120 rows has not: 120"],
      [["fit", `conv=${at("conv.csv")}`, `conv=${at("conv.csv")}`], "is given twice"],
      [["predict", "--with", at("p.json")], "nothing to predict"],
      [["predict", "zoo:vgg11"], "no predictor given"],
      [["predict", "--with", at("conv.csv"), "zoo:vgg11"], "no predictor"],
      [["reproduce", "getzer", "--data", folder], "nearest: getzner"],
    ];
    for (const [args, words] of cases) {
      const run = runCli(args);
      expect([run.status, run.stderr], args.join(" ")).toEqual([2, expect.stringContaining(words)]);
      expect(run.stderr).not.toContain("    at ");
    }
  });
});

describe("predict", () => {
  it("sums networks, scores them against the whole, and counts unknown types 0", () => {
    const { run, json } = runJson(
      ["predict", "--with", at("p.json"), "--samples", at("networks.csv"), "--op", "layer", "--group", "net"].concat([
        "--truth",
        "energy_j:J",
        "--whole",
        "whole",
      ]),
    );
    expect(run.status).toBe(0);
    expect(schema("predict")(json), run.stdout.slice(0, 300)).toBe(true);
    const { groups, score, skipped } = (json as unknown as { result: Record<string, never> }).result as unknown as {
      groups: { energyJ: number; truthJ: number }[];
      score: { mape: number; byOp: { op: string; bias: number }[] };
      skipped: { op: string }[];
    };
    expect(groups).toHaveLength(3);
    expect(score.mape).toBeLessThan(0.15);
    expect(score.byOp.map(({ op }) => op)).toEqual(["conv", "relu"]);
    expect(skipped.map(({ op }) => op)).toEqual(["flatten", "flatten", "flatten"]);
  });

  it("predicts a network layer by layer and names what it has no model for", () => {
    const { run, json } = runJson(["predict", "--with", at("p.json"), "zoo:cifar/lenet", "--batch", "4"]);
    expect(schema("predict")(json), run.stdout.slice(0, 300)).toBe(true);
    const result = (
      json as unknown as { result: { energyJ: number; layers: { energyJ: number }[]; skipped: { op: string }[] } }
    ).result;
    expect(result.layers.reduce((sum, { energyJ }) => sum + energyJ, 0)).toBeCloseTo(result.energyJ, 9);
    expect(new Set(result.skipped.map(({ op }) => op))).toContain("MaxPool");
    expect(result).toMatchObject({ complete: false, highJ: null });
    const { stdout } = runCli(["predict", "--with", at("p.json"), "zoo:cifar/lenet"]);
    expect(stdout).toContain("Not predicted, counted 0");
    expect(stdout).toMatch(/energy of a pass\s+at least/);
  });
});

describe.skipIf(!existsSync(GETZNER))("reproduce getzner", () => {
  it("gives the published coefficients of determination, and predicts the largest layers", { timeout: 60_000 }, () => {
    const { json } = runJson(["reproduce", "getzner", "--data", GETZNER]);
    expect(schema("reproduce")(json)).toBe(true);
    const rows = (json as unknown as { result: { rows: { item: string; published: number | null; ours: number }[] } })
      .result.rows;
    const published = rows.filter((row) => row.published !== null);
    expect(published).toHaveLength(7);
    for (const row of published) expect(Math.abs(row.ours - row.published!), row.item).toBeLessThan(2e-4);
    const largest = rows.find(({ item }) => item.includes("conv2d") && item.includes("largest"));
    expect(largest!.ours).toBeLessThan(0.05);
  });
});
