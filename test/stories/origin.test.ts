// The story of joules that are not of this machine now: a recording replayed, files below another root. They are never shown, kept,
// listed, exported or served without saying so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import { encodeRecording } from "../../src/measure/recording-json.ts";
import { CLOSE, OPEN } from "../../src/measure/windows.ts";
import { openStore } from "../../src/node/store/runs.ts";
import { RYZEN } from "../fixtures/sys/cpus.ts";
import { type FakeMachine, fakeMachine } from "../machine/fake-tree.ts";
import { parseExposition } from "../support/exposition.ts";
import { RECORDING, SOURCES, storedRun } from "../support/stored-runs.ts";
import { MAIN, runCli, runJson, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const trace = join(folder, "tr.json");
const old = { home: process.env.JOULECAST_HOME, root: process.env.JOULECAST_ROOT };
let tree: FakeMachine;

function put(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

beforeAll(() => {
  process.env.JOULECAST_HOME = join(folder, "home");
  delete process.env.JOULECAST_ROOT;
  tree = fakeMachine(RYZEN);
  const info: SourceInfo = {
    id: "package",
    name: "package",
    domain: "package",
    kind: "measured",
    reads: "energy",
    provenance: "made up",
  };
  const timeS = Float64Array.from({ length: 101 }, (_, i) => i / 10);
  const marks = [
    { timeS: 1, name: OPEN, value: "run/1" },
    { timeS: 9, name: CLOSE, value: "run/1" },
  ];
  writeFileSync(
    trace,
    encodeRecording({ traces: [{ info, timeS, values: timeS.map((t) => 10 * t) }], marks, load: [] }),
  );
});
afterAll(() => {
  tree.remove();
  put("JOULECAST_HOME", old.home);
  put("JOULECAST_ROOT", old.root);
});

const REPLAYED = "nothing was measured now";
const ELSEWHERE = /read below JOULECAST_ROOT=.*: not from\s+this machine/;

describe("a replay", () => {
  it("is called one at the top of text and page, and in the result", () => {
    const page = join(folder, "page.html");
    expect(runCli(["measure", "--replay", trace, "--html", page]).status).toBe(0);
    expect(readFileSync(page, "utf8")).toContain(REPLAYED);
    const text = runCli(["measure", "--replay", trace]).stdout;
    expect(text).toContain(REPLAYED);
    expect(text.indexOf(REPLAYED)).toBeLessThan(text.indexOf("net energy"));
    expect(text).toContain("read elsewhere or earlier: measured");
    // biome-ignore lint/suspicious/noExplicitAny: parsed JSON
    const result = (runJson(["measure", "--replay", trace]).json as any).result;
    expect(result.components[0].origin).toEqual({ kind: "replay", where: trace });
  });
});

describe("a machine that is only files", () => {
  it("is not taken for this one by doctor", () => {
    process.env.JOULECAST_ROOT = tree.root;
    const { stdout } = runCli(["doctor", "--seconds", "0.5"]);
    delete process.env.JOULECAST_ROOT;
    expect(stdout).toMatch(ELSEWHERE);
  });

  it("is what `serve` reads too, with the options of doctor and measure, and says so in each sample", async () => {
    const args = ["serve", "--metrics", "--json", "--runs", "0", "--dimms", "4", "--dimm-type", "ddr4"];
    const env = { ...process.env, JOULECAST_ROOT: tree.root };
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"], env });
    try {
      const [text] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
      const { url, sources } = JSON.parse(text).result;
      const ids = sources.map(({ id }: { id: string }) => id);
      expect(ids).toEqual(expect.arrayContaining(["rapl/package-0", "rapl/package-0/core", "dram/dimms"]));
      const up = parseExposition(await (await fetch(url)).text()).filter(({ name }) => name === "joulecast_source_up");
      expect(up.map(({ labels }) => labels.origin)).toEqual(ids.map(() => "other root"));
    } finally {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
  });
});

describe("the history", () => {
  it("marks such runs beside their kind, can ask for them, and shows the warning first", async () => {
    const sources = SOURCES.map((info) => ({ ...info, origin: { kind: "other root" as const, where: "/srv/tree" } }));
    const store = openStore();
    await store.saveRun(storedRun(1), RECORDING);
    await store.saveRun(storedRun(2, { sources }), RECORDING);
    const text = runCli(["history"]).stdout;
    expect(text).toContain("measured ‡");
    expect(text).toContain("‡ 1 not read of this machine then");
    // biome-ignore lint/suspicious/noExplicitAny: parsed JSON
    const { runs } = (runJson(["history", "--where", "origin = 'other root'"]).json as any).result;
    expect(runs).toMatchObject([{ id: storedRun(2).id, origin: "other root" }]);
    const shown = runCli(["history", storedRun(2).id]).stdout;
    expect(shown).toMatch(ELSEWHERE);
    expect(shown.search(ELSEWHERE)).toBeLessThan(shown.indexOf("started"));
    expect(runCli(["history", storedRun(1).id]).stdout).not.toMatch(ELSEWHERE);
  });
});
