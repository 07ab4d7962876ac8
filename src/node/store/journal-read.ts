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

/** @returns the columns; undefined where the payload is not whole rows */
function addRows(payload: Uint8Array, columns: readonly Columns[]): readonly Columns[] | undefined {
  if (payload.length % ROW_BYTES !== 0) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at < payload.length; at += ROW_BYTES)
    columns[view.getUint16(at, true)]?.add(view.getFloat64(at + 2, true), view.getFloat64(at + 10, true));
  return columns;
}

/**
 * What a frame of this kind holds; undefined where it holds something else. The checksum is of the payload: a byte of the kind that was
 * damaged gives a sound payload of another kind.
 */
function held<T extends object>(payload: Uint8Array, isIt: (value: object) => boolean): T | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return typeof value === "object" && value !== null && isIt(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

/** Of a newer schema only its number is known. */
const isHeader = (value: object): boolean =>
  "schema" in value &&
  typeof value.schema === "number" &&
  (value.schema > JOURNAL_SCHEMA || ("sources" in value && Array.isArray(value.sources)));
const isFooter = (value: object): boolean => "endS" in value && typeof value.endS === "number";
const isEach = (type: "string" | "object") => (value: object) =>
  Array.isArray(value) && value.every((each) => each !== null && typeof each === type);

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
    const take: Readonly<Record<number, (payload: Uint8Array) => object | undefined>> = {
      [FRAME.header]: (payload) => {
        const found = held<JournalHeader>(payload, isHeader);
        if (found === undefined) return undefined;
        header = checkHeader(found, path);
        samples = header.sources.map(() => new Columns());
        return header;
      },
      [FRAME.samples]: (payload) => addRows(payload, samples),
      [FRAME.load]: (payload) => addRows(payload, loads),
      [FRAME.marks]: (payload) => {
        const found = held<Mark[]>(payload, isEach("object"));
        for (const mark of found ?? []) marks.push(mark);
        return found;
      },
      [FRAME.footer]: (payload) => {
        const found = held<JournalFooter>(payload, isFooter);
        footer = found ?? footer;
        return found;
      },
      [FRAME.loadNames]: (payload) => {
        const found = held<string[]>(payload, isEach("string"));
        for (const name of found ?? []) {
          loadNames.push(name);
          loads.push(new Columns());
        }
        return found;
      },
    };
    // Kinds that a newer program writes are passed over.
    for (const { kind, payload, sound } of readFrames(fd))
      if (!sound || (kind in take && take[kind]!(payload) === undefined)) damagedFrames++;
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
