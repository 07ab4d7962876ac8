import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readStandardInput, writeStandardOutput } from "./standard-streams.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-streams-"));
const path = join(folder, "f");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([0, 1, 65_536, 200_001])("reads and writes %d bytes whole", (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7);
  const out = openSync(path, "w");
  writeStandardOutput(bytes, out);
  closeSync(out);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  const into = openSync(path, "r");
  expect(Buffer.from(bytes).equals(readStandardInput(into, false))).toBe(true);
  closeSync(into);
});

it("does not wait for a person to type a network", () => {
  writeFileSync(path, "x");
  expect(() => readStandardInput(0, true)).toThrow(/this terminal/);
});
