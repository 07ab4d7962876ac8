// Every example runs as its first lines say, and prints what it promises.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runJson, temporaryFolder } from "./run-cli.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const folder = temporaryFolder();

function runExample(name: string, ...args: readonly string[]): string {
  const program = name.endsWith(".sh") ? "bash" : process.execPath;
  const { status, stdout, stderr } = spawnSync(program, [join(EXAMPLES, name), ...args], {
    encoding: "utf8",
    cwd: folder,
    timeout: 50_000,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

describe("examples", () => {
  it("are all run here", () => {
    expect(readdirSync(EXAMPLES).sort()).toEqual([
      "estimate-one-model.mjs",
      "fail-on-more-joules.sh",
      "own-network.mjs",
    ]);
  });
  it("estimate one model by every metric", () => {
    const text = runExample("estimate-one-model.mjs");
    for (const metric of ["flops-per-watt", "clock", "op-energy", "roofline", "tdp", "green-algorithms"])
      expect(text).toMatch(new RegExp(`^${metric}: [\\d.]+ .?J`, "m"));
  });
  it("build a network of one's own and write it", () => {
    const file = join(folder, "tiny.onnx");
    expect(runExample("own-network.mjs", file)).toContain("1770112 MACs for 4 images");
    const { json } = runJson(["inspect", file, "--batch", "4"]);
    expect(json).toMatchObject({ result: { model: { macs: 1_770_112, params: 592 } } });
  });
  it("fail a pull request when joules rise", () => {
    expect(runExample("fail-on-more-joules.sh")).toContain("a dearer one fails:");
  });
});
