// What people expect of any command line: help and topics, completion, a config file, "-", quiet and verbose, near names.
import { type StdioOptions, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexed } from "../../src/cli/command-index.ts";
import { SHELLS } from "../../src/cli/completion/table.ts";
import { commandWords } from "../../src/cli/completion/words.ts";
import { COMMAND_LINE_ONLY } from "../../src/cli/config.ts";
import { COMMANDS } from "../../src/cli/table.ts";
import { TOPICS } from "../../src/cli/topics/table.ts";
import { MAIN, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const ESTIMATE = ["estimate", "zoo:mnist-cnn", "--on", "jetson-nano", "--metric", "roofline"];

/** The program with something on its standard input. */
function piped(args: readonly string[], input: string | Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr: stderr.toString() };
}

describe("help", () => {
  it("is one text by --help and by help, names all commands, and fits 80 columns", () => {
    const { stdout } = runCli(["--help"]);
    expect(runCli(["help"]).stdout).toBe(stdout);
    for (const name of Object.keys(COMMANDS)) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
  it.each([...Object.keys(COMMANDS), "link", "study", "data"])(
    "of %s fits 80 columns and ends with an example",
    (name) => {
      const { stdout } = runCli([...name.split(" "), "--help"]);
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toContain("\nExamples:\n  $ joulecast ");
    },
  );
  it("of a command comes both ways round", () => {
    expect(runCli(["help", "zoo", "write"]).stdout).toBe(runCli(["zoo", "write", "--help"]).stdout);
  });
  it.each(Object.entries(TOPICS))("explains %s in 80 columns", async (name, load) => {
    const { title, text } = await load();
    expect([title, ...text.split("\n")].filter((line) => line.length > 80)).toEqual([]);
    expect(text).toBe(text.trimEnd());
    expect(text.length, name).toBeGreaterThan(300);
  });
  it("prints a topic, and says near ones for what is none", () => {
    expect(runCli(["help", "units"]).stdout).toContain("512MiB");
    expect(runCli(["help", "metric"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nearest: metrics"),
    });
  });
  it("topics name only options and commands that exist", async () => {
    const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    const known = new Set(
      commandWords(commands.map(indexed), { devices: [], topics: [], shells: [] }).flatMap(({ options }) =>
        options.map(({ name }) => `--${name}`),
      ),
    );
    const texts = await Promise.all(Object.values(TOPICS).map(async (load) => (await load()).text));
    const named = texts.flatMap((text) => text.match(/--[a-z][a-z-]*/g) ?? []);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("output that cannot be written", () => {
  it.skipIf(!existsSync("/dev/full")).each([
    [["estimate", "zoo:mnist-cnn"], 1, 2],
    [["zoo", "write", "mnist-cnn", "-"], 1, 2],
    [["measure", "--idle", "0", "--no-save", "--json", "--", process.execPath, "--version"], 1, 125],
    [["measure", "--idle", "0", "--no-save", "--", process.execPath, "--version"], 2, 125],
  ])("of %j is told in a line, and is no limit exceeded", (args, stream, status) => {
    const full = openSync("/dev/full", "w");
    const stdio = ["ignore", ...[1, 2].map((each) => (each === stream ? full : "pipe"))] as StdioOptions;
    const run = spawnSync(process.execPath, [MAIN, ...args], { stdio, encoding: "utf8" });
    closeSync(full);
    expect(run.status, run.stderr).toBe(status);
    if (stream === 1) expect(run.stderr).toMatch(/^joulecast: .*(no space left|the disk is full).*$/m);
    expect(run.stderr ?? "").not.toMatch(/^ +at /m);
  });
});

describe("names and files that hold escapes", () => {
  it.each([
    ["estimate", "\u001b[31m\u0007red\nx.onnx"],
    ["measure", "--replay"],
  ])("do not reach the terminal: %j", (...args) => {
    const path = join(folder, "escapes.json");
    writeFileSync(path, "\u001b]0;title\u0007{\n");
    const { status, stderr } = runCli(args[1] === "--replay" ? [...args, path] : args);
    expect(status).toBe(2);
    for (const sign of ["\u001b", "\u0007"]) expect(stderr).not.toContain(sign);
    expect(stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(2);
  });
});

describe("misspelt", () => {
  it.each([
    [["estmate", "x"], "estimate"],
    [["histroy"], "history"],
    [["estimate", "zoo:mnist-cnn", "--metrc", "tdp"], "--metric"],
    [["--json", "estimate"], "joulecast estimate … --json"],
    [["link", "bre"], "link ber"],
    [["study", "rnu", "plan.yaml"], "study run"],
    [["data", "gte", "--verbose"], "data get"],
    [["--hlep"], "--help"],
  ])("%j is answered with %s", (args, wanted) => {
    const { status, stderr } = runCli(args);
    expect(status).toBe(2);
    expect(stderr).toContain(wanted);
    expect(stderr).not.toContain("bug");
  });
});

describe("quiet and verbose", () => {
  const small = ["inspect", "zoo:mnist-cnn"];
  it("change stderr only", () => {
    const plain = runCli(small);
    expect(plain.stderr).toBe("");
    const verbose = runCli([...small, "--verbose"]);
    expect(verbose.stdout).toBe(plain.stdout);
    expect(verbose.stderr).toMatch(/inspect done after \d+ ms/);
    expect(runCli([...small, "--verbose", "--quiet"]).stderr).toBe("");
  });
  it("say where an error arose", () => {
    expect(runCli(["inspect", "nowhere.onnx"]).stderr).not.toContain(".js:");
    expect(runCli(["inspect", "nowhere.onnx", "--verbose"]).stderr).toContain(".js:");
  });
});

describe("joulecast.config.json", () => {
  /** A fresh folder with a config file two levels above where the program runs. */
  function configured(config: unknown, args: readonly string[]) {
    const below = join(folder, "project", "a", "b");
    mkdirSync(below, { recursive: true });
    const text = typeof config === "string" ? config : JSON.stringify(config);
    writeFileSync(join(folder, "project", "joulecast.config.json"), text);
    return runCli(args, below);
  }
  const json = [...ESTIMATE, "--json"];
  const regionOf = (stdout: string) => JSON.parse(stdout).result.region?.code;

  it("supplies what the command line does not give, the command's section first", () => {
    expect(regionOf(configured({ region: "FI" }, json).stdout)).toBe("FIN");
    expect(regionOf(configured({ region: "FI", estimate: { region: "SE" } }, json).stdout)).toBe("SWE");
    expect(regionOf(configured({ region: "FI" }, [...json, "--region", "FR"]).stdout)).toBe("FRA");
    const bare = configured({ region: "FI" }, [...json, "--no-config"]);
    expect(regionOf(bare.stdout)).toBe(regionOf(runCli(json).stdout));
  });
  it("takes lists, numbers, switches and forms", () => {
    const on = {
      estimate: { on: ["jetson-nano", "rtx-3090"], metric: "roofline", batch: 4, json: true, training: true },
    };
    const { stdout } = configured(on, ["estimate", "zoo:mnist-cnn"]);
    const { estimates } = JSON.parse(stdout).result;
    expect(estimates.map(({ device }: { device: string }) => device)).toEqual(["jetson-nano", "rtx-3090"]);
    const again = runCli([
      "estimate",
      "zoo:mnist-cnn",
      ..."--on jetson-nano,rtx-3090 --metric roofline --batch 4 --training --json".split(" "),
    ]);
    expect(stdout).toBe(again.stdout);
    expect(configured(on, ["estimate", "zoo:mnist-cnn", "--csv"]).stdout).toMatch(/^device,/);
  });
  it("replaces, not extends, what may be repeated", () => {
    const dims = { inspect: { dim: ["x=1"] } };
    const own = configured(dims, ["inspect", "zoo:mnist-cnn"]);
    expect(own).toMatchObject({ status: 2, stderr: expect.stringContaining("x") });
    expect(configured(dims, ["inspect", "zoo:mnist-cnn", "--dim", "batch=3"]).status).toBe(0);
  });
  it("is told by --verbose", () => {
    const { stderr } = configured({ region: "FI" }, [...json, "--verbose"]);
    expect(stderr).toMatch(/joulecast\.config\.json supplied region/);
  });
  it.each([
    [{ regoin: "FI" }, "regoin is not known; nearest: region"],
    [{ estimate: { metrc: "tdp" } }, "estimate.metrc is not known; nearest: metric"],
    [{ estimate: { batch: true } }, "estimate.batch is true, expected text"],
    [{ estimate: { on: [] } }, "estimate.on is [], expected text"],
    [{ estimate: { training: "yes" } }, 'estimate.training is "yes", expected true or false'],
    [{ estimate: "tdp" }, 'estimate is "tdp", expected an object'],
    [{ region: { code: "FI" } }, "region is {"],
    [{ run: { webhook: "http://elsewhere" } }, "run.webhook cannot be set in a config file"],
    [{ out: "/tmp/x" }, "out cannot be set"],
    [["region"], "the file is no JSON object"],
    ["{", "is not JSON"],
  ])("says what is wrong in %j", (config, wanted) => {
    const { status, stderr } = configured(config, json);
    expect(status).toBe(2);
    expect(stderr).toContain(wanted);
  });
  it("breaks with an InputError or not at all, whatever it holds", async () => {
    const { readConfig } = await import("../../src/cli/config.ts");
    const { InputError } = await import("../../src/units/input-error.ts");
    const path = join(folder, "any.json");
    const key = fc.constantFrom(
      "region",
      "estimate",
      "on",
      "training",
      "dim",
      "$schema",
      "__proto__",
      "constructor",
      "x",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 2 }, fc.jsonValue(), fc.dictionary(key, tie("any") as fc.Arbitrary<unknown>)),
    })).any;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value), async (whole) => {
        writeFileSync(path, JSON.stringify(whole));
        const read = await readConfig(path).catch((error: unknown) => error);
        expect(read instanceof Error ? read : undefined).toSatisfy((e) => e === undefined || e instanceof InputError);
      }),
      { seed: 7, numRuns: 150 },
    );
  });
  it("has a schema that agrees", () => {
    const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../data/schemas/config.json"), "utf8"));
    const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
    expect(validate({ region: "FI", estimate: { on: ["a", "b"], batch: 4 }, measure: { "no-models": true } })).toBe(
      true,
    );
    expect(validate({ regoin: "FI" })).toBe(false);
    expect(validate({ estimate: { batch: true } })).toBe(false);
    for (const name of COMMAND_LINE_ONLY) expect(validate({ [name]: "x" }), name).toBe(false);
  });
});

describe('"-"', () => {
  const file = join(folder, "m.onnx");
  it("writes a model to stdout and reads it from stdin", () => {
    const written = piped(["zoo", "write", "mnist-cnn", "-", "--quiet"], "");
    expect(written.status, written.stderr).toBe(0);
    writeFileSync(file, written.stdout);
    const named = JSON.parse(runCli(["inspect", file, "--json"]).stdout).result.model;
    const { stdout } = piped(["inspect", "-", "--json"], written.stdout);
    expect(JSON.parse(stdout.toString()).result.model).toEqual({ ...named, name: "stdin" });
  });
  it("reads traces and samples", () => {
    const rows = Array.from({ length: 60 }, (_, i) => `a,${i * 1000},${100 + (i % 3)},${Math.floor(i / 12)}`);
    const trace = `run,t_ms,gpu_power_w,epoch\n${rows.join("\n")}\n`;
    writeFileSync(join(folder, "t.csv"), trace);
    const said = piped(["step", "-", "--json"], trace);
    expect(JSON.parse(said.stdout.toString()).result).toEqual(
      JSON.parse(runCli(["step", join(folder, "t.csv"), "--json"]).stdout).result,
    );
  });
  it("says what is wrong when nothing sensible comes", () => {
    expect(piped(["inspect", "-"], "")).toMatchObject({ status: 2 });
    expect(piped(["estimate", "-"], "no onnx")).toMatchObject({ status: 2 });
  });
  it("prints to stdout with --out -, once", () => {
    expect(runCli(["inspect", "zoo:mnist-cnn", "--out", "-"]).stdout).toBe(runCli(["inspect", "zoo:mnist-cnn"]).stdout);
  });
});

describe("completion", () => {
  it.each(Object.keys(SHELLS))("for %s names every command and option", async (shell) => {
    const { status, stdout } = runCli(["completion", shell]);
    expect(status).toBe(0);
    for (const load of Object.values(COMMANDS)) {
      const { name, options } = await load();
      expect(stdout).toContain(name.split(" ").at(-1)!);
      for (const { flags } of options) expect(stdout).toContain(/--([\w-]+)/.exec(flags)![1]!);
    }
  });
  it("refuses other shells", () => {
    expect(runCli(["completion", "csh"])).toMatchObject({ status: 2, stderr: expect.stringContaining("zsh") });
  });
  const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
  it.each(["zsh", "fish"].filter(has))("is a script that %s can read", (shell) => {
    const path = join(folder, `completion.${shell}`);
    writeFileSync(path, runCli(["completion", shell]).stdout);
    expect(spawnSync(shell, ["-n", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
  describe.skipIf(!has("fish"))("in fish, skipped where there is none", () => {
    const script = join(folder, "offered.fish");
    writeFileSync(script, runCli(["completion", "fish"]).stdout);
    it.each([
      ["joulecast est", "estimate"],
      ["joulecast estimate --met", "--metric"],
      ["joulecast estimate zoo:cifar/shuf", "zoo:cifar/shufflenet-v2"],
      ["joulecast estimate m.onnx --on coral", "coral-edge-tpu"],
      ["joulecast study ver", "verify"],
      ["joulecast help exit", "exit-codes"],
    ])("%s", (line, wanted) => {
      const run = spawnSync("fish", ["--no-config", "-c", `source ${script}; complete -C '${line}'`], {
        encoding: "utf8",
        env: { ...process.env, HOME: folder },
      });
      expect(run.stdout.split("\n").map((row) => row.split("\t")[0])).toContain(wanted);
    });
  });
  it("hands zsh its words whole: a colon parts what _arguments is told", () => {
    const { stdout } = runCli(["completion", "zsh"]);
    expect(stdout).toMatch(/ '\*:argument: _joulecast_or_files .*zoo\\:mnist-cnn/);
    expect(stdout).not.toMatch(/_joulecast_or_files [^']*[^\\]:/);
  });
  describe.skipIf(!has("bash"))("in bash, skipped where there is none", () => {
    const script = join(folder, "completion.bash");
    writeFileSync(script, runCli(["completion", "bash"]).stdout);
    /** What is offered for a line, parted at spaces and colons as bash does. */
    function offered(line: string): string[] {
      const words = line.split(/(:)|\s+/).filter((word) => word !== undefined);
      const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1))`;
      const run = `source ${script}; ${set}; _joulecast; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", run], { encoding: "utf8", cwd: folder });
      expect(stderr).toBe("");
      return stdout.split("\n").filter((word) => word !== "");
    }
    it.each([
      ["joulecast est", ["estimate"]],
      ["joulecast estimate --met", ["--metric"]],
      ["joulecast estimate zoo:cifar/shuf", ["cifar/shufflenet-v2"]],
      ["joulecast estimate m.onnx --on coral", ["coral-edge-tpu"]],
      ["joulecast estimate m.onnx --on rtx-3090,coral", ["rtx-3090,coral-edge-tpu"]],
      ["joulecast zoo wr", ["write"]],
      ["joulecast zoo write --se", ["--seed"]],
      ["joulecast help exit", ["exit-codes"]],
      ["joulecast completion fi", ["fish"]],
      ["joulecast inspect m.on", ["m.onnx"]],
      ["joulecast inspect m.onnx --out t.c", ["t.csv"]],
    ])("%s", (line, wanted) => {
      writeFileSync(join(folder, "m.onnx"), "");
      writeFileSync(join(folder, "t.csv"), "");
      expect(offered(line)).toEqual(wanted);
    });
  });
});
