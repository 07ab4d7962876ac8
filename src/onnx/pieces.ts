// A protobuf message in pieces, so that a file can be written whose weights are never all in memory: its length is known before
// any weight is. Nesting a message costs its few bytes of head, nothing is copied.
import { PbfWriter } from "pbf";
import type { TensorType, WeightRef } from "../graph/graph.ts";

/** A weight that is not here yet: `length` bytes will come from `ref`. */
export interface Hole {
  readonly ref: WeightRef;
  readonly type: TensorType;
  /** for messages */
  readonly tensor: string;
  readonly length: number;
}

export type Piece = Uint8Array | Hole;

const WIRE_BYTES = 2;
const INT64_LIMIT = 2n ** 63n;

/** A message under construction. Scalars and text go to the current `pbf` writer; `message` and `data` append what is long. */
export class Message {
  readonly #pieces: Piece[] = [];
  #length = 0;
  #writer = new PbfWriter();

  int(field: number, value: number): this {
    this.#writer.writeTag(field, 0);
    this.#int64(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#writer.writeFloatField(field, value);
    return this;
  }

  text(field: number, value: string): this {
    this.#writer.writeStringField(field, value);
    return this;
  }

  texts(field: number, values: readonly string[]): this {
    for (const value of values) this.text(field, value);
    return this;
  }

  /** Repeated integers, one field each as onnx.proto declares them. */
  ints(field: number, values: readonly number[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  floats(field: number, values: readonly number[]): this {
    for (const value of values) this.float(field, value);
    return this;
  }

  message(field: number, inner: Message): this {
    const pieces = inner.pieces();
    this.#head(field, inner.length);
    if (pieces.length === 1 && pieces[0] instanceof Uint8Array && pieces[0].length < 4096)
      return this.#encoded(pieces[0]);
    this.#flush();
    for (const piece of pieces) this.#add(piece);
    return this;
  }

  /** Bytes of a field, here or to come. */
  data(field: number, data: Piece): this {
    this.#head(field, data.length);
    return this.raw(data);
  }

  /** Whole fields that are encoded already. */
  raw(data: Piece): this {
    this.#flush();
    if (data.length > 0) this.#add(data);
    return this;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length + this.#writer.pos;
  }

  pieces(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  #encoded(bytes: Uint8Array): this {
    this.#writer.realloc(bytes.length);
    this.#writer.buf.set(bytes, this.#writer.pos);
    this.#writer.pos += bytes.length;
    return this;
  }

  #head(field: number, length: number): void {
    this.#writer.writeTag(field, WIRE_BYTES);
    this.#writer.writeVarint(length);
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  #flush(): void {
    if (this.#writer.pos === 0) return;
    this.#add(this.#writer.finish());
    this.#writer = new PbfWriter();
  }

  /** A signed 64-bit varint; pbf's own stops being exact above 2^53, where the largest int64 ("to the end") lies. */
  #int64(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#writer.writeVarint(value);
      return;
    }
    const whole = BigInt(Math.trunc(value));
    const clamped = whole >= INT64_LIMIT ? INT64_LIMIT - 1n : whole < -INT64_LIMIT ? -INT64_LIMIT : whole;
    let rest = BigInt.asUintN(64, clamped);
    const bytes: number[] = [];
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.#encoded(Uint8Array.from(bytes));
  }
}
