// Real processes against one data folder, through the built program (`npm test` builds first).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { ENVIRONMENT, RECORDING, SOURCES, storedRun, temporaryHome } from "../../../test/support/stored-runs.ts";
import { lastTimeS } from "./journal-read.ts";
import { newRunId } from "./run-id.ts";
import { openStore } from "./runs.ts";

const RUNS = resolve(import.meta.dirname, "../../../dist/node/store/runs.js");
if (!existsSync(RUNS)) throw new Error(`${RUNS} is missing: run \`npx tsc --build\` first`);

/** A process that has `openStore` and the data given, and runs `code`. */
function start(code: string, data: object) {
  const program = `import { openStore } from ${JSON.stringify(pathToFileURL(RUNS).href)};
    const data = ${JSON.stringify(data)};
    const store = openStore({ home: data.home, onMessage: (message) => console.error(message) });
    ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let messages = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  return { child, messages: () => messages };
}

describe("processes that share a data folder", () => {
  it("keep all runs of two that write and one that lists at once", async () => {
    const home = temporaryHome();
    const code = `for (const run of data.runs)
      await store.saveRun(run, { traces: run.sources.map((info) => ({ info, timeS: Float64Array.of(0, 1), values: Float64Array.of(0, 5) })), marks: [], load: [] });`;
    const writers = [0, 1].map((writer) =>
      start(code, { home, runs: Array.from({ length: 5 }, (_, i) => storedRun(10 * writer + i)) }),
    );
    const ends = writers.map(({ child }) => once(child, "close"));
    const { listRuns, loadRecording } = openStore({ home });
    const seen: number[] = [];
    while (writers.some(({ child }) => child.exitCode === null)) {
      seen.push((await listRuns()).length);
      // Closing is only noticed when the event loop turns.
      await new Promise((turn) => setImmediate(turn));
    }
    const codes = (await Promise.all(ends)).map(([exitCode]) => exitCode);
    expect(writers.map(({ messages }) => messages())).toEqual(["", ""]);
    expect(codes).toEqual([0, 0]);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const runs = await listRuns();
    expect(runs.map(({ id }) => id)).toEqual([14, 13, 12, 11, 10, 4, 3, 2, 1, 0].map((minute) => storedRun(minute).id));
    expect([...(await loadRecording(runs[0]!.id)).traces[0]!.values]).toEqual([0, 5]);
  });

  it("lose at most the last second to kill -9, and recover the rest", async () => {
    const home = temporaryHome();
    const header = {
      runId: newRunId(),
      startedAt: "2026-01-01T00:00:00.000Z",
      command: "train",
      environment: ENVIRONMENT,
      sources: SOURCES,
      provenance: [],
    };
    const { child, messages } = start(
      `const journal = store.startJournal(data.header);
       for (let i = 0; i <= 1234; i++) for (let source = 0; source < 4; source++) journal.sample(source, i / 100, i);
       console.log("written");
       setInterval(() => {}, 1000);`,
      { home, header },
    );
    const ended = once(child, "close");
    await once(child.stdout, "data");
    const { recover, listRuns, loadRecording, paths } = openStore({ home });
    expect(await recover()).toEqual([]);
    child.kill("SIGKILL");
    await ended;
    expect(child.signalCode).toBe("SIGKILL");
    expect(messages()).toBe("");
    expect(await recover()).toMatchObject([{ id: header.runId, complete: false, command: "train" }]);
    expect(await listRuns()).toMatchObject([{ id: header.runId, complete: false }]);
    const recording = await loadRecording(header.runId);
    expect(lastTimeS(recording)).toBeGreaterThanOrEqual(12.34 - 1);
    for (const { values } of recording.traces) expect([...values]).toEqual(Array.from(values, (_, i) => i));
    expect(readdirSync(paths.journals)).toEqual([]);
  });

  it("survive one that dies while it has the database open", async () => {
    const home = temporaryHome();
    await openStore({ home }).saveRun(storedRun(1), RECORDING);
    const { child } = start(
      `const { withDatabase } = await import(${JSON.stringify(pathToFileURL(RUNS.replace("runs.js", "database.js")).href)});
       await withDatabase({ path: store.paths.database }, async ({ sql }) => {
         await sql.run("BEGIN TRANSACTION");
         await sql.run("DELETE FROM runs");
         process.kill(process.pid, "SIGKILL");
         await new Promise(() => setInterval(() => {}, 1000));
       });`,
      { home },
    );
    await once(child, "close");
    expect(await openStore({ home }).listRuns()).toHaveLength(1);
  });
});
