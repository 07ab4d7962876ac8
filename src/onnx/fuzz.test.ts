// Real model files, damaged at random: the reader gives a Graph or an InputError, never anything else, and never hangs.
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesInMemory } from "../graph/byte-source.ts";
import { InputError } from "../units/input-error.ts";
import { readOnnx } from "./read.ts";
import { concatenate } from "./repack.ts";

const folder = new URL("../../test/fixtures/onnx/", import.meta.url);
const models = readdirSync(folder)
  .filter((file) => file.endsWith(".onnx"))
  .map((file) => new Uint8Array(readFileSync(new URL(file, folder))));

type Damage = (bytes: Uint8Array) => Uint8Array;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length);

const flip = fc.tuple(place, fc.nat(255)).map(
  ([where, value]): Damage =>
    (bytes) =>
      bytes.map((byte, i) => (i === at(bytes, where) ? byte ^ value : byte)),
);
const truncate = place.map(
  (where): Damage =>
    (bytes) =>
      bytes.subarray(0, at(bytes, where)),
);
const insert = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 12 })).map(
  ([where, extra]): Damage =>
    (bytes) =>
      concatenate([bytes.subarray(0, at(bytes, where)), extra, bytes.subarray(at(bytes, where))]),
);
const remove = fc.tuple(place, fc.nat(40)).map(
  ([where, length]): Damage =>
    (bytes) =>
      concatenate([bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + length)]),
);
const splice = fc.tuple(place, place, place, fc.nat(models.length - 1)).map(
  ([where, from, to, other]): Damage =>
    (bytes) => {
      const donor = models[other]!;
      const [a, b] = [at(donor, Math.min(from, to)), at(donor, Math.max(from, to))];
      return concatenate([bytes.subarray(0, at(bytes, where)), donor.subarray(a, b), bytes.subarray(at(bytes, where))]);
    },
);

/** True when the bytes are read; false when they are refused in the way that users are told of. */
async function isRead(bytes: Uint8Array): Promise<boolean> {
  try {
    const graph = await readOnnx(bytesInMemory(bytes), "fuzz.onnx");
    expect(new Set(graph.layers.map((layer) => layer.name)).size).toBe(graph.layers.length);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message.length).toBeLessThan(5000);
    expect(error.hint).not.toBe("");
    return false;
  }
}

describe("damaged models", () => {
  it("are read or refused", async () => {
    let [whole, refused] = [0, 0];
    const damages = fc.array(fc.oneof(flip, flip, flip, flip, truncate, insert, remove, splice), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(models.length - 1), damages, async (model, list) => {
        const bytes = list.reduce<Uint8Array>((damaged, damage) => damage(damaged), models[model]!);
        if (await isRead(bytes)) whole++;
        else refused++;
      }),
      { seed: 20240717, numRuns: 4000 },
    );
    // The damage must be neither harmless nor always fatal, or this test would try nothing.
    expect(whole).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  });

  it("are refused or read when one byte of the smallest models is anything", async () => {
    const smallest = [...models].sort((a, b) => a.length - b.length).slice(0, 2);
    for (const model of smallest)
      for (let i = 0; i < model.length; i++)
        for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) await isRead(model.with(i, value));
  });
});

describe("random bytes", () => {
  it("are read or refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await isRead(bytes);
        await isRead(concatenate([Uint8Array.of(8, 8, 0x3a, Math.min(bytes.length, 127)), bytes]));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
