// The bytes of a journal: frames of [magic, kind, length, checksum, payload], little endian, so that a torn or damaged one is
// seen and what stands before it is kept. What the payloads mean is journal.ts and journal-read.ts.
import { readSync } from "node:fs";
import { crc32 } from "node:zlib";

/** What a frame holds. */
export const FRAME = { header: 1, samples: 2, marks: 3, load: 4, loadNames: 5, footer: 6 } as const;

/** "JC" as a little-endian 16-bit number. */
const MAGIC = 0x434a;
export const FRAME_HEAD_BYTES = 12;
/** No writer makes frames as large; a longer length is damage. */
const MAX_PAYLOAD_BYTES = 64 * 2 ** 20;
/** One row of samples or load: index u16, time f64, value f64. */
export const ROW_BYTES = 18;

/** Fills in the first bytes of a frame whose payload already stands behind them in `frame`. */
export function sealFrame(frame: Uint8Array, kind: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const payload = frame.subarray(FRAME_HEAD_BYTES);
  view.setUint16(0, MAGIC, true);
  view.setUint16(2, kind, true);
  view.setUint32(4, payload.length, true);
  view.setUint32(8, crc32(payload), true);
  return frame;
}

/** A frame that holds JSON. */
export function jsonFrame(kind: number, value: unknown): Uint8Array {
  const payload = Buffer.from(JSON.stringify(value), "utf8");
  const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
  frame.set(payload, FRAME_HEAD_BYTES);
  return sealFrame(frame, kind);
}

export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
  /** False when the checksum does not fit: the payload is not to be used. */
  readonly sound: boolean;
  /** Where the next frame begins, bytes. */
  readonly endByte: number;
}

function readFully(fd: number, length: number, position: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

/**
 * The frames of an open file in order; ends at the first that is not whole.
 * @param fromByte where a frame begins. Default 0
 */
export function* readFrames(fd: number, fromByte = 0): Generator<Frame> {
  let position = fromByte;
  while (true) {
    const head = readFully(fd, FRAME_HEAD_BYTES, position);
    if (head === undefined) return;
    const view = new DataView(head.buffer);
    const length = view.getUint32(4, true);
    if (view.getUint16(0, true) !== MAGIC || length > MAX_PAYLOAD_BYTES) return;
    const payload = readFully(fd, length, position + FRAME_HEAD_BYTES);
    if (payload === undefined) return;
    position += FRAME_HEAD_BYTES + length;
    const sound = crc32(payload) === view.getUint32(8, true);
    yield { kind: view.getUint16(2, true), payload, sound, endByte: position };
  }
}
