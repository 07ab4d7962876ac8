// Every example runs as its first lines say, and prints what it promises.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli, runJson, temporaryFolder } from "./run-cli.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const folder = temporaryFolder();
process.env.JOULECAST_HOME = join(folder, "home");
const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "pass"]).status === 0);

/** Names of the windows of a measured Python program, in order of time. */
function windowsOf(...program: readonly string[]): string[] {
  const { run, json } = runMeasured(python!, ...program);
  expect(run.status, run.stderr).toBe(0);
  const { windows } = json.result as { windows: readonly { name: string }[] };
  return windows.map(({ name }) => name);
}

function runMeasured(...command: readonly string[]) {
  const run = runCli(["measure", "--json", "--idle", "0", "--no-save", "--", ...command]);
  return { run, json: JSON.parse(run.stdout) };
}

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
      "measure-a-function.mjs",
      "own-network.mjs",
      "python-marks.py",
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
  it("measure a function, and say of which kind the joules are", () => {
    const text = runExample("measure-a-function.mjs");
    expect(text).toMatch(
      /^second half: .* (measured|integrated|modelled|mixed), coverage \d+ %$|^nothing to measure with/m,
    );
  });
  describe.skipIf(python === undefined)("in Python, skipped where there is none", () => {
    it("mark epochs and windows", () => {
      const windows = windowsOf(join(EXAMPLES, "python-marks.py"));
      expect(windows.filter((name) => name === "validation")).toHaveLength(3);
      expect(windows.filter((name) => name.startsWith("epoch"))).toEqual(["epoch 1", "epoch 2", "epoch 3"]);
    });
    it("run unmeasured too", () => {
      expect(spawnSync(python!, [join(EXAMPLES, "python-marks.py")], { encoding: "utf8" }).stdout).toContain("epoch 3");
    });
    const readme = readFileSync(join(EXAMPLES, "../README.md"), "utf8");
    const snippets = [...readme.matchAll(/```python\n([\s\S]*?)```/g)].map(([, text]) => text!);
    it("stand in the README as they work", () => {
      expect(snippets).toHaveLength(2);
      for (const snippet of snippets) expect(windowsOf("-c", snippet), snippet).toEqual(["epoch 3"]);
    });
  });
});
