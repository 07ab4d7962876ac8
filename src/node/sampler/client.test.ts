// The sampler's real process on a replayed machine. Counts are bounds, not rates: this may run on a machine that is busy.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { fakeMachine, folder as treeFolder } from "../../../test/machine/fake-tree.ts";
import { writeSteadyRecording } from "../../../test/support/steady-recording.ts";
import { NO_MACHINE } from "../../../test/support/stored-runs.ts";
import { builtEntry } from "../child.ts";
import { readJournal } from "../store/journal-read.ts";
import { startSampler } from "./client.ts";
import type { StartOptions } from "./protocol.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const replay = writeSteadyRecording(folder, [10, 20, 30, 40]);

let runs = 0;
function options(more: Partial<StartOptions> = {}): StartOptions {
  const journal = { folder, runId: `run${runs++}`, command: "test", environment: NO_MACHINE, provenance: [] };
  return { machine: { replay }, rateHz: 100, journal, keep: true, ...more };
}

/** Waits until `isTrue`, which another process will make so. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("the sampler's process", () => {
  it.each([5, 100, 1000])("reads four sources at %i Hz into the journal", async (rateHz) => {
    const sampler = await startSampler(options({ rateHz }));
    expect(sampler.sources.map(({ id }) => id)).toEqual([0, 1, 2, 3].map((i) => `replay/steady/package-${i}`));
    await until(async () => (await sampler.stats()).sources.every(({ reads }) => reads >= 5));
    const { endS, stats } = await sampler.stop(3);
    const { recording, footer, complete } = readJournal(sampler.journalPath);
    expect(complete).toBe(true);
    expect(footer).toEqual({ endS, exitCode: 3 });
    for (const [i, { timeS, values }] of recording.traces.entries()) {
      expect(timeS.length).toBe(values.length);
      // the last reading is made after the last look at the numbers
      expect(timeS.length).toBe(stats.sources[i]!.reads + 1);
      expect(timeS.every((time, k) => time <= endS && (k === 0 || time >= timeS[k - 1]!))).toBe(true);
      expect(timeS.length).toBeLessThanOrEqual(endS * rateHz + 4);
      expect(values.every((energyJ, k) => k === 0 || energyJ >= values[k - 1]!)).toBe(true);
      expect(values.at(-1)).toBeGreaterThan(values[0]!);
      // Every reading is one of the recording's, which lie 2 ms of this source's power apart.
      const steps = values.map((energyJ) => energyJ / ((i + 1) * 10) / 0.002);
      expect(Math.max(...steps.map((step) => Math.abs(step - Math.round(step))))).toBeLessThan(1e-6);
    }
    expect(stats.cpuS).toBeGreaterThan(0);
    expect(stats.coreRatio).toBeCloseTo(stats.cpuS / stats.elapsedS);
    expect(stats.memoryBytes).toBeGreaterThan(1e6);
  });

  it("writes marks down, and reads where windows open and close", async () => {
    const sampler = await startSampler(options({ rateHz: 1 }));
    await sampler.mark("window-open", "w", sampler.nowS());
    await sampler.mark("epoch", 3, sampler.nowS());
    await sampler.flush();
    const { recording } = readJournal(sampler.journalPath);
    expect(recording.marks.map(({ name, value }) => [name, value])).toEqual([
      ["window-open", "w"],
      ["epoch", 3],
    ]);
    expect(recording.traces.every(({ timeS }) => timeS.length >= 2)).toBe(true);
    await sampler.stop();
  });

  it("reads a machine of files, its load too", async () => {
    const zone = "/sys/class/powercap/intel-rapl:0";
    const machine = fakeMachine({
      ...treeFolder(zone, { name: "package-0", energy_uj: 1_000_000, max_energy_range_uj: 262_143_328_850 }),
      "/proc/stat": "cpu  1 0 1 98 0 0 0 0 0 0\ncpu0 1 0 1 98 0 0 0 0 0 0",
      "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 250 kB",
    });
    try {
      const sampler = await startSampler(options({ machine: { root: machine.root, only: ["rapl"] } }));
      machine.set(`${zone}/energy_uj`, 5_000_000);
      await until(async () => (await sampler.stats()).sources[0]?.last?.value === 5);
      await sampler.stop();
      const { recording } = readJournal(sampler.journalPath);
      expect(recording.traces).toHaveLength(1);
      expect(recording.traces[0]!.values[0]).toBe(1);
      expect(recording.traces[0]!.values.at(-1)).toBe(5);
      expect(recording.load.find(({ name }) => name === "memory")!.ratio[0]).toBe(0.75);
    } finally {
      machine.remove();
    }
  });

  it("says what it cannot use", async () => {
    await expect(startSampler(options({ rateHz: 0 }))).rejects.toMatchObject({ code: "bad-rate" });
    await expect(startSampler(options({ rateHz: 1001 }))).rejects.toMatchObject({ code: "bad-rate" });
    const absent = { machine: { replay: join(folder, "none.json") } };
    await expect(startSampler(options(absent))).rejects.toMatchObject({ code: "cannot-read" });
    const journal = { ...options().journal, folder: join(folder, "none") };
    await expect(startSampler(options({ journal }))).rejects.toMatchObject({ code: "cannot-write" });
  });
});

/** A program that measures and is then killed: prints the sampler's process id and journal. */
function victim(session: object) {
  const entry = pathToFileURL(builtEntry("run/session.js")).href;
  const script = `import { openSession } from ${JSON.stringify(entry)};
    const session = await openSession(${JSON.stringify(session)});
    await session.mark("epoch", 1);
    await session.read();
    console.log(JSON.stringify([session.samplerPid, session.journalPath]));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === "win32")("when the one who measures is killed", () => {
  it.each([true, false])("the sampler ends, and a journal that is kept (%s) is whole up to then", async (keep) => {
    const { journal } = options();
    const session = { machine: { replay }, rateHz: 100, ...(keep && { journal }) };
    const child = victim(session);
    const [said] = (await once(child.stdout!, "data")) as [Buffer];
    const [pid, path] = JSON.parse(said.toString()) as [number, string];
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await until(() => !isAlive(pid));
    expect(existsSync(path)).toBe(keep);
    if (!keep) return;
    const { footer, complete, recording } = readJournal(path);
    expect(footer).toBeUndefined();
    expect(complete).toBe(false);
    expect(recording.marks).toHaveLength(1);
    expect(recording.traces.every(({ timeS }) => timeS.length > 0)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("Ctrl-C does not end the sampler: who measures decides", async () => {
    const sampler = await startSampler(options());
    process.kill(sampler.pid!, "SIGINT");
    const before = (await sampler.stats()).sources[0]!.reads;
    await until(async () => (await sampler.stats()).sources[0]!.reads > before + 2);
    await sampler.stop();
    expect(readJournal(sampler.journalPath).complete).toBe(true);
  });
});
