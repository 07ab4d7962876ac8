import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MEASUREMENT, RECORDING, storedRun, temporaryHome } from "../../../test/support/stored-runs.ts";
import { InputError } from "../../units/input-error.ts";
import { identify, isGone, type ProcessProbe, STALE_AFTER_S, THIS_MACHINE } from "./process-identity.ts";
import { recoverRuns } from "./recover.ts";
import { openStore } from "./runs.ts";

function store(home = temporaryHome()) {
  const messages: string[] = [];
  return { ...openStore({ home, onMessage: (message) => messages.push(message) }), messages };
}

const machine = (changes: Partial<ProcessProbe> = {}): ProcessProbe => ({
  isAlive: () => true,
  startOf: () => "100",
  machine: () => "boot 1",
  ...changes,
});
const owner = { pid: 7, started: "100", machine: "boot 1" };

describe("whether a process is gone", () => {
  it.each([
    ["it runs", machine(), 1e9, false],
    ["its number is free", machine({ isAlive: () => false }), 0, true],
    ["its number is used again", machine({ startOf: () => "200" }), 0, true],
    ["nobody knows when it started", machine({ startOf: () => undefined }), 1e9, false],
    [
      "it is of another machine and writes",
      machine({ machine: () => "boot 2", isAlive: () => false }),
      STALE_AFTER_S - 1,
      false,
    ],
    ["it is of another machine and silent", machine({ machine: () => "boot 2" }), STALE_AFTER_S, true],
  ])("%s", (_, probe, idleS, gone) => {
    expect(isGone(owner, idleS, probe)).toBe(gone);
  });

  it("does not think so of this very process", () => {
    expect(identify().pid).toBe(process.pid);
    expect(isGone(identify(), 1e9)).toBe(false);
    if (process.platform === "linux")
      expect(identify()).toMatchObject({ started: expect.stringMatching(/^\d+$/), machine: THIS_MACHINE.machine() });
  });
});

const refuse = async (): Promise<void> => {
  throw new InputError("cannot-write", "the disk is full", "make room");
};

describe("recovery", () => {
  const gone = machine({ isAlive: () => false });

  it("makes an incomplete run of a killed one, with all that was written, and lets the journal go", async () => {
    const { startJournal, recover, listRuns, getRun, loadRecording, paths, messages } = store();
    const run = storedRun(1);
    const journal = startJournal({ ...run, runId: run.id, owner });
    RECORDING.traces[0]!.timeS.forEach((time, i) => {
      journal.sample(0, time, RECORDING.traces[0]!.values[i]!);
    });
    journal.mark(RECORDING.marks[1]!);
    journal.close();
    expect(await recover({ probe: machine() })).toEqual([]);
    const recovered = await recover({ probe: gone });
    expect(recovered).toMatchObject([
      { id: run.id, complete: false, durationS: 0.2, kind: undefined, measurements: [] },
    ]);
    expect(getRun(run.id)).toEqual(
      recovered[0]!.kind === undefined ? { ...recovered[0], kind: undefined } : recovered[0],
    );
    const recording = await loadRecording(run.id);
    expect(recording.traces[0]).toEqual(RECORDING.traces[0]);
    expect(recording.marks).toEqual([RECORDING.marks[1]]);
    expect(await listRuns()).toMatchObject([{ complete: false, netJ: undefined }]);
    expect(readdirSync(paths.journals)).toEqual([]);
    expect(messages).toEqual([expect.stringContaining("incomplete")]);
  });

  it("computes the joules when told how, and takes an ended run for complete", async () => {
    const { startJournal, recover, listRuns } = store();
    const run = storedRun(1);
    startJournal({ ...run, runId: run.id, owner }).close({ endS: 10, exitCode: 4 });
    const analyse = () => ({ measurements: [MEASUREMENT], windows: run.windows });
    expect(await recover({ probe: gone, analyse })).toMatchObject([
      { complete: true, exitCode: 4, kind: "measured", durationS: 10 },
    ]);
    expect(await listRuns()).toMatchObject([{ complete: true, netJ: MEASUREMENT.netJ }]);
  });

  it("of a run that a full disk does not take is a message: its journal stays, the others and what was asked for go on", async () => {
    const { startJournal, recover, listRuns, paths, messages } = store();
    for (const run of [storedRun(1), storedRun(2)]) startJournal({ ...run, runId: run.id, owner }).close();
    const names = readdirSync(paths.journals);
    await expect(
      recoverRuns(paths.journals, refuse, { probe: gone, onMessage: (m) => messages.push(m) }),
    ).resolves.toEqual([]);
    const [first, second] = [1, 2].map((minute) => storedRun(minute).id);
    expect(messages).toEqual([expect.stringMatching(`^runs ${first} .*${second} .*disk is full; make room$`)]);
    expect(readdirSync(paths.journals)).toEqual(names);
    expect(await recover({ probe: gone })).toHaveLength(2);
    expect(await listRuns()).toHaveLength(2);
  });

  it("leaves a run alone that was saved before its journal went", async () => {
    const { startJournal, recover, saveRun, getRun, paths } = store();
    const run = storedRun(1);
    await saveRun(run, RECORDING);
    startJournal({ ...run, runId: run.id, owner }).close();
    await recover({ probe: gone });
    expect(getRun(run.id)).toEqual(run);
    expect(readdirSync(paths.journals)).toEqual([]);
  });

  it("clears away half done folders, brings back one that was being replaced, and leaves those of the last minutes", async () => {
    const { recover, saveRun, getRun, paths } = store();
    const uuid = "00000000-0000-4000-8000-000000000000";
    await saveRun(storedRun(1), RECORDING);
    renameSync(join(paths.runs, storedRun(1).id), join(paths.runs, `.${storedRun(1).id}.${uuid}.part.old`));
    for (const ending of ["part", "removed"]) mkdirSync(join(paths.runs, `.${storedRun(2).id}.${uuid}.${ending}`));
    await recover();
    expect(readdirSync(paths.runs)).toHaveLength(3);
    await recover({ nowMs: () => Date.now() + STALE_AFTER_S * 1000 + 5000 });
    expect(readdirSync(paths.runs)).toEqual([storedRun(1).id]);
    expect(getRun(storedRun(1).id)).toEqual(storedRun(1));
  });

  it("tells of what it cannot read, once, and recovers the others", async () => {
    const { startJournal, recover, paths, messages } = store();
    writeFileSync(join(paths.journals, `${storedRun(0).id}.jnl`), "no journal");
    writeFileSync(join(paths.journals, "notes.txt"), "mine");
    startJournal({ ...storedRun(1), runId: storedRun(1).id, owner }).close();
    expect(await recover({ probe: gone })).toHaveLength(1);
    expect(await recover({ probe: gone })).toHaveLength(0);
    expect(messages.filter((message) => message.includes("no header"))).toHaveLength(1);
    expect(existsSync(join(paths.journals, `${storedRun(0).id}.jnl.unreadable`))).toBe(true);
  });
});
