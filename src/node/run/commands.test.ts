import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeSteadyRecording } from "../../../test/support/steady-recording.ts";
import { builtEntry } from "../child.ts";
import { type CommandPlan, runCommands } from "./commands.ts";
import { type FinishedSession, openSession, type Session } from "./session.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const replay = writeSteadyRecording(folder, [10]);
const node = (script: string) => [process.execPath, "-e", script];
const IDLE_S = 0.02;

let session: Session;
let finished: FinishedSession | undefined;
const close = async () => {
  finished ??= await session.close();
  return finished;
};

beforeEach(async () => {
  finished = undefined;
  session = await openSession({ machine: { replay }, rateHz: 100 });
});
afterEach(close);

const measured = (plan: Partial<CommandPlan>) =>
  runCommands(session, { programs: [], idleS: IDLE_S, command: { stdio: "ignore" }, ...plan });

describe("runCommands", () => {
  it("takes turns, warm-ups first, in windows that do not overlap", async () => {
    const programs = [
      { name: "a", argv: node("") },
      { name: "b", argv: node("") },
    ];
    const told: string[] = [];
    const onProgress = (text: string) => void told.push(text);
    const { runs, idle, exitCode } = await measured({ programs, repeat: 2, warmup: 1, idleAfterS: IDLE_S, onProgress });
    const expected = ["a/warm-up-1", "b/warm-up-1", "a/1", "b/1", "a/2", "b/2"];
    expect(exitCode).toBe(0);
    expect(runs.map(({ window }) => window.name)).toEqual(expected);
    expect(runs.map(({ isWarmup }) => isWarmup)).toEqual([true, true, false, false, false, false]);
    expect(idle.map(({ name }) => name)).toEqual(["idle", "idle-after"]);
    expect(told).toHaveLength(8);
    const all = [idle[0]!, ...runs.map(({ window }) => window), idle[1]!];
    for (const [i, { fromS, toS }] of all.entries()) {
      expect(toS).toBeGreaterThan(fromS);
      if (i > 0) expect(fromS).toBeGreaterThanOrEqual(all[i - 1]!.toS);
    }
    const { windows, recording, endS, remarks } = await close();
    expect(windows.map(({ name }) => name)).toEqual(["idle", ...expected, "idle-after"]);
    expect(endS).toBeGreaterThan(idle[1]!.toS);
    expect(recording.traces[0]!.timeS.at(-1)).toBeGreaterThan(all.at(-1)!.toS);
    expect(remarks).toEqual([]);
  });

  it("gives the first exit code that is not 0, and measures the rest", async () => {
    const programs = [
      { name: "a", argv: node("process.exit(5)") },
      { name: "b", argv: node("process.exit(6)") },
    ];
    const { runs, exitCode } = await measured({ programs, repeat: 2 });
    expect(runs.map((run) => run.exitCode)).toEqual([5, 6, 5, 6]);
    expect(exitCode).toBe(5);
  });

  it("does not wait through the idle time for a program that is not there", async () => {
    const { idle, runs, exitCode, problem } = await measured({
      programs: [{ name: "run", argv: ["no-such-program"] }],
      idleS: 3600,
    });
    expect({ idle, runs, exitCode }).toEqual({ idle: [], runs: [], exitCode: 127 });
    expect(problem).toMatchObject({ code: "not-found" });
  });

  it.each<[string, Partial<CommandPlan>, string]>([
    ["--repeat 0", { repeat: 0 }, "bad-count"],
    ["--repeat 1.5", { repeat: 1.5 }, "bad-count"],
    ["--warmup -1", { warmup: -1 }, "bad-count"],
    ["--idle -1s", { idleS: -1 }, "bad-duration"],
    ["no program", { programs: [] }, "empty-command"],
  ])("refuses %s", async (_, plan, code) => {
    const programs = [{ name: "run", argv: node("") }];
    await expect(measured({ programs, ...plan })).rejects.toMatchObject({ code });
  });

  it("writes down the marks that the program sets, between its start and end", async () => {
    const script = `fetch(process.env.JOULECAST_URL + "/mark", { method: "POST", body: "epoch 1\\nwindow-open inner\\nwindow-close inner" })`;
    const { runs } = await measured({ programs: [{ name: "run", argv: node(script) }] });
    const { recording, windows } = await close();
    const epoch = recording.marks.find(({ name }) => name === "epoch")!;
    expect(epoch.value).toBe(1);
    expect(epoch.timeS).toBeGreaterThan(runs[0]!.window.fromS);
    expect(epoch.timeS).toBeLessThan(runs[0]!.window.toS);
    expect(windows.map(({ name }) => name)).toContain("inner");
  });
});

describe("Ctrl-C", () => {
  const script = (argv: readonly string[], idleS: number) => {
    const file = (entry: string) => JSON.stringify(pathToFileURL(builtEntry(entry)).href);
    return `import { openSession } from ${file("run/session.js")};
      import { runCommands } from ${file("run/commands.js")};
      const session = await openSession(${JSON.stringify({ machine: { replay } })});
      const plan = { programs: [{ name: "run", argv: ${JSON.stringify(argv)} }], idleS: ${idleS}, repeat: 5 };
      const onProgress = (text) => console.error(text);
      const result = await runCommands(session, { ...plan, command: { forwardKeys: true }, onProgress });
      const { windows } = await session.close(result.exitCode);
      console.log(JSON.stringify({ ...result, windows: windows.map(({ name }) => name) }));
      process.exit(result.exitCode);`;
  };

  /** Runs, interrupts when `when` was said on stderr or stdout, gives the report. */
  async function interrupted(argv: readonly string[], idleS: number, when: string) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script(argv, idleS)]);
    let said = "";
    let out = "";
    let sent = false;
    const look = () => {
      if (sent || !said.includes(when)) return;
      sent = true;
      child.kill("SIGINT");
    };
    child.stdout.on("data", (bytes) => {
      out += bytes;
      said += bytes;
      look();
    });
    child.stderr.on("data", (bytes) => {
      said += bytes;
      look();
    });
    const [code] = (await once(child, "close")) as [number];
    return { code, report: JSON.parse(out.trim().split("\n").at(-1)!) };
  }

  it("during a run ends it, starts no other, and still yields a report", async () => {
    const argv = node(`console.log("up"); setInterval(() => {}, 1000)`);
    const { code, report } = await interrupted(argv, 0, "up");
    expect(code).toBe(130);
    expect(report).toMatchObject({ interrupted: "SIGINT", exitCode: 130, windows: ["run/1"] });
    expect(report.runs).toHaveLength(1);
    expect(report.runs[0]).toMatchObject({ exitCode: 130, signal: "SIGINT" });
  });

  it("during the idle time ends that, and still yields a report", async () => {
    const { code, report } = await interrupted(node(""), 3600, "idle for");
    expect(code).toBe(130);
    expect(report).toMatchObject({ interrupted: "SIGINT", runs: [], windows: ["idle"] });
  });
});
