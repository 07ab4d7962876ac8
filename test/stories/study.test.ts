// The story of a study: plan, forecast, run, stop, go on, report, verify; and the same over a database with several agents, one of
// them killed in the middle of a trial, and the database restarted. The power is a fake machine's, the trials are real and short.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { fedTree } from "../support/fed-tree.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import { type Json, MAIN, resultOf, runCli, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const fed = await fedTree(40, 5, 1000);
process.env.JOULECAST_HOME = join(folder, "home");
process.env.JOULECAST_ROOT = fed.root;
afterAll(() => fed.stop());

const PLAN = `# a small one
networks: [zoo:cifar/lenet, zoo:mnist-cnn]
data: synthetic:digits:train=64,test=32
batch: 16
repetitions: 2
idle: 0.3s
cool-down: 0.1s
inference-passes: 1
`;

function planFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const plan = planFile("plan.yaml", PLAN.replace("zoo:cifar/lenet, ", ""));

describe("joulecast study", () => {
  it("foretells a plan and runs nothing", () => {
    const out = join(folder, "dry");
    const { total, trials } = resultOf([
      "study",
      "run",
      plan,
      "--dry-run",
      "--on",
      "rtx-3090",
      "--folder",
      out,
      "--json",
    ]);
    expect(total).toMatchObject({ trials: 4, unknown: 0 });
    expect(total.energyJ).toBeGreaterThan(0);
    expect(total.lowJ).toBeLessThanOrEqual(total.energyJ);
    expect(trials[0].basis).toBe("published metrics");
    expect(total.durationS).toBeGreaterThan(0.3 + 4 * 0.1);
    expect(existsSync(out)).toBe(false);
  });

  it("measures every trial, and goes on where it was stopped", async () => {
    const out = join(folder, "study");
    const child = spawn(process.execPath, [MAIN, "study", "run", plan, "--folder", out], { stdio: "ignore" });
    const trials = join(out, "trials");
    const records = () =>
      existsSync(trials) ? readdirSync(trials).filter((one) => existsSync(join(trials, one, "record.json"))).length : 0;
    const watching = setInterval(() => records() >= 1 && child.kill("SIGKILL"), 20);
    await once(child, "close");
    clearInterval(watching);
    const before = records();
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThan(4);
    const result = resultOf(["study", "run", plan, "--folder", out, "--json"]);
    expect(result).toMatchObject({ interrupted: false, left: 0, trials: { done: 4, failed: 0, setAside: 0 } });
    const runs: Json[] = result.tables.runs;
    expect(runs.map(({ phase }) => phase).sort()).toEqual(["inference", "training"]);
    for (const { energyJ, durationS, macs, samples } of runs) {
      expect(energyJ).toBeLessThan(50 * durationS);
      expect(macs).toBe(6_236_544);
      expect(samples).toBeGreaterThan(0);
    }
    // The machine draws 45 W whatever runs: all of it is idle power, which the rows hold as well.
    for (const { grossPowerW, kind, repetitions, energySigmaJ, params, trainableParams } of runs) {
      expect(grossPowerW).toBeGreaterThan(30);
      expect(kind).toBe("measured");
      expect(repetitions).toBe(2);
      expect(energySigmaJ).toBeGreaterThan(0);
      expect(trainableParams).toBe(params);
    }
    expect(runs.find(({ phase }) => phase === "training")).toMatchObject({
      learningRate: 0.001,
      weightDecay: 5e-4,
      momentum: 0,
    });
    expect(runs.find(({ phase }) => phase === "inference")).not.toHaveProperty("learningRate");
    expect(result.toAccuracy.runs).toHaveLength(2);
    expect(resultOf(["study", "run", plan, "--dry-run", "--folder", out, "--json"]).total.trials).toBe(0);
  });

  it("reports, and verifies against the raw samples", () => {
    const out = join(folder, "study");
    expect(resultOf(["study", "report", out, "--json"]).tables.runs).toHaveLength(2);
    expect(runCli(["study", "report", out]).stdout).toContain("Duration and energy");
    expect(resultOf(["study", "verify", out, "--json"])).toMatchObject({ same: true, counts: { same: 4 } });
    const [first] = readdirSync(join(out, "trials"));
    const file = join(out, "trials", first!, "samples.json.gz");
    const samples = JSON.parse(gunzipSync(readFileSync(file)).toString());
    samples.recording.traces[0].values = samples.recording.traces[0].values.map(
      (value: number, i: number) => value + i,
    );
    writeFileSync(file, gzipSync(JSON.stringify(samples)));
    const found = resultOf(["study", "verify", out, "--json"], 1);
    expect(found.counts).toMatchObject({ same: 3, differs: 1 });
    expect(found.trials.find(({ verdict }: Json) => verdict === "differs").problems.join()).toContain("energyJ");
    const [, second, third, fourth] = readdirSync(join(out, "trials")).map((one) => join(out, "trials", one));
    rmSync(join(second!, "record.json"));
    const kept = JSON.parse(readFileSync(join(third!, "record.json"), "utf8"));
    writeFileSync(join(third!, "record.json"), JSON.stringify({ ...kept, status: "failed", reason: "no", rows: [] }));
    const whole = readFileSync(join(fourth!, "samples.json.gz"));
    writeFileSync(join(fourth!, "samples.json.gz"), whole.subarray(0, whole.length / 2));
    const worse = resultOf(["study", "verify", out, "--json"], 1);
    expect(worse.counts).toMatchObject({ same: 0, differs: 2, missing: 1, damaged: 1 });
    writeFileSync(join(fourth!, "record.json"), "{");
    expect(resultOf(["study", "verify", out, "--json"], 1).counts.damaged).toBe(1);
    expect(resultOf(["study", "report", out, "--json"]).trials).toEqual({ done: 1, failed: 1, setAside: 0 });
    expect(runCli(["study", "report", out]).stderr).toContain("record.json cannot be read");
  });

  it("ends at once when it is interrupted while the machine cools down", async () => {
    const path = planFile(
      "cools.yaml",
      PLAN.replace("zoo:cifar/lenet, ", "").replace("cool-down: 0.1s", "cool-down: 1h"),
    );
    const out = join(folder, "cools");
    const child = spawn(process.execPath, [MAIN, "study", "run", path, "--folder", out], { stdio: "ignore" });
    const begun = () => existsSync(join(out, "trials")) && readdirSync(join(out, "trials")).length > 0;
    const watching = setInterval(() => {
      if (!begun()) return;
      clearInterval(watching);
      child.kill("SIGINT");
    }, 20);
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    const [first] = readdirSync(join(out, "trials"));
    // No attempt is left: it is not the trial's fault.
    expect(readdirSync(join(out, "trials", first!))).toEqual([]);
    expect(existsSync(join(out, "lock.json"))).toBe(false);
  });

  it("keeps the reason of a trial that fails, and does the rest", () => {
    const text = PLAN.replace("[zoo:cifar/lenet, zoo:mnist-cnn]", "zoo:mnist-cnn").replace(
      "cool-down",
      "learning-rate: [1000, 0.001]\ncool-down",
    );
    const path = planFile("diverges.yaml", `${text}phases: train\nepochs: 3\noptimiser: sgd\n`);
    const result = resultOf(["study", "run", path, "--folder", join(folder, "diverges"), "--json"]);
    expect(result.trials).toMatchObject({ done: 2, failed: 2 });
    expect(runCli(["study", "report", join(folder, "diverges")]).stdout).toMatch(/the loss is (NaN|Infinity)/);
  });

  it("writes an array job whose tasks do a trial each", () => {
    const out = join(folder, "array");
    const own = ["--cpu-tdp", "80W", "--machine", "node's own", "--rate", "20Hz", "--no-models"];
    const made = resultOf(["study", "run", plan, "--on", "slurm", "--folder", out, ...own, "--json"]);
    expect(made.tasks).toBe(4);
    const script = readFileSync(made.script, "utf8");
    expect(script).toContain("#SBATCH --array=0-3");
    // What a task would do, as the script says it.
    const line = (/^srun (.*) "\$SLURM/m.exec(script)?.[1] ?? "").replaceAll(`'\\''`, "\0");
    const words = [...line.matchAll(/'([^']*)'/g)].map(([, word]) => word!.replaceAll("\0", "'"));
    expect(words[0]).toBe(process.execPath);
    expect(words.join(" ")).toContain("--machine node's own --rate 20Hz --cpu-tdp 80W --no-models");
    const other = planFile("not-this.yaml", `${PLAN}seed: 9\n`);
    const refused = runCli(["study", "run", other, "--on", "slurm", "--folder", out]);
    expect(refused.stderr).toContain("another plan");
    expect(readFileSync(join(out, "plan.yaml"), "utf8")).not.toContain("seed: 9");
    const both = runCli(["study", "run", plan, "--on", "slurm", "--store", "postgres://a/b", "--folder", out]);
    expect(both.stderr).toContain("two ways");
    const task = resultOf([...words.slice(2), "2", "--json"]);
    expect(task).toMatchObject({ left: 3, machine: "node's own", trials: { done: 1 } });
    expect(runCli([...words.slice(2), "4"]).stderr).toContain("there is no trial 4");
  });

  it("advises a power cap from sweeps, and sets nothing", () => {
    const lines = ["work,network,power_limit,time_per_epoch,average_power"];
    for (const [i, network] of ["a", "b", "c"].entries())
      for (const [cap, time, power] of [
        [250, 10, 200 + 10 * i],
        [150, 11, 145],
        [100, 15, 98],
      ])
        lines.push(`${network} run,${network},${cap},${time},${power}`);
    const sweeps = planFile("sweeps.csv", lines.join("\n"));
    const found = resultOf(["study", "cap", sweeps, "--max-slowdown", "20%", "--json"]);
    expect(found.advice.map(({ best }: Json) => best.capW)).toEqual([150, 150, 150]);
    expect(found.score[0]).toMatchObject({ probes: [], sweeps: 3, meanRegretRatio: 0, tooSlow: 0, tooSlowRatio: 0 });
    expect(found.advice.map(({ command }: Json) => command)).toEqual(
      Array(3).fill("sudo nvidia-smi --power-limit=150"),
    );
    expect(found.commands).toEqual(["sudo nvidia-smi --power-limit=150"]);
    const low = runCli(["study", "cap", sweeps, "--known", "150W:20s:140W"]);
    expect(low.stderr).toContain("relative to 150 W");
    expect(low.stdout).not.toContain("250 W ");
    const above = runCli(["study", "cap", sweeps, "--known", "150W:20s:140W", "--caps", "100W,250W"]);
    expect(above.stderr).toContain("nothing is told of higher ones");
    for (const [words, why] of [
      [["--caps", "abc"], /--caps: "abc"/],
      [["--caps", "100W"], /--caps needs --known/],
      [["--caps", "0", "--known", "150W:20s:140W"], /--caps: 0 W is out of range/],
    ] as const) {
      const refused = runCli(["study", "cap", sweeps, ...words]);
      expect(refused.status).toBe(2);
      expect(refused.stderr).toMatch(why);
    }
    const known = resultOf(["study", "cap", sweeps, "--known", "250W:20s:215W", "--json"]);
    expect(known.advice[0].best).toMatchObject({ capW: 100, basis: "estimated" });
    expect(known.commands).toEqual(["sudo nvidia-smi --power-limit=100"]);
    expect(runCli(["study", "cap", sweeps, "--known", "250W"]).stderr).toContain("cap:time:power");
    expect(runCli(["study", "cap", planFile("odd.csv", "a,b\n1,2\n")]).stderr).toContain("no column for cap");
  });

  it.each([
    ["networks: [zoo:mnist-cnn]\nbatsh: 3", /:2:1: .*"batsh"/],
    ["networks:\n  - zoo:mnist-cnn\n  - zoo:lenet5x", /bad\.yaml:3:5: .*lenet5x/],
    ["networks: [zoo:cifar/lenet]\ndata: synthetic:digits", /cifar\/lenet with synthetic:digits/],
    ["networks: [zoo:mnist-cnn]\ndata: nowhere", /bad\.yaml:2:7: .*nowhere/],
    ["networks: [zoo:mnist-cnn]\ndata: ./nowhere", /bad\.yaml:2:7: .*nowhere/],
    ["networks: [zoo:mnist-cnn]\ndata: cifar11", /bad\.yaml:2:7: .*"cifar11"; nearest: cifar10/],
    ["networks: [zoo:mnist-cnn]\ndata: mnist", /bad\.yaml:2:7: "mnist" was not fetched/],
    ["networks: [zoo:mnist-cnn]\ndata: synthetic:digits:train=8,test=8", /fewer than one batch/],
    ["networks: [zoo:mnist-cnn]\ndata: synthetic:digits\noptimiser: sgdd", /bad\.yaml:3:12: .*sgdd/],
  ])("refuses %j before anything runs", (text, message) => {
    const out = join(folder, "refused");
    const run = runCli(["study", "run", planFile("bad.yaml", text), "--folder", out]);
    expect(run.stderr).toMatch(message);
    expect(run.status).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it("asks above a budget, and refuses another plan, a folder that is none and a database that is away", () => {
    const asked = runCli([
      "study",
      "run",
      plan,
      "--on",
      "rtx-3090",
      "--budget",
      "1nJ",
      "--folder",
      join(folder, "asked"),
    ]);
    expect(asked).toMatchObject({ status: 2 });
    expect(asked.stderr).toContain("--yes");
    // Nothing is known of this machine: that may be more than any budget.
    process.env.JOULECAST_ROOT = join(folder, "no-machine");
    const open = runCli(["study", "run", plan, "--budget", "1TJ", "--folder", join(folder, "asked")]);
    // And it has no source to read: said before a trial is begun.
    const blind = runCli(["study", "run", plan, "--budget", "1TJ", "--yes", "--folder", join(folder, "blind")]);
    process.env.JOULECAST_ROOT = fed.root;
    expect(blind.stderr).toContain("no power source");
    const away = runCli(["study", "run", plan, "--store", "mysql://a/b", "--folder", join(folder, "away")]);
    expect(away.stderr).toContain("no address of a database");
    for (const left of ["blind", "away"]) expect(existsSync(join(folder, left)), left).toBe(false);
    expect(open.stderr).toContain("nothing is known of 4 trials: it may be above the budget");
    const other = planFile("other.yaml", `${PLAN}data: synthetic:pictures\n`.replace(/data: synthetic:digits.*\n/, ""));
    expect(runCli(["study", "run", other, "--folder", join(folder, "study")]).stderr).toContain("another plan");
    expect(runCli(["study", "run", other, "--dry-run", "--folder", join(folder, "study")]).stderr).toContain("another");
    mkdirSync(join(folder, "empty"));
    expect(runCli(["study", "report", join(folder, "empty")]).stderr).toContain("is no study");
    expect(runCli(["agent"]).stderr).toContain("--store");
    expect(runCli(["agent", "--store", "mysql://a/b"]).stderr).toContain("no address of a database");
  });
});

describe.skipIf(!hasPostgres())("a study over PostgreSQL (skipped without Debian's postgresql)", () => {
  it("has every trial once, though an agent is killed and the database restarts", async () => {
    const database = await startPostgres();
    const agents: ChildProcess[] = [];
    try {
      const path = planFile(
        "shared.yaml",
        PLAN.replace("zoo:cifar/lenet, ", "").replace("repetitions: 2", "repetitions: 5"),
      );
      const out = join(folder, "shared");
      const store = ["--store", database.address];
      const start = (name: string) => {
        const words = ["agent", ...store, "--machine", name, "--lease", "1.5s"];
        const child = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "ignore", "inherit"] });
        agents.push(child);
        return child;
      };
      const run = spawn(process.execPath, [MAIN, "study", "run", path, ...store, "--folder", out, "--json"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      run.stdout!.on("data", (chunk) => {
        text += chunk;
      });
      const [first] = [start("a"), start("b"), start("c")];
      const trials = join(out, "trials");
      const records = () =>
        existsSync(trials)
          ? readdirSync(trials).filter((one) => existsSync(join(trials, one, "record.json"))).length
          : 0;
      let step = 0;
      const watching = setInterval(() => {
        if (step === 0 && records() >= 1) {
          step = 1;
          first!.kill("SIGKILL");
        } else if (step === 1 && records() >= 3) {
          step = 2;
          database.restart();
        }
      }, 50);
      const [code] = await once(run, "close");
      clearInterval(watching);
      expect(code).toBe(0);
      expect(step).toBe(2);
      const { result } = JSON.parse(text);
      expect(result).toMatchObject({ left: 0, trials: { done: 10, failed: 0, setAside: 0 } });
      expect(records()).toBe(10);
      expect(resultOf(["study", "verify", out, "--json"]).counts.same).toBe(10);
    } finally {
      for (const child of agents) child.kill("SIGTERM");
      await Promise.all(agents.map((child) => child.exitCode ?? child.signalCode ?? once(child, "close")));
      database.stop();
    }
  }, 120_000);

  it("says what is wrong with a database", async () => {
    const database = await startPostgres();
    const missing = database.address.replace(/\/postgres$/, "/nothing");
    expect(runCli(["agent", "--store", missing, "--until-empty"])).toMatchObject({ status: 2 });
    expect(runCli(["agent", "--store", missing, "--until-empty"]).stderr).toContain("no such database");
    expect(resultOf(["agent", "--store", database.address, "--until-empty", "--json"])).toMatchObject({ ended: 0 });
    database.stop();
  });
});
