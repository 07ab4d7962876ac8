// Small files that say they are, or become, enormous: refused before memory is taken.
import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { zipEntries } from "../../src/node/data/zip.ts";

/** A ZIP archive of one deflated entry whose directory says `sizeBytes`. */
function zip(content: Uint8Array, sizeBytes: number): Uint8Array {
  const name = Buffer.from("a.npy");
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(sizeBytes, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([local, name, packed, entry, name, end]);
}

it("does not unpack more of a ZIP entry than its directory says", () => {
  const bomb = zip(new Uint8Array(64 * 1024 * 1024), 10);
  expect(bomb.length).toBeLessThan(100_000);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => zipEntries({ name: "bomb.npz", bytes: bomb })).toThrow(/cannot be unpacked/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
});

it("refuses ZIP entries that are no deflated data, in words", () => {
  const broken = zip(new Uint8Array(100).fill(7), 100);
  broken[36] = 0xff;
  expect(() => zipEntries({ name: "broken.npz", bytes: broken })).toThrow(/is no whole ZIP archive/);
});
