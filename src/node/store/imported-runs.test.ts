import { describe, expect, it } from "vitest";
import type { Imported, ImportedRun } from "../../measure/imports/format.ts";
import { importText } from "../../measure/imports/table.ts";
import { InputError } from "../../units/input-error.ts";
import { type ImportedFile, runsOfImport } from "./imported-runs.ts";

const WRITTEN_MS = Date.UTC(2026, 4, 1, 12);
const fileOf = (text: string, imported: Imported = importText(text)): ImportedFile => ({
  name: "log.csv",
  text,
  modifiedMs: WRITTEN_MS,
  imported,
});
const sumsOf = (changes: Partial<ImportedRun>): Imported => ({
  format: "zeus",
  recording: undefined,
  runs: [
    {
      name: "epoch",
      startedAt: "1770000000.5",
      durationS: 10,
      energyJ: 100,
      components: [{ name: "GPU 0", domain: "gpu", kind: "measured", energyJ: 100 }],
      ...changes,
    },
  ],
  remarks: [],
});

/** Two runs of perun: 10 W, then 20 W, two seconds each. */
const PERUN = [
  ",run id,hostname,device_group,sensor,unit,magnitude,timestep,value",
  ...[0, 1].flatMap((run) =>
    Array.from({ length: 21 }, (_, i) => `0,${run},node1,cpu,package-0,J,1,${i / 10},${(run + 1) * i + 100 * run}`),
  ),
].join("\n");

describe("runs of an imported file", () => {
  it("are one for each window of the tool's, with its own samples from 0 s on", () => {
    const made = runsOfImport(fileOf(PERUN), "1.2.3");
    expect(made.map(({ run }) => run.command)).toEqual(["log.csv: run 0", "log.csv: run 1"]);
    made.forEach(({ run, recording }, i) => {
      expect(run.durationS).toBeCloseTo(2, 9);
      expect(run.measurements[0]!.grossJ! / (20 * (i + 1))).toBeCloseTo(1, 1);
      expect(recording.traces[0]!.timeS[0]).toBe(0);
      expect(recording.traces[0]!.values).toHaveLength(21);
      expect(run.environment).toEqual({ joulecast: "1.2.3", gpus: [] });
    });
  });

  it("start when the file says, else when it was written less their duration", () => {
    const start = (startedAt: string | undefined) =>
      runsOfImport(fileOf("x", sumsOf({ startedAt })), "1")[0]!.run.startedAt;
    expect(start("1770000000.5")).toBe("2026-02-02T02:40:00.500Z");
    expect(start("2026-03-01 10:00:00.123")).toBe("2026-03-01T10:00:00.123Z");
    expect(start("2026-03-01T10:00:00+02:00")).toBe("2026-03-01T08:00:00.000Z");
    expect(start("12.5")).toBe("2026-05-01T11:59:50.000Z");
    expect(start(undefined)).toBe("2026-05-01T11:59:50.000Z");
  });

  it("keep sums as the tool wrote them and say that their doubt is not known", () => {
    const { run, recording } = runsOfImport(fileOf("x", sumsOf({})), "1")[0]!;
    expect(run.measurements[0]).toMatchObject({ kind: "measured", grossJ: 100, netJ: 100, meanPowerW: 10, doubts: [] });
    expect(run.measurements[0]!.remarks.join()).toContain("interval and coverage are not known");
    expect(run.sources).toMatchObject([{ id: "zeus/gpu-0", domain: "gpu" }]);
    expect(recording.traces).toEqual([]);
  });

  it("have the same id and origin for the same content only", () => {
    const made = (text: string) => runsOfImport(fileOf(text, sumsOf({})), "1")[0]!;
    expect(made("x").run.id).toBe(made("x").run.id);
    expect(made("x").origin).not.toBe(made("y").origin);
    expect(made("x").run.provenance).toContain(made("x").origin);
  });

  it.each([undefined, 0])("are refused with a duration of %s", (durationS) => {
    expect(() => runsOfImport(fileOf("x", sumsOf({ durationS })), "1")).toThrow(InputError);
  });
});
