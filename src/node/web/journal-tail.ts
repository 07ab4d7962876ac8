// A journal that is being written, followed: what came since the last look, as columns that go over the wire. Reading it whole again
// and again would cost more with every second of a run; store/journal-read.ts is for the end.
import { closeSync, openSync } from "node:fs";
import type { Mark } from "../../measure/trace.ts";
import type { JournalFooter, JournalHeader } from "../store/journal.ts";
import { FRAME, ROW_BYTES, readFrames } from "../store/journal-frames.ts";

/** Readings of one source; a failed read is null. */
export interface TailColumn {
  readonly source: number;
  readonly timeS: number[];
  readonly value: (number | null)[];
}

/** What came since the last look. */
export interface TailPiece {
  readonly columns: readonly TailColumn[];
  readonly marks: readonly Mark[];
  /** The recording has ended by itself. */
  readonly footer?: JournalFooter;
  /** There is more to read at once. */
  readonly isMore: boolean;
}

/** Frames in one piece: some ten thousand readings. */
const MOST_FRAMES = 32;

const parsed = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString("utf8"));

export class JournalTail {
  readonly header: JournalHeader;
  readonly #fd: number;
  #position = 0;

  /** @throws Error when it is gone, or no journal */
  constructor(path: string) {
    this.#fd = openSync(path, "r");
    const [first] = readFrames(this.#fd);
    if (first?.kind !== FRAME.header || !first.sound) {
      this.close();
      throw new Error(`"${path}" has no header`);
    }
    this.header = parsed(first.payload) as JournalHeader;
    this.#position = first.endByte;
  }

  /** The file stays readable also after it was removed. */
  next(): TailPiece {
    const columns = new Map<number, TailColumn>();
    const marks: Mark[] = [];
    let footer: JournalFooter | undefined;
    let count = 0;
    for (const { kind, payload, sound, endByte } of readFrames(this.#fd, this.#position)) {
      this.#position = endByte;
      if (sound && kind === FRAME.samples) addRows(payload, columns);
      else if (sound && kind === FRAME.marks) marks.push(...(parsed(payload) as Mark[]));
      else if (sound && kind === FRAME.footer) footer = parsed(payload) as JournalFooter;
      if (++count === MOST_FRAMES) break;
    }
    return { columns: [...columns.values()], marks, isMore: count === MOST_FRAMES, ...(footer && { footer }) };
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function addRows(payload: Uint8Array, columns: Map<number, TailColumn>): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at + ROW_BYTES <= payload.length; at += ROW_BYTES) {
    const source = view.getUint16(at, true);
    const column = columns.get(source) ?? { source, timeS: [], value: [] };
    columns.set(source, column);
    column.timeS.push(view.getFloat64(at + 2, true));
    const value = view.getFloat64(at + 10, true);
    column.value.push(Number.isNaN(value) ? null : value);
  }
}
