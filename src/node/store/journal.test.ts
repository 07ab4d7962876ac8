import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENVIRONMENT, RECORDING, SOURCES, temporaryHome } from "../../../test/support/stored-runs.ts";
import type { Recording } from "../../measure/trace.ts";
import { type JournalDisk, type JournalOptions, openJournal } from "./journal.ts";
import { FRAME, jsonFrame } from "./journal-frames.ts";
import { lastTimeS, readJournal } from "./journal-read.ts";
import { newRunId } from "./run-id.ts";

const options = (changes: Partial<JournalOptions> = {}): JournalOptions => ({
  folder: temporaryHome(),
  runId: newRunId(),
  startedAt: "2026-01-01T00:00:00.000Z",
  command: "python infer.py",
  environment: ENVIRONMENT,
  sources: SOURCES,
  provenance: ["test"],
  ...changes,
});

function writeAll(journal: ReturnType<typeof openJournal>, { traces, marks, load }: Recording): void {
  traces.forEach(({ timeS, values }, source) => {
    timeS.forEach((time, i) => {
      journal.sample(source, time, values[i]!);
    });
  });
  for (const mark of marks) journal.mark(mark);
  for (const { name, timeS, ratio } of load)
    timeS.forEach((time, i) => {
      journal.load(name, time, ratio[i]!);
    });
}

describe("a journal", () => {
  it("gives back what was written, and that the run ended", () => {
    const journal = openJournal(options());
    writeAll(journal, RECORDING);
    journal.close({ endS: 0.25, exitCode: 3 });
    const read = readJournal(journal.path);
    expect(read.recording).toEqual(RECORDING);
    expect(read).toMatchObject({ complete: true, footer: { endS: 0.25, exitCode: 3 }, damagedFrames: 0 });
    expect(read.header).toMatchObject({ command: "python infer.py", owner: { pid: process.pid }, sources: SOURCES });
    expect(lastTimeS(read.recording)).toBe(0.2);
  });

  it("is whole up to any byte at which it is cut", () => {
    const journal = openJournal(options());
    const headerBytes = statSync(journal.path).size;
    for (let i = 0; i < 400; i++) {
      journal.sample(i % SOURCES.length, i / 100, i);
      if (i % 50 === 0) journal.mark({ timeS: i / 100, name: "batch", value: i });
    }
    journal.close({ endS: 4 });
    const bytes = readFileSync(journal.path);
    fc.assert(
      fc.property(fc.integer({ min: headerBytes, max: bytes.length - 1 }), (length) => {
        truncateSync(journal.path, length);
        const { recording, complete } = readJournal(journal.path);
        writeFileSync(journal.path, bytes);
        expect(complete).toBe(false);
        for (const [source, { timeS, values }] of recording.traces.entries()) {
          const expected = Array.from(timeS, (_, k) => k * SOURCES.length + source);
          expect([...values]).toEqual(expected);
          expect([...timeS]).toEqual(expected.map((i) => i / 100));
        }
      }),
    );
  });

  it("leaves out a damaged part, keeps the rest and says so", () => {
    const journal = openJournal(options());
    const headerBytes = statSync(journal.path).size;
    journal.sample(0, 0, 1);
    journal.sample(0, 1, 2);
    journal.close({ endS: 2 });
    const fd = openSync(journal.path, "r+");
    writeSync(fd, Uint8Array.of(0xff), 0, 1, headerBytes + 20);
    closeSync(fd);
    const { recording, complete, damagedFrames } = readJournal(journal.path);
    expect({ complete, damagedFrames, values: [...recording.traces[0]!.values] }).toEqual({
      complete: false,
      damagedFrames: 1,
      values: [2],
    });
  });

  it("takes no payload for what it is not, whichever kind a damaged byte makes of a frame", () => {
    const journal = openJournal(options());
    const headerBytes = statSync(journal.path).size;
    journal.sample(0, 0, 1);
    journal.sample(0, 1, 2);
    journal.close({ endS: 2 });
    const whole = readFileSync(journal.path);
    for (const kind of Object.values(FRAME).filter((each) => each !== FRAME.samples && each !== FRAME.load)) {
      const bytes = Buffer.from(whole);
      bytes[headerBytes + 2] = kind;
      writeFileSync(journal.path, bytes);
      expect(readJournal(journal.path), `kind ${kind}`).toMatchObject({ complete: false, damagedFrames: 1 });
    }
  });

  it("has at most a flush period and a sampling period unwritten, at any rate", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.4, noNaN: true }),
        fc.integer({ min: 1, max: 3000 }),
        (periodS, count) => {
          const journal = openJournal(options());
          for (let i = 0; i < count; i++) journal.sample(i % 4, i * periodS, i);
          const written = lastTimeS(readJournal(journal.path).recording);
          journal.close();
          expect((count - 1) * periodS - written).toBeLessThanOrEqual(0.5 + periodS);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("does not grow its memory or its count of writes with the number of samples", () => {
    let writes = 0;
    const disk: JournalDisk = {
      write: (fd, bytes, offset, length, position) => {
        writes++;
        return writeSync(fd, bytes, offset, length, position);
      },
      sync: () => {},
    };
    const journal = openJournal(options({ disk }));
    for (let i = 0; i < 100 * 60; i++) for (let source = 0; source < 4; source++) journal.sample(source, i / 100, i);
    journal.close({ endS: 60 });
    expect(writes).toBeLessThan(60 * 3);
    expect(statSync(journal.path).size).toBeLessThan(6000 * 4 * 18 + 60 * 3 * 12 + 4096);
  });

  it("says that the disk is full, keeps what it has and goes on when there is room again", () => {
    let roomBytes = Number.POSITIVE_INFINITY;
    const disk: JournalDisk = {
      write: (fd, bytes, offset, length, position) => {
        const fits = Math.min(length, roomBytes);
        if (fits <= 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        roomBytes -= fits;
        return writeSync(fd, bytes, offset, fits, position);
      },
      sync: () => {},
    };
    const journal = openJournal(options({ disk }));
    journal.sample(0, 0, 1);
    roomBytes = 7;
    journal.sample(0, 0.1, 2);
    expect(() => journal.sample(0, 1, 3)).toThrow(
      expect.objectContaining({ code: "cannot-write", message: expect.stringContaining("disk is full") }),
    );
    expect([...readJournal(journal.path).recording.traces[0]!.values]).toEqual([1]);
    roomBytes = Number.POSITIVE_INFINITY;
    journal.sample(0, 2, 4);
    journal.close({ endS: 2 });
    expect([...readJournal(journal.path).recording.traces[0]!.values]).toEqual([1, 2, 3, 4]);
  });

  it("leaves no file when it cannot even begin", () => {
    const disk: JournalDisk = {
      write: () => {
        throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      },
      sync: () => {},
    };
    const wanted = options({ disk });
    expect(() => openJournal(wanted)).toThrow(expect.objectContaining({ code: "cannot-write" }));
    expect(() => readJournal(join(wanted.folder, `${wanted.runId}.jnl`))).toThrow(
      expect.objectContaining({ code: "cannot-read" }),
    );
  });

  it("refuses what is no journal, and one of a newer program", () => {
    const path = join(temporaryHome(), "x.jnl");
    writeFileSync(path, "time,power\n0,1\n");
    expect(() => readJournal(path)).toThrow(expect.objectContaining({ code: "bad-journal" }));
    writeFileSync(path, jsonFrame(FRAME.header, { schema: 2 }));
    expect(() => readJournal(path)).toThrow(expect.objectContaining({ code: "newer-journal" }));
  });
});
