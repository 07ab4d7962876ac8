// Inputs that `npm run fuzz` once found to break a reader: each is refused in words now, or read. And a few fresh ones of every kind.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @ts-expect-error plain JavaScript, which needs a build and no types
import { runWorker } from "./fuzz.mjs";
// @ts-expect-error as above
import { TARGETS } from "./targets.mjs";

const FOUND = join(import.meta.dirname, "found");
const files = readdirSync(FOUND);

describe("what fuzzing found", () => {
  it("is of targets that exist", () => {
    expect(files.map((file) => file.split("-")[0]!).filter((name) => !(name in TARGETS))).toEqual([]);
  });
  it.each(Object.keys(TARGETS))("does not break %s any more", async (name) => {
    const own = files.filter((file) => file.startsWith(`${name}-`)).map((file) => join(FOUND, file));
    const order = own.length > 0 ? { name, files: own } : { name, from: 1, count: 40 };
    expect((await runWorker(order)).found).toEqual([]);
  });
});
