import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkWritableFolder } from "./folders.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-folders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("checkWritableFolder", () => {
  it("takes a folder that is there or could be made, and makes none", () => {
    checkWritableFolder(folder);
    checkWritableFolder(join(folder, "not", "yet"));
    expect(readdirSync(folder)).not.toContain("not");
  });
  it("refuses a file in its place, or in the place of a folder above it", () => {
    writeFileSync(join(folder, "plain"), "");
    for (const path of [join(folder, "plain"), join(folder, "plain", "below")])
      expect(() => checkWritableFolder(path)).toThrow(expect.objectContaining({ code: "cannot-write" }));
  });
});
