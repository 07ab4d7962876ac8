// Every example runs as its first lines say, and prints what it promises.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { COMMANDS } from "../../src/cli/table.ts";
import { MAIN, resultOf, runCli, runJson, temporaryFolder } from "./run-cli.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const folder = temporaryFolder();
process.env.JOULECAST_HOME = join(folder, "home");
const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "pass"]).status === 0);

const hasBash = spawnSync("bash", ["-c", "true"]).status === 0;

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
    const files = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.\w+$/.test(name) && !/\.(pyc|md)$/.test(name))
      .map((name) => name.replaceAll("\\", "/"));
    expect(files.sort()).toEqual([
      "analyse-runs.mjs",
      "ci/joules-of-a-pull-request.yml",
      "estimate-one-model.mjs",
      "fail-on-more-joules.sh",
      "measure-a-function.mjs",
      "own-network.mjs",
      "project-a-training.mjs",
      "python-marks.py",
      "python/joulecast_client.py",
      "python/pytorch_loop.py",
      "shrink-a-network.mjs",
      "split-a-network.mjs",
      "systemd/joulecast-metrics.service",
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
  it("project a training after each of its epochs", () => {
    const text = runExample("project-a-training.mjs");
    expect(text).toMatch(
      /^epoch 10: .*; all 10: (\S+ \S+) \(90 %: \1 – \1\)$|^nothing to measure with|nothing was read/m,
    );
  });
  it("shrink a network, and say what is left of its joules and of its answers", () => {
    const file = join(folder, "small.onnx");
    const steps = [
      ...runExample("shrink-a-network.mjs", file).matchAll(/: ([\d.]+) % right, (\d+) MACs, ([\d.]+) µJ/g),
    ];
    const [[, , wholeJ], [right, thinMacs, thinJ], [, , smallJ]] = steps.map(([, ...cells]) => cells.map(Number)) as [
      number[],
      number[],
      number[],
    ];
    expect(right).toBeGreaterThan(90);
    expect(thinMacs).toBeLessThan(0.4 * 6_236_544);
    expect([wholeJ! > thinJ!, thinJ! > smallJ!]).toEqual([true, true]);
    expect(runJson(["inspect", file]).json).toMatchObject({ result: { model: { macs: thinMacs } } });
  });
  it("split a network where the command line does", () => {
    const text = runExample("split-a-network.mjs");
    const { best } = resultOf(["split", "zoo:mnist-cnn", "--bandwidth", "15MHz", "--gain", "0.1", "--json"]);
    expect(text).toContain(`|h|² 0.1: 144 kbit/s, cut after ${best.after}, `);
    expect(text).toContain("|h|² 0: 0 bit/s, all on the device, ");
  });
  it("are all named in their README", () => {
    const readme = readFileSync(join(EXAMPLES, "README.md"), "utf8");
    for (const name of readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }))
      if (/\.(mjs|sh|py|yml|service)$/.test(name)) expect(readme).toContain(`](${name.replaceAll("\\", "/")})`);
  });
  it("analyse runs with SQL", () => {
    const node = [process.execPath, "-e", "for (let i = 0; i < 3e8; i++);"];
    const measure = () => runCli(["measure", "--idle", "0", "--quiet", "--", ...node]);
    const measured = measure();
    if (measured.status === 125) return expect(measured.stderr).toContain("no "); // no source of power on this machine
    expect(measured.status, measured.stderr).toBe(0);
    expect(measure().status).toBe(0);
    const file = join(folder, "runs.parquet");
    expect(runCli(["export", "--parquet", file, "--quiet"]).status).toBe(0);
    expect(runExample("analyse-runs.mjs", file)).toMatch(
      /: [\d.]+ .?J ± .* net in .* \(2 runs, \w+, coverage \d+ % at least\)/,
    );
  });
  describe.skipIf(!hasBash)("as a GitHub Actions workflow, skipped where there is no bash", () => {
    const workflow = parse(readFileSync(join(EXAMPLES, "ci/joules-of-a-pull-request.yml"), "utf8"));
    const steps: readonly { readonly name?: string; readonly run?: string }[] = workflow.jobs.joules.steps;
    const step = steps.find(({ name }) => name === "joules before and after")!;

    /** Runs the step as the runner does, with the two checkouts beside each other. */
    function pullRequest(base: string | undefined, proposed: string | undefined) {
      const workspace = join(temporaryFolder(), "w");
      const bin = join(workspace, "bin");
      for (const name of ["base/models", "proposed/models", "bin"])
        mkdirSync(join(workspace, name), { recursive: true });
      writeFileSync(join(bin, "joulecast"), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, { mode: 0o755 });
      if (base) runCli(["zoo", "write", base, join(workspace, "base/models/m.onnx")]);
      if (proposed) runCli(["zoo", "write", proposed, join(workspace, "proposed/models/m.onnx")]);
      const env = {
        ...process.env,
        ...workflow.env,
        PATH: `${bin}:${process.env.PATH}`,
        GITHUB_STEP_SUMMARY: join(workspace, "summary.md"),
      };
      const { status, stdout, stderr } = spawnSync("bash", ["-eo", "pipefail", "-c", step.run!], {
        cwd: workspace,
        env,
        encoding: "utf8",
      });
      const summary = existsSync(env.GITHUB_STEP_SUMMARY) ? readFileSync(env.GITHUB_STEP_SUMMARY, "utf8") : "";
      return { status, stdout, stderr, summary };
    }

    it("passes what stays, and what is new", () => {
      const same = pullRequest("mnist-cnn", "mnist-cnn");
      expect(same.status, same.stderr).toBe(0);
      expect(same.summary).toContain("jetson-nano");
      expect(pullRequest(undefined, "mnist-cnn").status).toBe(0);
    });
    it("fails where no file matches: a check that looks at nothing is no check", () => {
      const none = pullRequest("mnist-cnn", undefined);
      expect(none).toMatchObject({ status: 1, stdout: expect.stringContaining("no file matches MODELS") });
    });
    it("fails what rises by more than 5 %", () => {
      const dearer = pullRequest("cifar/lenet", "mnist-cnn");
      expect(dearer.status, dearer.summary).toBe(1);
      expect(pullRequest("mnist-cnn", "cifar/lenet").status).toBe(0);
    });
  });
  describe("as a service of systemd", () => {
    const unit = join(EXAMPLES, "systemd/joulecast-metrics.service");
    it("starts a command line that exists", async () => {
      const words = /^ExecStart=\S+ joulecast (.*)$/m.exec(readFileSync(unit, "utf8"))![1]!.split(" ");
      const { options } = await COMMANDS[words[0]!]!();
      const known = options.map(({ flags }) => flags.split(" ")[0]);
      for (const word of words.filter((each) => each.startsWith("--"))) expect(known).toContain(word);
    });
    const verify = spawnSync("systemd-analyze", ["--version"]).status === 0;
    it.skipIf(!verify)("is accepted by systemd-analyze, skipped where there is none", () => {
      const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      expect(stderr).not.toContain("joulecast-metrics.service:");
    });
  });
  describe.skipIf(python === undefined)("in Python, skipped where there is none", () => {
    it("mark epochs and windows", () => {
      const windows = windowsOf(join(EXAMPLES, "python-marks.py"));
      expect(windows.filter((name) => name === "validation")).toHaveLength(3);
      expect(windows.filter((name) => name.startsWith("epoch"))).toEqual(["epoch 1", "epoch 2", "epoch 3"]);
    });
    it("run a PyTorch loop, with a stand-in where there is none", () => {
      const windows = windowsOf(join(EXAMPLES, "python/pytorch_loop.py"));
      expect(windows.filter((name) => name === "validation")).toHaveLength(3);
      expect(windows.filter((name) => name.startsWith("epoch"))).toEqual(["epoch 1", "epoch 2", "epoch 3"]);
    });
    it("run unmeasured too", () => {
      expect(spawnSync(python!, [join(EXAMPLES, "python-marks.py")], { encoding: "utf8" }).stdout).toContain("epoch 3");
    });
  });
});
