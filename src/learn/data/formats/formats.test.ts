// IDX, CIFAR and NPY as their makers define them, and what is said of files that are cut off.
import { describe, expect, it } from "vitest";
import { npy } from "../../../../test/support/npy.ts";
import { parseCifar } from "./cifar.ts";
import { parseIdx } from "./idx.ts";
import { parseNpy } from "./npy.ts";

const idx = (type: number, shape: readonly number[], bytes: readonly number[]): Uint8Array => {
  const lengths = shape.flatMap((length) => [0, 0, length >> 8, length & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...lengths, ...bytes]);
};

describe("parseIdx", () => {
  it("reads bytes and big-endian numbers", () => {
    expect(parseIdx("x", idx(8, [2, 1, 2], [1, 2, 3, 255]))).toEqual({
      shape: [2, 1, 2],
      values: Uint8Array.of(1, 2, 3, 255),
    });
    expect(parseIdx("x", idx(11, [1], [0xff, 0xfe])).values).toEqual(Int16Array.of(-2));
    expect(parseIdx("x", idx(12, [1], [0, 0, 1, 0])).values).toEqual(Int32Array.of(256));
    expect(parseIdx("x", idx(13, [1], [0x3f, 0xc0, 0, 0])).values).toEqual(Float32Array.of(1.5));
    expect(parseIdx("x", idx(14, [1], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0])).values).toEqual(Float64Array.of(1.5));
  });

  it("reads from the middle of a larger buffer", () => {
    const whole = Uint8Array.from([9, 9, 9, ...idx(13, [1], [0x3f, 0xc0, 0, 0])]);
    expect(parseIdx("x", whole.subarray(3)).values).toEqual(Float32Array.of(1.5));
  });

  it("says what is missing", () => {
    const file = idx(8, [2, 2], [1, 2, 3, 4]);
    expect(() => parseIdx("x", file.subarray(0, 15))).toThrow(/"x" has 15 bytes, expected 16/);
    expect(() => parseIdx("x", file.subarray(0, 6))).toThrow(expect.objectContaining({ code: "truncated" }));
    expect(() => parseIdx("x", new Uint8Array(2))).toThrow(expect.objectContaining({ code: "not-idx" }));
    expect(() => parseIdx("x", idx(7, [1], [1]))).toThrow(expect.objectContaining({ code: "not-idx" }));
  });
});

describe("parseCifar", () => {
  const record = (labels: readonly number[], pixel: number) => [...labels, ...new Array<number>(3072).fill(pixel)];
  it("takes the last label byte and the planes", () => {
    const bytes = Uint8Array.from([...record([3, 70], 5), ...record([4, 99], 6)]);
    const [images, labels] = parseCifar("c", [{ name: "train.bin", bytes }], 2);
    expect(labels!.values).toEqual(Uint8Array.of(70, 99));
    expect(images!.shape).toEqual([3, 32, 32]);
    expect([images!.values[0], images!.values[3072]]).toEqual([5, 6]);
  });

  it("joins files and refuses part of a record", () => {
    const one = { name: "a", bytes: Uint8Array.from(record([1], 0)) };
    expect(parseCifar("c", [one, one], 1)[1]!.values).toEqual(Uint8Array.of(1, 1));
    const short = { name: "b", bytes: one.bytes.subarray(1) };
    expect(() => parseCifar("c", [one, short], 1)).toThrow(/"b" has 3072 bytes, expected 3073/);
    expect(() => parseCifar("c", [], 1)).toThrow(expect.objectContaining({ code: "no-samples" }));
  });
});

const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("parseNpy", () => {
  it("reads floats, and 64-bit labels as 32-bit ones", () => {
    expect(parseNpy("x", npy("<f4", "2, 1", raw(Float32Array.of(1.5, -2))))).toEqual({
      shape: [2, 1],
      values: Float32Array.of(1.5, -2),
    });
    expect(parseNpy("y", npy("<i8", "2,", raw(BigInt64Array.of(7n, -1n)))).values).toEqual(Int32Array.of(7, -1));
    expect(parseNpy("y", npy("|u1", "3,", Uint8Array.of(1, 2, 3))).values).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("refuses what it would read wrongly", () => {
    const one = raw(Float32Array.of(1));
    const code = (code: string) => expect.objectContaining({ code });
    expect(() => parseNpy("x", npy(">f4", "1,", one))).toThrow(code("not-npy"));
    expect(() => parseNpy("x", npy("<c8", "1,", one))).toThrow(code("not-npy"));
    expect(() => parseNpy("x", npy("<f4", "1, 1", one, "True"))).toThrow(/column by column/);
    expect(() => parseNpy("x", npy("<f4", "2,", one))).toThrow(code("truncated"));
    expect(() => parseNpy("x", npy("<i8", "1,", raw(BigInt64Array.of(2n ** 40n))))).toThrow(/more than 32 bits/);
    expect(() => parseNpy("x", Uint8Array.of(1, 2, 3))).toThrow(code("not-npy"));
  });
});
