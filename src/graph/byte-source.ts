// Bytes that are read where they lie: a file, a Blob in the browser, an array. A reader never needs the whole.

/** Random access to `size` bytes. `read` returns exactly `length` bytes or rejects. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes in memory as a ByteSource. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length)
        throw new RangeError(`bytes ${offset}+${length} lie outside 0–${bytes.length}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}
