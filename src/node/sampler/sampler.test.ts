import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { NO_MACHINE } from "../../../test/support/stored-runs.ts";
import type { PowerSource, Reading, SourceInfo } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { type JournalWriter, openJournal } from "../store/journal.ts";
import { Sampler } from "./sampler.ts";

const INFO: SourceInfo = {
  id: "fake/a",
  name: "a",
  domain: "package",
  kind: "measured",
  reads: "energy",
  provenance: "made up",
};

const source = (read: () => Reading | undefined, more: Partial<SourceInfo> = {}): PowerSource => ({
  info: { ...INFO, ...more },
  read,
  close: () => undefined,
});

type Row = { source: number; timeS: number; value: number };

/** A journal that remembers. */
function memory() {
  const rows: Row[] = [];
  const marks: Mark[] = [];
  const loads: { name: string; timeS: number; ratio: number }[] = [];
  const journal: Pick<JournalWriter, "sample" | "mark" | "load" | "flush"> = {
    sample: (index, timeS, value) => void rows.push({ source: index, timeS, value }),
    mark: (mark) => void marks.push(mark),
    load: (name, timeS, ratio) => void loads.push({ name, timeS, ratio }),
    flush: () => undefined,
  };
  return { rows, marks, loads, journal };
}

/** A sampler on a clock of its own: `run` ticks until `untilS`, each tick `lateS` after it was due. */
function bench(
  sources: readonly PowerSource[],
  rateHz: number,
  more: Partial<ConstructorParameters<typeof Sampler>[0]> = {},
) {
  const kept = memory();
  const time = { nowS: 0 };
  const sampler = new Sampler({ sources, journal: kept.journal, rateHz, clock: () => time.nowS, ...more });
  const run = (untilS: number, lateS: (tick: number) => number = () => 0) => {
    for (let tick = 0; time.nowS <= untilS; tick++) time.nowS = Math.max(time.nowS, sampler.tick() + lateS(tick));
  };
  return { ...kept, sampler, time, run };
}

describe("Sampler", () => {
  it("reads every source at its rate, and writes what it reads", () => {
    let energyJ = 0;
    const { rows, run } = bench(
      [source(() => ({ energyJ: energyJ++ })), source(() => ({ powerW: 7 }), { reads: "power" })],
      10,
    );
    run(9.95);
    expect(rows.filter((row) => row.source === 0).map(({ value }) => value)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(rows.filter((row) => row.source === 1).map(({ value }) => value)).toEqual(new Array(100).fill(7));
  });

  it("does not drift: late ticks leave the schedule where it was", () => {
    const { rows, run } = bench([source(() => ({ energyJ: 1 }))], 100);
    run(9.9999, (tick) => (tick % 3) * 0.003);
    expect(rows).toHaveLength(1000);
    for (const [i, { timeS }] of rows.entries()) {
      expect(timeS).toBeGreaterThanOrEqual(i * 0.01 - 1e-9);
      expect(timeS).toBeLessThan((i + 1) * 0.01);
    }
  });

  it("leaves out what came too late, and counts it", () => {
    const { rows, run, sampler } = bench([source(() => ({ energyJ: 1 }))], 10);
    run(0.95, (tick) => (tick === 2 ? 0.35 : 0));
    const { reads, skippedReads } = sampler.stats().sources[0]!;
    expect(reads).toBe(rows.length);
    expect(skippedReads).toBe(3);
    expect(reads + skippedReads).toBe(10);
  });

  it("keeps times in order and one second at most without a due tick, whatever the lateness", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 1000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), { minLength: 1 }),
        (rateHz, lateness) => {
          const { rows, run, sampler } = bench([source(() => ({ energyJ: 1 }))], rateHz);
          run(5, (tick) => lateness[tick % lateness.length]!);
          expect(rows.every(({ timeS }, i) => i === 0 || timeS >= rows[i - 1]!.timeS)).toBe(true);
          const { reads, skippedReads } = sampler.stats().sources[0]!;
          expect(Math.abs(reads + skippedReads - 5 * rateHz)).toBeLessThanOrEqual(0.6 * rateHz + 2);
        },
      ),
      { seed: 1, numRuns: 50 },
    );
  });

  it("writes a failed read as missing, and a meter that throws ends nothing", () => {
    const bad = source(() => {
      throw new Error("gone");
    });
    const { rows, run, sampler } = bench(
      [source(() => undefined), bad, source(() => ({ powerW: 0 }), { reads: "power" })],
      10,
    );
    run(0.45);
    expect(rows.filter((row) => row.source < 2).every(({ value }) => Number.isNaN(value))).toBe(true);
    expect(rows.filter((row) => row.source === 2).every(({ value }) => value === 0)).toBe(true);
    expect(sampler.stats().sources.map(({ failedReads }) => failedReads)).toEqual([5, 5, 0]);
  });

  it("reads a counter that wraps fast more often than asked", () => {
    const fast = source(() => ({ energyJ: 1 }), { wrapJ: 10, maxPowerW: 50 }); // wraps within 0.2 s at most
    const { run, sampler } = bench([fast, source(() => ({ energyJ: 1 }))], 1);
    run(9.95);
    const [wrapping, plain] = sampler.stats().sources;
    expect(wrapping).toMatchObject({ periodS: 0.1, reads: 100 });
    expect(plain).toMatchObject({ periodS: 1, reads: 10 });
  });

  it("reads all sources where a window opens or closes, not at other marks, and no flood of them", () => {
    const { rows, marks, sampler, time } = bench([source(() => ({ energyJ: 1 }))], 1);
    time.nowS = 0.5;
    sampler.mark({ timeS: 0.4, name: "epoch", value: 1 });
    expect(rows).toHaveLength(0);
    sampler.mark({ timeS: 0.5, name: "window-open", value: "w" });
    sampler.mark({ timeS: 0.5, name: "window-open", value: "v" });
    expect(rows).toEqual([{ source: 0, timeS: 0.5, value: 1 }]);
    time.nowS = 0.6;
    sampler.mark({ timeS: 0.6, name: "window-close", value: "w" });
    expect(rows).toHaveLength(2);
    expect(marks).toHaveLength(4);
    expect(sampler.stats().marks).toBe(4);
  });

  it("records the load of the machine once a second", () => {
    const load = [
      { name: "cpu/0", read: () => 0.5, close: () => undefined },
      { name: "gpu/0", read: () => undefined, close: () => undefined },
    ];
    const { loads, run } = bench([source(() => ({ energyJ: 1 }))], 10, { load });
    run(4.95);
    expect(loads.map(({ name }) => name)).toEqual(new Array(5).fill("cpu/0"));
    expect(loads.every(({ ratio }) => ratio === 0.5)).toBe(true);
  });

  it("goes on when the disk is full, and says so", () => {
    let isFull = true;
    const written: number[] = [];
    const journal = {
      sample: (_: number, timeS: number) => {
        if (isFull) throw new InputError("cannot-write", "the disk is full", "free some space");
        written.push(timeS);
      },
      mark: () => undefined,
      load: () => undefined,
      flush: () => undefined,
    };
    const { run, sampler } = bench([source(() => ({ energyJ: 1 }))], 10, { journal });
    run(1);
    isFull = false;
    run(2);
    expect(sampler.stats().journalProblem).toMatchObject({ code: "cannot-write" });
    expect(written.length).toBeGreaterThan(5);
  });
});

describe("memory", () => {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("stays flat: what is read is on disk, not in arrays", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const sources = Array.from({ length: 4 }, (_, i) => source(() => ({ energyJ: 1 }), { id: `fake/${i}` }));
    const journal = openJournal({
      folder,
      runId: "test",
      startedAt: new Date(0).toISOString(),
      command: "",
      environment: NO_MACHINE,
      provenance: [],
      sources: sources.map(({ info }) => info),
    });
    const { run, time } = bench(sources, 100, { journal });
    const usedAfter = (untilS: number) => {
      run(untilS);
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = usedAfter(50);
    const grown = usedAfter(1050) - before; // 400,000 readings more; as two columns of doubles they would be 6.4 MB
    journal.close({ endS: time.nowS });
    expect(grown).toBeLessThan(1e6);
  });
});
