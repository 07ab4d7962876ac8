// The story of a person who measures: doctor, a command, a network, two commands against each other, marks, Ctrl-C, mistakes.
// The machine is a fake one whose true power is known and whose counter wraps on the way; nothing is measured of the real one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import { encodeRecording } from "../../src/measure/recording-json.ts";
import { fakeMachine } from "../machine/fake-tree.ts";
import { fedTree } from "../support/fed-tree.ts";
import { type Json, MAIN, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const PACKAGE_W = 40;
const DRAM_W = 5;
/** The package's counter passes its end about once a second, so also within the run. */
const RANGE_J = 45;
const folder = temporaryFolder();
const home = join(folder, "home");
const fed = await fedTree(PACKAGE_W, DRAM_W, RANGE_J);
process.env.JOULECAST_HOME = home;
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

/** A program that reads the counter itself, often enough to see each wrap, and prints what it saw: the truth. */
const WITNESS = `
const { readFileSync } = require("node:fs");
const read = () => Number(readFileSync(${JSON.stringify(fed.packagePath)}, "latin1")) / 1e6;
let [last, trueJ, turns] = [read(), 0, 0];
const timer = setInterval(() => {
  const now = read();
  trueJ += (now - last + ${RANGE_J}) % ${RANGE_J};
  last = now;
  if (++turns < 75) return;
  clearInterval(timer);
  console.log(JSON.stringify({ trueJ }));
}, 20);
`;

describe("joulecast doctor", () => {
  const result = resultOf(["doctor", "--json", "--seconds", "1"]);
  const source = (id: string) => result.sources.find((one: Json) => one.id === id);
  it("finds the counters, their idle power and when they wrap", () => {
    expect(source("rapl/package-0")).toMatchObject({ usable: true, kind: "measured", reason: null });
    expect(source("rapl/package-0").idleW / PACKAGE_W).toBeCloseTo(1, 1);
    expect(source("rapl/package-0").wrapS).toBeCloseTo(RANGE_J / 150, 6);
    expect(source("rapl/package-0/dram").idleW / DRAM_W).toBeCloseTo(1, 1);
  });
  it("says first that the wall meter which was named cannot be read", () => {
    const run = runCli(["doctor", "--seconds", "0.5", "--wall-meter", join(folder, "nowhere.csv")]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/second\n\n! the wall meter: cannot read/);
  });
  it("plans nothing modelled where all is measured", () => {
    expect(result.planned).toMatchObject({ modelled: [], integrated: [] });
    expect(result.planned.measured).toHaveLength(2);
  });
});

describe("joulecast measure -- COMMAND", () => {
  const trace = join(folder, "trace.json");
  const run = runCli([
    "measure",
    "--json",
    "--idle",
    "1s",
    "--inferences",
    "10",
    "--record",
    trace,
    "--label",
    "witness",
    "--",
    process.execPath,
    "-e",
    WITNESS,
  ]);
  const result = run.status === 0 ? JSON.parse(run.stdout).result : {};
  const { trueJ } = JSON.parse(run.stderr.split("\n").find((line) => line.startsWith("{")) ?? "{}");
  const packageOf = (from: Json) => from.components.find((one: Json) => one.source === "rapl/package-0");

  it("finds the true joules over a wrap of the counter, those that the program saw itself among them", () => {
    const { grossJ } = packageOf(result);
    expect(trueJ).toBeGreaterThan(RANGE_J);
    expect(grossJ).toBeGreaterThan(trueJ);
    expect(grossJ / (PACKAGE_W * result.durationS)).toBeCloseTo(1, 1);
    expect(result.meanPowerW / (PACKAGE_W + DRAM_W)).toBeCloseTo(1, 1);
    expect(result).toMatchObject({ kind: "measured", exitCode: 0, repeats: 1 });
    expect(result.coverage).toBeGreaterThan(0.95);
  });
  it("finds next to nothing above idle where the machine draws the same", () => {
    expect(Math.abs(result.netJ)).toBeLessThan(0.1 * result.grossJ);
    expect(result.netLowJ).toBeLessThanOrEqual(result.netJ);
    expect(result.netHighJ).toBeGreaterThanOrEqual(result.netJ);
    expect(result.grossJ - result.baselineJ).toBeCloseTo(result.netJ, 9);
  });
  it("keeps the laws: counted components add up, per inference is a tenth", () => {
    const sum = result.components.reduce((total: number, one: Json) => total + (one.counted ? one.grossJ : 0), 0);
    expect(sum).toBeCloseTo(result.grossJ, 9);
    expect(result.perInferenceJ * 10).toBeCloseTo(result.netJ, 9);
    expect(result.co2eKg).toBeGreaterThanOrEqual(0);
  });
  it("keeps the run, with its samples", () => {
    expect(existsSync(join(home, "runs", result.runId, "run.json"))).toBe(true);
    expect(readdirSync(join(home, "journals"))).toEqual([]);
    expect(readFileSync(join(home, "runs", result.runId, "run.json"), "utf8")).toContain("label: witness");
  });
  it("computes the recording anew to the same joules", () => {
    const again = resultOf(["measure", "--json", "--replay", trace, "--inferences", "10"]);
    // The window's marks are set some 0.1 ms outside the program's own start and end.
    for (const name of ["grossJ", "baselineJ"]) expect(again[name] / result[name]).toBeCloseTo(1, 1);
    expect((again.netJ - result.netJ) / result.grossJ).toBeCloseTo(0, 1);
  });
  it("leaves stdout to the program and reports on stderr, in words that tell the kind", () => {
    const text = runCli([
      "measure",
      "--idle",
      "0",
      "--no-save",
      "--",
      process.execPath,
      "-e",
      "console.log(process.argv.slice(1).join(' '))",
      "--",
      "--json",
      "--help",
    ]);
    expect(text).toMatchObject({ status: 0, stdout: "--json --help\n" });
    expect(text.stderr).toContain("measured by energy counters");
    expect(text.stderr).toContain("no baseline: net is gross");
    expect(text.stderr).not.toContain("MODELLED");
    for (const line of text.stderr.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
  it.each([
    [7, ["--idle", "0", "--", "sh", "-c", "exit 7"]],
    [143, ["--idle", "0", "--", "sh", "-c", "kill -TERM $$"]],
    [127, ["--", "no-such-program"]],
    [126, ["--", folder]],
    [2, ["--repeat", "0", "--", "true"]],
    [2, ["--region", "Atlantis", "--", "true"]],
    [2, ["--batch", "4", "--", "true"]],
    [2, ["python", "infer.py"]],
    [2, []],
    [2, ["--"]],
    [125, ["--record", join(folder, "nowhere", "trace.json"), "--", "true"]],
  ])("exits with %i for %j", (status, args) => {
    const run = runCli(["measure", "--no-save", ...args]);
    expect(run.status, run.stderr).toBe(status);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
  it("says what to do when no source can be read", () => {
    const bare = fakeMachine({ "/proc/meminfo": "MemTotal: 1 kB" });
    process.env.JOULECAST_ROOT = bare.root;
    const run = runCli(["measure", "--no-models", "--", "true"]);
    process.env.JOULECAST_ROOT = fed.root;
    bare.remove();
    expect(run.status).toBe(125);
    expect(run.stderr).toContain("joulecast doctor");
  });
  it("ends with a report when it is interrupted", async () => {
    const child = spawn(process.execPath, [
      MAIN,
      "measure",
      "--json",
      "--idle",
      "0",
      "--",
      process.execPath,
      "-e",
      "console.log('up'); setInterval(() => {}, 1000)",
    ]);
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    await once(child.stderr, "data"); // the program's stdout: it is up
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    const { result } = JSON.parse(stdout);
    expect(result).toMatchObject({ exitCode: 130, repeats: 1 });
    expect(result.warnings.join()).toContain("SIGINT");
  });
});

/** A JSON run that is still going on; `when` is asked with what came on stderr until it is true, then `act` is done. */
async function during(
  args: readonly string[],
  when: (stderr: string) => boolean,
  act: (pid: number) => void,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, "measure", "--json", "--idle", "0", ...args], { detached: true });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  const looking = setInterval(() => {
    if (!when(said.stderr)) return;
    clearInterval(looking);
    act(child.pid!);
  }, 20);
  const [code] = await once(child, "close");
  clearInterval(looking);
  return { code, ...said };
}

describe.skipIf(process.platform === "win32")("signals", () => {
  /** Counts, takes its time to say goodbye, and exits with the number of signals that it got. */
  const counting = `let got = 0; process.on("SIGINT", () => { if (got++ === 0) setTimeout(() => process.exit(got), 700); });
    console.log("up"); setInterval(() => {}, 1000)`;
  it.each([
    ["sent to joulecast alone", 1],
    ["sent to its whole process group, as CI and Ctrl-C do", -1],
  ])("%s reach the program once", async (_, sign) => {
    const { code, stdout } = await during(
      ["--no-save", "--", process.execPath, "-e", counting],
      (stderr) => stderr.includes("up"),
      (pid) => process.kill(sign * pid, "SIGINT"),
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout).result.warnings.join()).toContain("SIGINT");
  });
});

describe("what goes wrong on the way", () => {
  const removesItself = (name: string) => {
    const path = join(folder, name);
    writeFileSync(path, '#!/bin/sh\nrm "$0"\n');
    chmodSync(path, 0o755);
    return path;
  };
  it.skipIf(process.platform === "win32")(
    "a program that is gone after its first run: that run is reported and kept",
    () => {
      const result = resultOf(
        ["measure", "--json", "--idle", "0", "--repeat", "3", "--", removesItself("once.sh")],
        127,
      );
      expect(result).toMatchObject({ repeats: 1, exitCode: 127 });
      expect(result.warnings.join()).toMatch(/ended early after 1 run: .*once\.sh/);
      expect(existsSync(join(home, "runs", result.runId, "run.json"))).toBe(true);
    },
  );
  it.skipIf(process.platform === "win32")(
    "a program that is gone after its warm-up: the journal stays for the history",
    () => {
      const journals = () => readdirSync(join(home, "journals"));
      const badScript = join(folder, "bad-script");
      writeFileSync(badScript, "#!/no/such/interpreter\n");
      chmodSync(badScript, 0o755);
      expect(runCli(["measure", "--idle", "0", "--", badScript]).status).toBe(127);
      expect(journals()).toEqual([]);
      const run = runCli(["measure", "--idle", "0", "--warmup", "1", "--", removesItself("warm.sh")]);
      expect(run.status).toBe(127);
      expect(journals()).toHaveLength(1);
      expect(runCli(["history", "--json"]).stdout).toContain("warm.sh");
      expect(journals()).toEqual([]);
    },
  );
  it.each([
    [2, ["--json", "--csv"]],
    [2, ["--table", "runs"]],
    [2, ["--wall-factor", "0.5"]],
    [2, ["--wall-meter", join(folder, "nowhere.csv")]],
    [2, ["--dimm-type", "DDR4"]],
    [125, ["--out", join(folder, "nowhere", "x.json")]],
    [125, ["--html", join(folder, "nowhere", "x.html")]],
    [125, ["--out", folder]],
  ])("exits with %i for %j before the program is run", (status, args) => {
    const trail = join(folder, "trail");
    const run = runCli([
      "measure",
      "--idle",
      "0",
      ...args,
      "--",
      process.execPath,
      "-e",
      `require("fs").writeFileSync(${JSON.stringify(trail)}, "")`,
    ]);
    expect(run.status, run.stderr).toBe(status);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(trail)).toBe(false);
  });
  it("a file that cannot be written in the end: the report is printed all the same, once", () => {
    const gone = join(folder, "gone");
    mkdirSync(gone);
    const script = `require("fs").rmdirSync(${JSON.stringify(gone)})`;
    const run = runCli([
      "measure",
      "--json",
      "--idle",
      "0",
      "--no-save",
      "--out",
      join(gone, "x.json"),
      "--",
      process.execPath,
      "-e",
      script,
    ]);
    expect(run.status).toBe(125);
    expect(run.stderr).toContain("cannot write");
    expect(JSON.parse(run.stdout).result.repeats).toBe(1);
  });
  it.skipIf(!existsSync("/proc/self/task"))(
    "a sampler that is killed: the journal is reported, with the program's exit code",
    () => {
      const script = `
      const { readFileSync } = require("node:fs");
      const family = readFileSync("/proc/" + process.ppid + "/task/" + process.ppid + "/children", "latin1").trim().split(" ");
      setTimeout(() => { for (const pid of family) if (Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL"); }, 600);
      setTimeout(() => process.exit(3), 1000);`;
      const result = resultOf(["measure", "--json", "--idle", "0.3s", "--", process.execPath, "-e", script], 3);
      expect(result).toMatchObject({ exitCode: 3, repeats: 1, sampler: null });
      expect(result.warnings.join()).toMatch(/nothing is recorded after .* SIGKILL/);
      expect(result.coverage).toBeGreaterThan(0);
      expect(result.coverage).toBeLessThan(0.9);
      expect(JSON.parse(readFileSync(join(home, "runs", result.runId, "run.json"), "utf8")).complete).toBe(false);
    },
  );
  it.skipIf(!existsSync("/proc/self/task"))("a sampler that is killed before the run: no joules, and no bug", () => {
    const script = `
      const { readFileSync } = require("node:fs");
      const family = readFileSync("/proc/" + process.ppid + "/task/" + process.ppid + "/children", "latin1").trim().split(" ");
      for (const pid of family) if (Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL");`;
    const run = runCli([
      "measure",
      "--json",
      "--idle",
      "0",
      "--no-save",
      "--repeat",
      "2",
      "--",
      process.execPath,
      "-e",
      script,
    ]);
    expect(run.stderr).not.toContain("bug");
    expect(run.status, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout).result.runs[0].each[1].coverage).toBe(0);
  });
});

describe("a table that no run has", () => {
  it("is refused after the run, and the run is said to be kept", () => {
    const run = runCli(["measure", "--idle", "0", "--csv", "--table", "nope", "--", process.execPath, "--version"]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/kept as run \w+/);
    expect(run.stderr).toContain('"nope"');
  });
});

describe("joulecast mark", () => {
  it("divides a run into epochs and windows", () => {
    const mark = `"${process.execPath}" "${MAIN}" mark`;
    const script = `${mark} epoch 1; ${mark} --open validation; ${mark} --close validation; ${mark} epoch 2`;
    const { windows, grossJ } = resultOf(["measure", "--json", "--idle", "0", "--", "sh", "-c", script]);
    expect(windows.map((window: Json) => window.name)).toEqual(["validation", "epoch 1", "epoch 2"]);
    const epochsJ = windows[1].grossJ + windows[2].grossJ;
    expect(epochsJ).toBeGreaterThan(0);
    expect(epochsJ).toBeLessThan(grossJ);
    expect(windows[0].grossJ).toBeLessThan(windows[1].grossJ);
  });
  it.each([[["epoch", "3"]], [["--open", "w"]]])("says that no measurement is going on for %j", (args) => {
    const run = runCli(["mark", ...args]);
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toContain("no measurement");
  });
  it("takes one mark at a time", () => {
    expect(runCli(["mark"]).status).toBe(2);
    expect(runCli(["mark", "epoch", "--open", "w"]).status).toBe(2);
  });
});

describe("joulecast compare", () => {
  const wait = (ms: number) => `${process.execPath} -e 'setTimeout(() => {}, ${ms})'`;
  it("finds the one that needs less", () => {
    const result = resultOf([
      "compare",
      "--json",
      "--repeat",
      "3",
      "--idle",
      "0",
      "--no-save",
      "--",
      wait(400),
      "true",
    ]);
    expect(result.verdict).toBe("b");
    expect(result.lowJ).toBeGreaterThan(0);
    expect(result.a.netJ - result.b.netJ).toBeCloseTo(result.differenceJ, 9);
    expect(result.exitCodes).toHaveLength(6);
  });
  it("refuses below 95 % coverage, with exit code 1", () => {
    const info: SourceInfo = {
      id: "rapl/x",
      name: "X",
      domain: "package",
      kind: "measured",
      reads: "energy",
      provenance: "made up",
    };
    const timeS = Float64Array.from({ length: 3 }, (_, i) => i / 100);
    const path = join(folder, "short.json");
    writeFileSync(
      path,
      encodeRecording({ traces: [{ info, timeS, values: timeS.map((time) => 10 * time) }], marks: [], load: [] }),
    );
    const result = resultOf(
      ["compare", "--json", "--repeat", "2", "--idle", "0", "--no-save", "--replay", path, "--", wait(50), "true"],
      1,
    );
    expect(result).toMatchObject({ verdict: "refused", differenceJ: null });
    expect(result.reason).toMatch(/coverage|nothing was read/);
  });
  it("checks before anything runs what only its end needs", () => {
    const run = runCli(["compare", "--idle", "0", "--wall-factor", "0.5", "--", "echo ran", "true"]);
    expect(run).toMatchObject({ status: 2, stdout: "" });
  });
  it("ends with the exit code of the program that failed", () => {
    const words = ["compare", "--json", "--repeat", "2", "--idle", "0", "--no-save", "--shell", "--", "true", "exit 7"];
    expect(resultOf(words, 7).exitCodes.map(({ exitCode }: Json) => exitCode)).toEqual([0, 7, 0, 7]);
  });
  it.each([[["one"]], [["true | cat", "true"]], [["'unclosed", "true"]]])(
    "takes two commands without a shell: %j",
    (commands) => {
      expect(runCli(["compare", "--", ...commands]).status).toBe(2);
    },
  );
  it("takes a shell when told", () => {
    const run = runCli([
      "compare",
      "--shell",
      "--repeat",
      "2",
      "--idle",
      "0",
      "--no-save",
      "--",
      "echo one | tr a-z A-Z",
      "true",
    ]);
    expect(run).toMatchObject({ status: 0, stdout: "ONE\nONE\n" });
    expect(run.stderr).toContain("verdict");
  });
});

describe("joulecast measure MODEL", () => {
  it.each([
    [["--provider", "cud"], /unknown provider "cud"; nearest: cuda/],
    [["--threads", "1000000"], /--threads 1000000 .* logical processors?\n.*at most/],
    [["--duration", "-1"], /-1 is out of range\n.*above 0 \(s\)/],
  ])("refuses %j", (options, words) => {
    for (const command of ["measure", "profile"]) {
      const run = runCli([command, "zoo:cifar/lenet", "--idle", "0", "--no-save", ...options]);
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(words);
    }
  });
  it("reports the section that Ctrl-C cuts short", async () => {
    const journals = join(home, "journals");
    // A journal appears under another name first: that one may be gone by the time it is read.
    const hasBegun = () =>
      readdirSync(journals)
        .filter((name) => name.endsWith(".jnl"))
        .some((name) => readFileSync(join(journals, name), "latin1").includes('"batch 1/1"'));
    const { code, stdout } = await during(["--duration", "1h", "--idle", "0", "zoo:cifar/lenet"], hasBegun, (pid) =>
      process.kill(pid, "SIGINT"),
    );
    expect(code).toBe(130);
    const { result } = JSON.parse(stdout);
    expect(result).toMatchObject({ exitCode: 130, batch: 1, kind: "measured" });
    expect(result.inferences).toBeGreaterThanOrEqual(1);
    expect(result.warnings.join()).toContain("shorter than asked for");
  });
  it("says before measuring that inputs do not fit into memory", () => {
    const run = runCli(["measure", "zoo:cifar/lenet", "--batch", "1,300000000", "--idle", "0"]);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("300000000 needs 3.69 TB for its inputs alone");
    expect(run.stderr.split("\n").length).toBeLessThan(5);
  });
  it("runs batches and sets the published estimates beside them", () => {
    const result = resultOf([
      "measure",
      "zoo:cifar/lenet",
      "--json",
      "--batch",
      "1,4",
      "--passes",
      "30",
      "--idle",
      "0",
      "--on",
      "xeon-gold-5220",
    ]);
    expect(result.runs.map((run: Json) => run.batch)).toEqual([1, 4]);
    for (const run of result.runs) {
      expect(run.kind).toBe("measured");
      expect(run.inferences).toBe(30 * run.batch);
      expect(run.perInferenceJ * run.inferences).toBeCloseTo(run.netJ, 9);
      expect(run.estimates.length).toBeGreaterThan(3);
      // So short a run may have an interval that holds 0: no estimate has an error in shares of that.
      const isClear = run.perInferenceLowJ > 0;
      for (const { perInferenceJ, errorRatio } of run.estimates)
        if (isClear) expect(perInferenceJ / run.perInferenceJ - 1).toBeCloseTo(errorRatio, 9);
        else expect(errorRatio).toBeNull();
    }
  });
  it("takes this machine's CPU for the estimates", () => {
    const { runs, assumptions } = resultOf([
      "measure",
      "zoo:cifar/lenet",
      "--json",
      "--passes",
      "5",
      "--idle",
      "0",
      "--no-save",
    ]);
    expect(runs[0].estimates[0].device).toBe("xeon-gold-5220");
    expect(assumptions.join()).toContain("Xeon Gold 5220");
  });
});
