// Files of gigabytes, of which only the heads exist here: how little of them is read.
import { describe, expect, it } from "vitest";
import { bytesOf, node, opset, tensor, value } from "../../test/support/hand-made-onnx.ts";
import type { ByteSource } from "../graph/byte-source.ts";
import { Message } from "./pieces.ts";
import { readOnnx } from "./read.ts";
import { concatenate } from "./repack.ts";

describe("large files", () => {
  /** A file with `weights` weights of `sizeBytes` each, of which only the heads exist; counts what is read. */
  function sparseFile(weights: number, elements: number): { source: ByteSource; bytesRead: () => number } {
    const raw = elements * 4;
    const heads: { at: number; bytes: Uint8Array }[] = [];
    let at = 0;
    const put = (bytes: Uint8Array) => {
      heads.push({ at, bytes });
      at += bytes.length;
    };
    const tag = (field: number, length: number): Uint8Array => {
      const bytes = [(field << 3) | 2];
      for (let rest = length; ; rest = Math.floor(rest / 128)) {
        bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
        if (rest < 128) return Uint8Array.from(bytes);
      }
    };
    const layer = (i: number): Uint8Array =>
      bytesOf(
        new Message().message(
          1,
          node("Add", [i === 0 ? "x" : `t${i - 1}`, `w${i}`], [i === weights - 1 ? "y" : `t${i}`]),
        ),
      );
    const head = (i: number): Uint8Array => {
      const start = bytesOf(tensor(`w${i}`, [elements], 1));
      return concatenate([tag(5, start.length + tag(9, raw).length + raw), start, tag(9, raw)]);
    };
    const ends = bytesOf(new Message().message(11, value("x", [elements])).message(12, value("y", [elements])));
    let total = ends.length;
    for (let i = 0; i < weights; i++) total += layer(i).length + head(i).length + raw;
    put(bytesOf(new Message().int(1, 8).message(8, opset(17))));
    put(tag(7, total));
    for (let i = 0; i < weights; i++) {
      put(head(i));
      at += raw;
    }
    for (let i = 0; i < weights; i++) put(layer(i));
    put(ends);
    let read = 0;
    const source: ByteSource = {
      size: at,
      read: async (offset, length) => {
        if (offset < 0 || offset + length > at) throw new RangeError("outside");
        read += length;
        const bytes = new Uint8Array(length);
        for (const each of heads) {
          const from = Math.max(each.at, offset);
          const to = Math.min(each.at + each.bytes.length, offset + length);
          if (from < to) bytes.set(each.bytes.subarray(from - each.at, to - each.at), from - offset);
        }
        return bytes;
      },
    };
    return { source, bytesRead: () => read };
  }

  it("reads 2 GB by reading less than a megabyte", async () => {
    const { source, bytesRead } = sparseFile(100, 5_400_000);
    expect(source.size).toBeGreaterThan(2 ** 31);
    const graph = await readOnnx(source, "large");
    expect(graph.layers.length).toBe(100);
    expect(bytesRead()).toBeLessThan(1_000_000);
    expect(graph.weights.get("w99")).toMatchObject({ kind: "range", length: 21_600_000 });
  });

  it("reads offsets beyond 2^32 and weights beyond 2^31", async () => {
    const { source, bytesRead } = sparseFile(6, 1_000_000_000);
    const graph = await readOnnx(source, "larger");
    const last = graph.weights.get("w5")!;
    expect(last.kind === "range" && last.offset > 5 * 4_000_000_000).toBe(true);
    expect(bytesRead()).toBeLessThan(100_000);
  });

  it("reads small weights and nodes across every window edge", async () => {
    const graph = await readOnnx(sparseFile(3000, 64).source, "many");
    expect(graph.weights.size).toBe(3000);
    expect(graph.layers.at(-1)!.inputs).toEqual(["t2998", "w2999"]);
    expect(graph.weights.get("w2999")).toEqual({ kind: "inline", bytes: new Uint8Array(256) });
  });
});
