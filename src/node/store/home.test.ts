import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryHome } from "../../../test/support/stored-runs.ts";
import { homePath, pathsOf, prepareHome } from "./home.ts";

describe("the data folder", () => {
  it.each([
    ["linux", {}, "/home/ada/.local/share/joulecast"],
    ["linux", { XDG_DATA_HOME: "/data" }, "/data/joulecast"],
    ["linux", { XDG_DATA_HOME: "relative" }, "/home/ada/.local/share/joulecast"],
    ["darwin", { XDG_DATA_HOME: "/data" }, "/home/ada/Library/Application Support/joulecast"],
    ["win32", { LOCALAPPDATA: "/local" }, "/local/joulecast"],
    ["win32", {}, "/home/ada/AppData/Local/joulecast"],
    ["darwin", { JOULECAST_HOME: "/elsewhere" }, "/elsewhere"],
  ])("on %s with %o is %s", (platform, env, expected) => {
    expect(homePath({ env, platform, userHome: "/home/ada" })).toBe(expected);
  });

  it("is made with its parents, for its owner only, and again without harm", () => {
    const home = join(temporaryHome(), "a", "b");
    prepareHome(home);
    expect(prepareHome(home)).toEqual(pathsOf(home));
    expect(statSync(join(home, "journals")).isDirectory()).toBe(true);
    if (process.platform !== "win32") expect(statSync(home).mode & 0o077).toBe(0);
  });

  it("says what is wrong when a file is in its place or above it", () => {
    const file = join(mkdtempSync(join(temporaryHome(), "x")), "file");
    writeFileSync(file, "");
    for (const home of [file, join(file, "below")])
      expect(() => prepareHome(home)).toThrow(
        expect.objectContaining({ code: "no-home", hint: expect.stringContaining("JOULECAST_HOME") }),
      );
  });
});
