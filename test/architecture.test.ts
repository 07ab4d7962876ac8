// The walls of the house: which room may import which, what pure code may not touch, and that ARCHITECTURE.md says the same.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/** Room → rooms it may import besides itself. The same table stands in ARCHITECTURE.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  units: [],
  math: [],
  graph: ["units"],
  hardware: ["units"],
  carbon: ["units"],
  link: ["units", "math"],
  measure: ["units", "math"],
  onnx: ["graph", "units"],
  zoo: ["graph", "units"],
  work: ["graph", "units"],
  runtime: ["graph", "units"],
  estimate: ["units", "graph", "work", "hardware", "carbon"],
  predict: ["units", "math", "graph", "work", "hardware", "estimate", "measure", "runtime"],
  learn: ["units", "math", "graph", "work", "runtime"],
  reduce: [
    "units",
    "math",
    "graph",
    "work",
    "hardware",
    "carbon",
    "estimate",
    "measure",
    "predict",
    "learn",
    "runtime",
  ],
  split: ["units", "math", "graph", "work", "hardware", "carbon", "estimate", "link", "runtime"],
};
const PURE = [...Object.keys(MAY_IMPORT), "study", "report"];
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  study: PURE.filter((room) => room !== "report"),
  report: PURE,
  node: PURE,
  web: PURE,
  cli: [...PURE, "node"],
};
const TABLE = { ...MAY_IMPORT, ...ABOVE };
/** Word that a folder or file name must not be: it says nothing about what lives there. */
const EMPTY_NAMES = /(^|\/)(utils?|common|core|helpers?|misc|types|services)(\.ts)?($|\/)/;

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const { module } = parseSync(path, text);
  const reexports = module.staticExports.flatMap((statement) =>
    statement.entries.map((entry) => entry.moduleRequest?.value),
  );
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1));
  return [...module.staticImports.map((statement) => statement.moduleRequest.value), ...reexports, ...dynamic].filter(
    (name) => name !== undefined,
  );
}

const roomOf = (path: string): string => relative(SRC, path).split("/")[0]!;
const sources = filesBelow(SRC).filter((path) => !path.endsWith(".test.ts"));

describe("architecture", () => {
  it("has only rooms that the table knows", () => {
    const rooms = new Set(sources.map(roomOf).filter((room) => !room.endsWith(".ts")));
    expect([...rooms].filter((room) => !(room in TABLE))).toEqual([]);
  });

  it("imports only what the table allows", () => {
    const breaches = sources.flatMap((path) => {
      const room = roomOf(path);
      const allowed = room.endsWith(".ts") ? PURE : [room, ...(TABLE[room] ?? [])];
      return importsOf(path)
        .filter((name) => name.startsWith("."))
        .map((name) => roomOf(resolve(dirname(path), name)))
        .filter((target) => !allowed.includes(target))
        .map((target) => `${relative(ROOT, path)} imports ${target}`);
    });
    expect(breaches).toEqual([]);
  });

  it("keeps node:* out of everything but node and cli", () => {
    const breaches = sources.filter(
      (path) => !["node", "cli"].includes(roomOf(path)) && importsOf(path).some((name) => name.startsWith("node:")),
    );
    expect(breaches).toEqual([]);
  });

  it("gives every source file first lines that say what it is", () => {
    const silent = sources.filter((path) => !/^(#!.*\n)?\/\//.test(readFileSync(path, "utf8")));
    expect(silent.map((path) => relative(ROOT, path))).toEqual([]);
  });

  it("uses no name that says nothing", () => {
    expect(sources.map((path) => relative(SRC, path)).filter((path) => EMPTY_NAMES.test(path))).toEqual([]);
  });

  it("keeps every file short enough to read and every folder small enough to know", () => {
    const long = sources.filter((path) => readFileSync(path, "utf8").split("\n").length > 520);
    expect(long.map((path) => relative(ROOT, path))).toEqual([]);
    const counts = [...new Set(sources.map(dirname))].map(
      (folder) => [folder, sources.filter((path) => dirname(path) === folder)] as const,
    );
    expect(counts.filter(([, files]) => files.length > 22).map(([folder]) => relative(ROOT, folder))).toEqual([]);
  });

  it("tells the same table in ARCHITECTURE.md", () => {
    const text = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
    for (const [room, allowed] of Object.entries(MAY_IMPORT)) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${room}\` |`));
      expect(row, `row of ${room}`).toBeDefined();
      const named = [...row!.split("|")[2]!.matchAll(/`([a-z]+)`/g)].map((match) => match[1]);
      expect(named, `row of ${room}`).toEqual([...allowed]);
    }
  });
});
