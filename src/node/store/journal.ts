// The append-only journal of a run that is going on. One writer per file (the sampler; others send their marks to it), synchronous,
// a fixed buffer, no timer: what comes in is written when the recording's own time says so. A killed process leaves what was
// written (the kernel has it); a power cut may also take what the kernel had not yet put on disk, since only the header and the
// end are forced to disk: a sync in between could hold up the sampler by tens of milliseconds.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { explainRefusal } from "../files.ts";
import type { Environment } from "./environment.ts";
import { FRAME, FRAME_HEAD_BYTES, jsonFrame, ROW_BYTES, sealFrame } from "./journal-frames.ts";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/** Version of the journal's layout. */
export const JOURNAL_SCHEMA = 1;

/** What is known when a run starts. */
export interface JournalHeader {
  readonly schema: number;
  readonly runId: string;
  /** Wall clock at time 0 of the recording, ISO 8601 in UTC. */
  readonly startedAt: string;
  readonly command: string;
  readonly environment: Environment;
  readonly sources: readonly SourceInfo[];
  readonly provenance: readonly string[];
  /** Who will turn the journal into a run: while it lives, nobody else does. */
  readonly owner: ProcessIdentity;
}

/** What is known when a run has ended. */
export interface JournalFooter {
  /** End of the recording, s. */
  readonly endS: number;
  readonly exitCode?: number;
}

/** Where the bytes go; tests hand in a disk that is full. */
export interface JournalDisk {
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  sync(fd: number): void;
}

export interface JournalOptions extends Omit<JournalHeader, "schema" | "owner"> {
  /** Folder of the journals; must exist. */
  readonly folder: string;
  /** Default: this process. A sampler in a child process names its parent. */
  readonly owner?: ProcessIdentity;
  /** Recording time between two writes, s, in (0, 1]. Default 0.5: with its sampling period added, the most that `kill -9` costs. */
  readonly flushEveryS?: number;
  readonly disk?: JournalDisk;
}

/**
 * Appends to one journal. Times are seconds since the recording began. All throw InputError "cannot-write" when the disk refuses;
 * what was written before stays readable, and what is buffered is tried again with the next write.
 */
export interface JournalWriter {
  readonly path: string;
  /** One reading. `source` counts in the header's sources; `value` in J or W, NaN for a failed read. */
  sample(source: number, timeS: number, value: number): void;
  mark(mark: Mark): void;
  /** Load of a part of the machine ("cpu/0", "memory"), a ratio in [0, 1]. */
  load(name: string, timeS: number, ratio: number): void;
  /** Writes what is buffered. */
  flush(): void;
  /** Writes what is buffered and the footer. Without one the run counts as killed. */
  close(footer?: JournalFooter): void;
}

const BUFFERED_ROWS = 1024;
const BUFFERED_MARKS = 256;
const DISK: JournalDisk = {
  write: (fd, bytes, offset, length, position) => writeSync(fd, bytes, offset, length, position),
  sync: fsyncSync,
};

/** A frame of rows that fills up and is used again: memory stays flat however long the run. */
class RowBuffer {
  count = 0;
  private readonly bytes = new Uint8Array(FRAME_HEAD_BYTES + BUFFERED_ROWS * ROW_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly kind: number;

  constructor(kind: number) {
    this.kind = kind;
  }

  add(index: number, timeS: number, value: number): void {
    const at = FRAME_HEAD_BYTES + this.count * ROW_BYTES;
    this.view.setUint16(at, index, true);
    this.view.setFloat64(at + 2, timeS, true);
    this.view.setFloat64(at + 10, value, true);
    this.count++;
  }

  frame(): Uint8Array {
    return sealFrame(this.bytes.subarray(0, FRAME_HEAD_BYTES + this.count * ROW_BYTES), this.kind);
  }
}

class FileJournal implements JournalWriter {
  readonly path: string;
  private readonly fd: number;
  private readonly disk: JournalDisk;
  private readonly flushEveryS: number;
  private readonly samples = new RowBuffer(FRAME.samples);
  private readonly loads = new RowBuffer(FRAME.load);
  private readonly loadIndex = new Map<string, number>();
  private newLoadNames: string[] = [];
  private marks: Mark[] = [];
  private position = 0;
  private flushedS = Number.NEGATIVE_INFINITY;

  constructor(options: JournalOptions) {
    const { folder, disk = DISK, flushEveryS = 0.5, owner = identify(), ...known } = options;
    if (!(flushEveryS > 0 && flushEveryS <= 1)) throw new RangeError(`flushEveryS ${flushEveryS}, expected (0, 1]`);
    this.path = join(folder, `${options.runId}.jnl`);
    this.disk = disk;
    this.flushEveryS = flushEveryS;
    const started = `${this.path}.part`;
    try {
      this.fd = openSync(started, "wx", 0o600);
    } catch (error) {
      throw explainRefusal(error, this.path, "write");
    }
    try {
      // The name appears with the header whole: every .jnl says whose it is.
      this.append(jsonFrame(FRAME.header, { ...known, schema: JOURNAL_SCHEMA, owner }));
      this.disk.sync(this.fd);
      renameSync(started, this.path);
    } catch (error) {
      closeSync(this.fd);
      rmSync(started, { force: true });
      throw explainRefusal(error, this.path, "write");
    }
  }

  sample(source: number, timeS: number, value: number): void {
    if (this.samples.count === BUFFERED_ROWS) this.flush();
    this.samples.add(source, timeS, value);
    this.flushWhenDue(timeS);
  }

  load(name: string, timeS: number, ratio: number): void {
    if (this.loads.count === BUFFERED_ROWS) this.flush();
    let index = this.loadIndex.get(name);
    if (index === undefined) {
      index = this.loadIndex.size;
      this.loadIndex.set(name, index);
      this.newLoadNames.push(name);
    }
    this.loads.add(index, timeS, ratio);
    this.flushWhenDue(timeS);
  }

  mark(mark: Mark): void {
    this.marks.push(mark);
    if (this.marks.length >= BUFFERED_MARKS) this.flush();
    this.flushWhenDue(mark.timeS);
  }

  flush(): void {
    if (this.newLoadNames.length > 0) this.append(jsonFrame(FRAME.loadNames, this.newLoadNames));
    this.newLoadNames = [];
    if (this.samples.count > 0) this.append(this.samples.frame());
    this.samples.count = 0;
    if (this.loads.count > 0) this.append(this.loads.frame());
    this.loads.count = 0;
    if (this.marks.length > 0) this.append(jsonFrame(FRAME.marks, this.marks));
    this.marks = [];
  }

  close(footer?: JournalFooter): void {
    try {
      this.flush();
      if (footer) this.append(jsonFrame(FRAME.footer, footer));
      this.disk.sync(this.fd);
    } finally {
      closeSync(this.fd);
    }
  }

  private flushWhenDue(timeS: number): void {
    if (timeS - this.flushedS < this.flushEveryS) return;
    this.flush();
    this.flushedS = timeS;
  }

  /** The position moves only when the whole frame is written: a half one is written over by the next try. */
  private append(frame: Uint8Array): void {
    let done = 0;
    try {
      while (done < frame.length)
        done += this.disk.write(this.fd, frame, done, frame.length - done, this.position + done);
    } catch (error) {
      throw explainRefusal(error, this.path, "write");
    }
    this.position += frame.length;
  }
}

/**
 * Starts the journal of a run; its header is on disk when this returns.
 * @throws InputError "cannot-write" when the folder or disk refuses
 */
export function openJournal(options: JournalOptions): JournalWriter {
  return new FileJournal(options);
}
