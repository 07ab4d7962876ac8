import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MEASUREMENT, RECORDING, SOURCES, storedRun, temporaryHome } from "../../../test/support/stored-runs.ts";
import { openStore } from "./runs.ts";
import { parseRun, renderRun } from "./stored-run.ts";

function store() {
  const messages: string[] = [];
  const home = temporaryHome();
  return { home, messages, ...openStore({ home, onMessage: (message) => messages.push(message) }) };
}

describe("the store", () => {
  it("gives a run back as it was kept, with every sample", async () => {
    const { saveRun, getRun, loadRecording, messages } = store();
    const run = storedRun(1);
    await saveRun(run, RECORDING);
    expect(getRun(run.id)).toEqual(run);
    expect(getRun(run.id.slice(0, 8).toUpperCase())).toEqual(run);
    expect(await loadRecording(run.id)).toEqual(RECORDING);
    expect(messages).toEqual([]);
  });

  it("gives back a recording without samples, marks or load", async () => {
    const { saveRun, loadRecording } = store();
    const nothing = {
      traces: SOURCES.map((info) => ({ info, timeS: new Float64Array(0), values: new Float64Array(0) })),
      marks: [],
      load: [],
    };
    const run = storedRun(1);
    await saveRun(run, nothing);
    expect(await loadRecording(run.id)).toEqual(nothing);
    const bare = storedRun(2, { sources: [] });
    await saveRun(bare, { traces: [], marks: [], load: [] });
    expect(await loadRecording(bare.id)).toEqual({ traces: [], marks: [], load: [] });
  });

  it("keeps the order of a long recording of several sources", async () => {
    const { saveRun, loadRecording } = store();
    const rows = 35_000; // of each: more than a row group of Parquet holds
    const timeS = Float64Array.from({ length: rows }, (_, i) => Math.floor(i / 3) / 100);
    const traces = SOURCES.map((info, k) => ({
      info,
      timeS,
      values: Float64Array.from({ length: rows }, (_, i) => i * 4 + k),
    }));
    await saveRun(storedRun(1), { traces, marks: [], load: [] });
    expect(await loadRecording(storedRun(1).id)).toEqual({ traces, marks: [], load: [] });
  });

  it("lists newest first, as the JSON contract says", async () => {
    const { saveRun, listRuns } = store();
    for (const minute of [2, 1, 3]) await saveRun(storedRun(minute), RECORDING);
    const runs = await listRuns();
    expect(runs.map(({ command }) => command)).toEqual([3, 2, 1].map((n) => `python infer.py --batch ${n}`));
    expect(runs[0]).toEqual({
      id: storedRun(3).id,
      startedAt: "2026-01-01T00:03:00.000Z",
      command: "python infer.py --batch 3",
      netJ: MEASUREMENT.netJ,
      durationS: 10,
      kind: "measured",
      complete: true,
    });
  });

  it("lists what the filter lets through", async () => {
    const { saveRun, listRuns } = store();
    await saveRun(storedRun(1, { command: "Train.py 100%" }), RECORDING);
    await saveRun(storedRun(2, { kind: "modelled", complete: false }), RECORDING);
    await saveRun(storedRun(3, { kind: undefined, measurements: [] }), RECORDING);
    const minutes = async (filter: Parameters<typeof listRuns>[0]) =>
      (await listRuns(filter)).map(({ startedAt }) => new Date(startedAt).getUTCMinutes());
    expect(await minutes({ command: "tRAIN" })).toEqual([1]);
    expect(await minutes({ command: "100%" })).toEqual([1]);
    expect(await minutes({ command: "' OR 1=1 --" })).toEqual([]);
    expect(await minutes({ kind: "modelled" })).toEqual([2]);
    expect(await minutes({ since: "2026-01-01T00:02:00Z" })).toEqual([3, 2]);
    expect(await minutes({ since: "2026-01-01T01:02:00+01:00", limit: 1 })).toEqual([3]);
    expect(await minutes({ where: "netJ > 5 AND complete" })).toEqual([1]);
    expect(await minutes({ where: "netJ IS NULL -- not measured" })).toEqual([3]);
    expect(
      await minutes({ where: "id IN (SELECT runId FROM environments WHERE cpuModel LIKE 'Test%')", limit: 2 }),
    ).toEqual([3, 2]);
    expect((await listRuns({ limit: 1 }))[0]).toMatchObject({ netJ: undefined, kind: undefined });
  });

  it.each([
    [{ since: "yesterday-ish" }, "bad-since"],
    [{ limit: 0 }, "bad-limit"],
    [{ limit: 1.5 }, "bad-limit"],
    [{ kind: "mesured" }, "unknown-kind"],
    [{ where: "joules > 5" }, "bad-where"],
    [{ where: "1=1); DROP TABLE runs; SELECT (1=1" }, "bad-where"],
    [{ where: "EXISTS (SELECT * FROM read_text('/etc/hostname'))" }, "bad-where"],
  ])("refuses the filter %o", async (filter, code) => {
    const { saveRun, listRuns } = store();
    await saveRun(storedRun(1), RECORDING);
    await expect(listRuns(filter)).rejects.toMatchObject({ code });
    expect(await listRuns()).toHaveLength(1);
  });

  it("removes a run for good, and only that one", async () => {
    const { saveRun, removeRun, getRun, listRuns, paths } = store();
    for (const minute of [1, 2]) await saveRun(storedRun(minute), RECORDING);
    expect(await removeRun(storedRun(1).id)).toBe(storedRun(1).id);
    expect((await listRuns()).map(({ id }) => id)).toEqual([storedRun(2).id]);
    expect(() => getRun(storedRun(1).id)).toThrow(expect.objectContaining({ code: "unknown-run" }));
    expect(readdirSync(paths.runs)).toEqual([storedRun(2).id]);
  });

  it("asks for more letters when an id is not clear", async () => {
    const { saveRun, getRun } = store();
    for (const minute of [1, 2]) await saveRun(storedRun(minute), RECORDING);
    expect(() => getRun("1kd")).toThrow(expect.objectContaining({ code: "ambiguous-run" }));
    expect(() => getRun("")).toThrow(expect.objectContaining({ code: "unknown-run" }));
    expect(() => getRun("../../etc")).toThrow(expect.objectContaining({ code: "unknown-run" }));
  });

  it("replaces what it held of a run when it is saved again", async () => {
    const { saveRun, getRun, listRuns, messages, paths } = store();
    await saveRun(storedRun(1, { complete: false, measurements: [], kind: undefined }), RECORDING);
    await saveRun(storedRun(1), RECORDING);
    expect(getRun(storedRun(1).id).complete).toBe(true);
    expect(await listRuns()).toMatchObject([{ complete: true, netJ: MEASUREMENT.netJ }]);
    expect(readdirSync(paths.runs)).toEqual([storedRun(1).id]);
    expect(messages).toEqual([]);
  });

  it("takes a full disk for what it is and leaves nothing half done", async () => {
    const { saveRun, paths, startJournal } = store();
    const run = storedRun(1);
    startJournal({ ...run, runId: run.id }).close({ endS: 10 });
    // What the Parquet writer meets on a full disk: it cannot write into the folder.
    const unwritable = {
      ...RECORDING,
      marks: [
        {
          timeS: 0,
          get name(): string {
            throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
          },
        },
      ],
    };
    await expect(saveRun(run, unwritable)).rejects.toMatchObject({
      code: "cannot-write",
      message: expect.stringContaining("disk is full"),
    });
    expect(readdirSync(paths.runs)).toEqual([]);
    expect(existsSync(join(paths.journals, `${run.id}.jnl`))).toBe(true);
  });

  it("finds runs that another program put there or took away, and makes the index anew", async () => {
    const first = store();
    await first.saveRun(storedRun(1), RECORDING);
    const second = store();
    await second.saveRun(storedRun(2), RECORDING);
    cpSync(join(second.paths.runs, storedRun(2).id), join(first.paths.runs, storedRun(2).id), { recursive: true });
    expect(await first.listRuns()).toHaveLength(2);
    mkdirSync(join(first.paths.runs, storedRun(3).id));
    writeFileSync(join(first.paths.runs, storedRun(3).id, "run.json"), "{ torn");
    expect(await first.reindex()).toBe(2);
    expect(first.messages).toMatchObject([expect.stringContaining("not the record of a run")]);
  });
});

describe("run.json", () => {
  it("keeps what is known and leaves out what is no number", () => {
    const run = storedRun(1, { measurements: [{ ...MEASUREMENT, peakPowerW: Number.NaN }] });
    const read = parseRun(renderRun(run), "run.json");
    expect(read.measurements[0]).not.toHaveProperty("peakPowerW");
    expect(read.measurements[0]!.netJ).toBe(MEASUREMENT.netJ);
  });

  it.each([
    ["a list", "[]", "bad-run"],
    ["null", "null", "bad-run"],
    ["torn text", "{", "bad-run"],
    ["an id that is a path", JSON.stringify({ ...storedRun(1), id: "../../x" }), "bad-run"],
    ["a start that is no time", JSON.stringify({ ...storedRun(1), startedAt: "noon" }), "bad-run"],
    ["what a newer program wrote", JSON.stringify({ ...storedRun(1), schema: 2 }), "newer-run"],
  ])("refuses %s", (_, text, code) => {
    expect(() => parseRun(text, "run.json")).toThrow(expect.objectContaining({ code }));
  });

  it("is plain JSON that names its schema", async () => {
    const { saveRun, paths } = store();
    await saveRun(storedRun(1), RECORDING);
    expect(JSON.parse(readFileSync(join(paths.runs, storedRun(1).id, "run.json"), "utf8"))).toMatchObject({
      schema: 1,
      id: storedRun(1).id,
    });
  });
});
