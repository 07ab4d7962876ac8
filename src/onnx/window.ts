// A window that moves over the bytes of a protobuf file: fields are read synchronously inside it, what is not wanted is
// skipped by seeking, and only a refill waits. Walks are generators that yield how many bytes they need next, so that there
// is no promise per field. It knows the wire format (protobuf.dev, "Encoding"), not ONNX. Whole small strings go to `pbf`.
import { PbfReader } from "pbf";
import type { ByteSource } from "../graph/byte-source.ts";
import { InputError } from "../units/input-error.ts";
import { Varint } from "./varint.ts";

/** A walk over a file: yields the bytes it needs buffered from its position on, returns what it read. */
export type Walk<T> = Generator<number, T, void>;

/** Longest head of a field: a tag and a length or value of at most 10 bytes each. */
export const HEAD_BYTES = 20;
/** Window after a seek: a skipped weight is most often followed by another. */
const FIRST_BYTES = 4 * 1024;
/** Window that steady reading grows to, by doubling. */
const MOST_BYTES = 256 * 1024;
/** Longest text or whole submessage taken; real names are far shorter. */
export const MOST_WHOLE_BYTES = 4 * 1024 * 1024;
/** Deepest nesting of messages; real models stay below 40 (an If in a Loop in a Scan adds 4 each). */
const MOST_DEPTH = 200;

/** Wire types: a varint, 8 bytes, length and bytes, 4 bytes. */
const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Runs a walk to its end, refilling the window whenever it asks. */
export async function drive<T>(walk: Walk<T>, window: Window): Promise<T> {
  let step = walk.next();
  while (step.done !== true) {
    await window.fill(step.value);
    step = walk.next();
  }
  return step.value;
}

/** The moving window, with the field that was read last. Positions are byte offsets in the file, up to 2^53. */
export class Window {
  /** File name for messages. */
  readonly name: string;
  readonly size: number;
  /** Number of the field that `next` found. */
  field = 0;
  /** First byte of that field: its tag. */
  fieldAt = 0;
  /** Payload bytes of a length-delimited field. */
  length = 0;
  readonly #source: ByteSource;
  readonly #hint: string;
  readonly #number = new Varint();
  #wire = 0;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #text = new PbfReader(this.#bytes);
  #base = 0;
  #at = 0;
  #lengthAt = 0;
  #payloadAt = 0;
  #stride = MOST_BYTES / 8;
  #depth = 0;

  /** @param hint next step for the user when the bytes make no sense */
  constructor(source: ByteSource, name: string, hint: string) {
    this.#source = source;
    this.size = source.size;
    this.name = name;
    this.#hint = hint;
  }

  get position(): number {
    return this.#base + this.#at;
  }

  /** Where the payload of the last field begins. */
  get payloadAt(): number {
    return this.#payloadAt;
  }

  /** Length-delimited: a string, bytes, a message or a packed list. */
  get isBytes(): boolean {
    return this.#wire === WIRE_BYTES;
  }

  /** True when the next field's head may not be buffered: yield HEAD_BYTES. */
  get short(): boolean {
    return this.lacks(HEAD_BYTES);
  }

  /** True when `count` bytes from here on are not buffered though the file has more: yield `count`. */
  lacks(count: number): boolean {
    return this.#at + count > this.#bytes.length && this.#base + this.#bytes.length < this.size;
  }

  /** Moves the window so that it holds `count` bytes from the position on (fewer at the end of the file). */
  async fill(count: number): Promise<void> {
    const position = this.position;
    const bufferEnd = this.#base + this.#bytes.length;
    this.#stride = position <= bufferEnd ? Math.min(this.#stride * 2, MOST_BYTES) : FIRST_BYTES;
    // A string is decoded with its length in front, so that stays in the window.
    const start = position === this.#payloadAt ? this.#lengthAt : position;
    const length = Math.max(0, Math.min(this.size - start, Math.max(count + (position - start), this.#stride)));
    const bytes = await this.#source.read(start, length);
    this.#bytes = bytes as Uint8Array<ArrayBuffer>;
    this.#view = new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    this.#text = new PbfReader(bytes);
    this.#base = start;
    this.#at = position - start;
  }

  /** Reads the head of the next field of the message that ends at `end`, and its value unless it is length-delimited. False at the end. */
  next(end: number): boolean {
    this.fieldAt = this.position;
    if (this.fieldAt >= end) return false;
    this.#readVarint();
    this.field = this.#number.low >>> 3;
    if (this.field === 0 || this.#number.high !== 0) throw this.damaged("expected a field, found none");
    this.#wire = this.#number.low & 7;
    this.#lengthAt = this.position;
    this.#payloadAt = this.position;
    if (this.#wire === WIRE_VARINT) this.#readVarint();
    else if (this.#wire === WIRE_BYTES) {
      this.#readVarint();
      this.length = this.#number.unsigned;
      this.#payloadAt = this.position;
      if (this.length > end - this.#payloadAt) throw this.#tooLong(end);
    } else if (this.#wire === WIRE_FIXED32) this.#at += 4;
    else if (this.#wire === WIRE_FIXED64) this.#at += 8;
    else throw this.damaged(`field ${this.field} has wire type ${this.#wire}, which ONNX does not use`);
    if (this.position > end) throw this.#tooLong(end);
    return true;
  }

  /** Passes over the field's payload without reading it. */
  skip(): void {
    if (this.isBytes) this.#at += this.length;
  }

  /** The field's message begins: returns its end. Pair with `leave`. */
  enter(): number {
    this.#expect(WIRE_BYTES);
    if (++this.#depth > MOST_DEPTH) throw this.damaged(`messages are nested more than ${MOST_DEPTH} deep`);
    return this.position + this.length;
  }

  leave(): void {
    this.#depth--;
  }

  /** The field as a signed integer, to the nearest double. */
  int(): number {
    this.#expect(WIRE_VARINT);
    return this.#number.signed;
  }

  float32(): number {
    this.#expect(WIRE_FIXED32);
    return this.#view.getFloat32(this.#payloadAt - this.#base, true);
  }

  /** The field as text (UTF-8). */
  *text(): Walk<string> {
    this.#expect(WIRE_BYTES);
    this.#expectWhole();
    if (this.lacks(this.length)) yield this.length;
    return this.bufferedText();
  }

  /** As `text`, when the payload is known to be in the window. */
  bufferedText(): string {
    this.#expect(WIRE_BYTES);
    this.#text.pos = this.#lengthAt - this.#base;
    this.#at += this.length;
    return this.#text.readString();
  }

  /** Makes sure that the whole small message is in the window, so that it can be read without yielding. */
  *whole(): Walk<void> {
    this.#expect(WIRE_BYTES);
    this.#expectWhole();
    if (this.lacks(this.length)) yield this.length;
  }

  /** A copy of the payload: of bytes, or of the encoded value of a number. */
  *copy(): Walk<Uint8Array> {
    if (this.isBytes && this.lacks(this.length)) yield this.length;
    const start = this.#payloadAt - this.#base;
    this.skip();
    // Not slice(): that of a Node Buffer is a view, and would keep the whole window alive.
    return new Uint8Array(this.#bytes.subarray(start, this.#at));
  }

  /** Appends a repeated integer field, packed or one element of it. */
  *ints(into: number[]): Walk<void> {
    if (!this.isBytes) {
      into.push(this.int());
      return;
    }
    const end = this.position + this.length;
    while (this.position < end) {
      if (this.short) yield HEAD_BYTES;
      this.#readVarint();
      if (this.position > end) throw this.damaged("a packed list ends inside a number");
      into.push(this.#number.signed);
    }
  }

  /** Appends a repeated 32-bit float field, packed or one element of it. */
  *floats(into: number[]): Walk<void> {
    if (!this.isBytes) {
      into.push(this.float32());
      return;
    }
    if (this.length % 4 !== 0) throw this.damaged("a packed list ends inside a number");
    const end = this.position + this.length;
    while (this.position < end) {
      if (this.lacks(4)) yield 4;
      into.push(this.#view.getFloat32(this.#at, true));
      this.#at += 4;
    }
  }

  /** The error for bytes that are no ONNX, with the place. */
  damaged(what: string): InputError {
    return new InputError(
      "damaged-onnx",
      `"${this.name}" is damaged or is not an ONNX file: byte ${this.fieldAt}: ${what}`,
      this.#hint,
    );
  }

  #tooLong(end: number): InputError {
    if (end < this.size) return this.damaged(`field ${this.field} is longer than the message it is in`);
    return new InputError(
      "truncated",
      `"${this.name}" ends too early: field ${this.field} at byte ${this.fieldAt} goes beyond the file's ${this.size} bytes`,
      this.#hint,
    );
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw this.damaged(`field ${this.field} has wire type ${this.#wire}, expected ${wire}`);
  }

  #expectWhole(): void {
    if (this.length > MOST_WHOLE_BYTES)
      throw this.damaged(`field ${this.field} has ${this.length} bytes, expected at most ${MOST_WHOLE_BYTES}`);
  }

  #readVarint(): void {
    const next = this.#number.read(this.#bytes, this.#at);
    if (next === -1) throw this.#tooLong(this.size);
    if (next === -2) throw this.damaged("a number is longer than 10 bytes");
    this.#at = next;
  }
}
