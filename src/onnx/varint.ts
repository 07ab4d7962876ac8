// Base-128 numbers of the protobuf wire, as two 32-bit words so that 64-bit integers stay exact. Knows nothing of ONNX.

/** The last number read. A scratch that is used again and again: one allocation for a whole file. */
export class Varint {
  /** lower 32 bits, as an unsigned number */
  low = 0;
  /** upper 32 bits, as an unsigned number */
  high = 0;

  /** Reads one number at index `at` and returns the index after it; -1: the bytes end inside it; -2: over 10 bytes long. */
  read(bytes: Uint8Array, at: number): number {
    let next = at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[next++];
      if (byte === undefined) return -1;
      const part = byte & 0x7f;
      if (shift < 32) low |= part << shift;
      if (shift === 28) high = part >> 4;
      else if (shift > 28) high |= part << (shift - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return next;
      }
    }
    return -2;
  }

  /** As a signed 64-bit integer, to the nearest double. */
  get signed(): number {
    return (this.high | 0) * 2 ** 32 + this.low;
  }

  /** As an unsigned 64-bit integer, to the nearest double. */
  get unsigned(): number {
    return this.high * 2 ** 32 + this.low;
  }
}
