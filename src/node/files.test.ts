import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkWritable, openFile, writeWhole } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("writeWhole", () => {
  it("leaves the old file and no temporary when the content fails half-way", async () => {
    const path = join(folder, "kept.txt");
    writeFileSync(path, "old");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      throw new Error("half-way");
    }
    await expect(writeWhole(path, broken())).rejects.toThrow("half-way");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("follows a link and keeps the mode of what it replaces", async () => {
    const target = join(folder, "target.txt");
    const link = join(folder, "link.txt");
    writeFileSync(target, "old");
    chmodSync(target, 0o640);
    symlinkSync(target, link);
    await writeWhole(link, ["new"]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(statSync(target).mode & 0o777).toBe(0o640);
  });

  it("writes to a device as it is and never replaces it", async () => {
    await writeWhole("/dev/null", ["gone"]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it.each([
    ["a folder that is not there", join(folder, "nowhere", "x.txt"), /no such file or folder/],
    ["a folder in the file's place", join(folder, "sub"), /folder/],
  ])("refuses %s in words", async (_, path, message) => {
    mkdirSync(join(folder, "sub"), { recursive: true });
    await expect(writeWhole(path, ["x"])).rejects.toMatchObject({
      code: "cannot-write",
      message: expect.stringMatching(message),
    });
    expect(() => checkWritable(path)).toThrow(
      expect.objectContaining({ code: "cannot-write", message: expect.stringMatching(message) }),
    );
  });
});

describe("checkWritable", () => {
  it("takes a new file, one that is there and a device, and leaves nothing behind", () => {
    const before = readdirSync(folder).sort();
    writeFileSync(join(folder, "there.txt"), "old");
    for (const path of [join(folder, "new.txt"), join(folder, "there.txt"), "/dev/null"]) checkWritable(path);
    expect(readFileSync(join(folder, "there.txt"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual([...before, "there.txt"].sort());
  });
  it("refuses a file in the folder's place", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => checkWritable(join(folder, "file", "x"))).toThrow(expect.objectContaining({ code: "cannot-write" }));
  });
});

describe("openFile", () => {
  it("reads ranges, and says when the file ends too early", async () => {
    const path = join(folder, "bytes");
    writeFileSync(path, Buffer.from([1, 2, 3, 4]));
    const file = openFile(path);
    expect([...(await file.read(1, 2))]).toEqual([2, 3]);
    await expect(file.read(3, 5)).rejects.toMatchObject({ code: "truncated" });
    file.close();
    expect(() => openFile(join(folder, "nope"))).toThrow(/no such file/);
  });
});
