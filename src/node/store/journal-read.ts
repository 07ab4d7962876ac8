// A journal read back, whole or torn: all that is sound is kept, and it says whether the run ended by itself.
import { closeSync, openSync } from "node:fs";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark, Recording } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";
import { JOURNAL_SCHEMA, type JournalFooter, type JournalHeader } from "./journal.ts";
import { FRAME, ROW_BYTES, readFrames } from "./journal-frames.ts";

export interface JournalContent {
  readonly header: JournalHeader;
  /** Undefined when the run was killed. */
  readonly footer: JournalFooter | undefined;
  readonly recording: Recording;
  /** The run ended by itself and nothing of its journal is damaged. */
  readonly complete: boolean;
  /** Frames in the middle whose checksum does not fit; left out. */
  readonly damagedFrames: number;
}

/** A pair of columns that grows by doubling. */
class Columns {
  private timeS = new Float64Array(256);
  private value = new Float64Array(256);
  private count = 0;

  add(timeS: number, value: number): void {
    if (this.count === this.timeS.length) {
      this.timeS = doubled(this.timeS);
      this.value = doubled(this.value);
    }
    this.timeS[this.count] = timeS;
    this.value[this.count++] = value;
  }

  times(): Float64Array {
    return this.timeS.slice(0, this.count);
  }

  values(): Float64Array {
    return this.value.slice(0, this.count);
  }
}

function doubled(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

function addRows(payload: Uint8Array, columns: readonly Columns[]): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at + ROW_BYTES <= payload.length; at += ROW_BYTES)
    columns[view.getUint16(at, true)]?.add(view.getFloat64(at + 2, true), view.getFloat64(at + 10, true));
}

const json = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString("utf8"));

function checkHeader(header: JournalHeader | undefined, path: string): JournalHeader {
  if (header === undefined)
    throw new InputError("bad-journal", `"${path}" is not a journal of joulecast: it has no header`, "remove it");
  if (header.schema > JOURNAL_SCHEMA)
    throw new InputError(
      "newer-journal",
      `"${path}" has schema ${header.schema}, expected at most ${JOURNAL_SCHEMA}`,
      "a newer joulecast wrote it: let that one recover it",
    );
  return header;
}

/**
 * Reads a journal, also one that is still being written or was cut off anywhere.
 * @throws InputError "cannot-read" | "bad-journal" (no header) | "newer-journal"
 */
export function readJournal(path: string): JournalContent {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  let header: JournalHeader | undefined;
  let footer: JournalFooter | undefined;
  let damagedFrames = 0;
  let samples: Columns[] = [];
  const marks: Mark[] = [];
  const loadNames: string[] = [];
  const loads: Columns[] = [];
  try {
    for (const { kind, payload, sound } of readFrames(fd)) {
      if (!sound) {
        damagedFrames++;
        continue;
      }
      if (kind === FRAME.header) {
        header = checkHeader(json(payload) as JournalHeader, path);
        samples = header.sources.map(() => new Columns());
      } else if (kind === FRAME.samples) addRows(payload, samples);
      else if (kind === FRAME.load) addRows(payload, loads);
      else if (kind === FRAME.marks) for (const mark of json(payload) as Mark[]) marks.push(mark);
      else if (kind === FRAME.footer) footer = json(payload) as JournalFooter;
      else if (kind === FRAME.loadNames)
        for (const name of json(payload) as string[]) {
          loadNames.push(name);
          loads.push(new Columns());
        }
    }
  } finally {
    closeSync(fd);
  }
  const known = checkHeader(header, path);
  const recording: Recording = {
    traces: known.sources.map((info: SourceInfo, i) => ({
      info,
      timeS: samples[i]!.times(),
      values: samples[i]!.values(),
    })),
    marks,
    load: loadNames.map((name, i) => ({ name, timeS: loads[i]!.times(), ratio: loads[i]!.values() })),
  };
  return { header: known, footer, recording, complete: footer !== undefined && damagedFrames === 0, damagedFrames };
}

/** Time of the last thing recorded, s; 0 when nothing was. */
export function lastTimeS({ traces, marks, load }: Recording): number {
  const columns = [...traces, ...load].map(({ timeS }) => timeS.at(-1) ?? 0);
  return marks.reduce((last, mark) => Math.max(last, mark.timeS), Math.max(0, ...columns));
}
