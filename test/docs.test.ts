// The pages of docs/ and the README do what they say: every block is run, in order, in a folder of the page's own, against a fake machine whose
// power is known (40 W, and 5 W of memory). JOULECAST_DOCS_LOG=FILE keeps what they printed, from which the pages' outputs are taken.
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./stories/run-cli.ts";
import { fedTree } from "./support/fed-tree.ts";
import { applyHunks, type Block, blocksOf, missingLines, perform, useOf } from "./support/page.ts";

const ROOT = resolve(import.meta.dirname, "..");
const LOG = process.env.JOULECAST_DOCS_LOG;
const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => `docs/${name}`)];
const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** The page on adding things works on the sources themselves: it gets a copy of them. */
const IN_A_CHECKOUT = ["docs/hardware.md"];
const CHECKOUT = [
  "src",
  "dist",
  "data",
  "package.json",
  "tsconfig.base.json",
  "tsconfig.pure.json",
  "tsconfig.node.json",
];
/** How many blocks may be shown without being run: what needs a GPU, a network or somebody's own files, and the README's two commands. */
const MOST_NO_RUN = 8;

const fed = await fedTree(40, 5, 1000);
afterAll(() => fed.stop());

const hasPython = spawnSync("python3", ["-c", "pass"]).status === 0;
const modules = new Map<string, boolean>();
function hasModule(name: string): boolean {
  if (!modules.has(name)) modules.set(name, spawnSync("python3", ["-c", `import ${name}`]).status === 0);
  return modules.get(name)!;
}
function canRun({ language, settings }: Block): boolean {
  if (language !== "python") return true;
  return hasPython && (settings.get("needs") ?? "").split(",").every((name) => name === "" || hasModule(name));
}

/** Without Python, pages whose later blocks read what it wrote cannot be run either. */
const canRunPage = (page: string): boolean =>
  hasPython ||
  !blocksOf(textOf(page)).some(({ language, settings }) => language === "python" && !settings.has("needs"));

/** A folder in which `joulecast` is a command and a package, and examples/ is at hand. */
function makeFolder(page: string): { folder: string; env: Record<string, string | undefined> } {
  const folder = temporaryFolder();
  const isCheckout = IN_A_CHECKOUT.includes(page);
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  const main = join(isCheckout ? folder : ROOT, "dist/cli/main.js");
  writeFileSync(join(bin, "joulecast"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(bin, "joulecast"), 0o755);
  if (isCheckout) {
    for (const name of CHECKOUT)
      cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  } else {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/joulecast"));
    symlinkSync(join(ROOT, "examples"), join(folder, "examples"));
  }
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}:${dirname(process.execPath)}`,
    JOULECAST_HOME: join(folder, ".home"),
    JOULECAST_ROOT: fed.root,
    NO_COLOR: "1",
  };
  return { folder, env };
}

/** Two pages at a time: they sleep as often as they compute, and more would only be in each other's measurements. */
let freeTurns = 2;
const waiting: (() => void)[] = [];
async function inTurn(page: string): Promise<readonly string[]> {
  if (freeTurns === 0) await new Promise<void>((turn) => waiting.push(turn));
  else freeTurns--;
  try {
    return await runPage(page);
  } finally {
    const next = waiting.shift();
    if (next === undefined) freeTurns++;
    else next();
  }
}

/** Runs a page's blocks. @returns lines that it shows and that were not printed, each with its place */
async function runPage(page: string): Promise<readonly string[]> {
  const { folder, env } = makeFolder(page);
  const untrue: string[] = [];
  let output = "";
  for (const block of blocksOf(textOf(page))) {
    const where = `${page}:${block.line}`;
    if (block.language === "text" && !block.settings.has("from"))
      untrue.push(...missingLines(block.text, output).map((line) => `${where} shows: ${line}`));
    if (!canRun(block)) continue;
    const ran = await perform(block, folder, env);
    if (ran === undefined) continue;
    output = ran.output;
    if (LOG !== undefined) appendFileSync(LOG, `===== ${where}\n${block.text}----- ${ran.status}\n${ran.output}\n`);
    expect(ran.status, `${where}\n${block.text}\n${ran.output}`).toBe(Number(block.settings.get("exit") ?? 0));
  }
  return untrue;
}

describe("the pages", () => {
  describe.concurrent("run as they stand", () => {
    it.each(pages.filter(canRunPage))("%s", { timeout: 600_000 }, async (page) => {
      expect(await inTurn(page)).toEqual([]);
    });
  });
  it("of docs/ are all in its index", () => {
    const index = textOf("docs/README.md");
    for (const name of docs.filter((each) => each !== "README.md")) expect(index).toContain(`](${name})`);
  });
  it.each(pages)("%s links to files that are there", (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path!);
    for (const link of links) expect(existsSync(join(ROOT, dirname(page), link)), link).toBe(true);
  });
  it("skip few blocks, each with its reason before it", () => {
    const skipped = pages.flatMap((page) => blocksOf(textOf(page)).filter(({ settings }) => settings.has("no-run")));
    expect(skipped.length).toBeLessThanOrEqual(MOST_NO_RUN);
    for (const { before, text } of skipped) expect(before, text).toMatch(/not run/i);
  });
  it("have programs to run, but for the index and the physics", () => {
    const idle = pages.filter((page) => blocksOf(textOf(page)).every((block) => useOf(block) !== "run"));
    expect(idle.sort()).toEqual(["docs/README.md", "docs/physics.md"]);
  });
});

describe("a page as a program", () => {
  const page = ["# A", "```sh exit=3", "exit 3", "```", "text, not run here:", "```sh no-run", "false", "```", ""].join(
    "\n",
  );
  it("is its blocks, with their lines and settings", () => {
    const [first, second] = blocksOf(page);
    expect(first).toMatchObject({ language: "sh", text: "exit 3\n", line: 3, before: "# A\n" });
    expect(first!.settings.get("exit")).toBe("3");
    expect([useOf(first!), useOf(second!)]).toEqual(["run", "shown"]);
  });
  it("ends a block of commands at the first that fails, and tells its code and output", async () => {
    const [block] = blocksOf("```sh\necho seen\nsh -c 'exit 4'\necho unseen\n```\n");
    expect(await perform(block!, temporaryFolder(), process.env)).toEqual({ status: 4, output: "seen\n" });
  });
  it("shows lines that were printed, whatever the numbers were", () => {
    const printed = "epochs\n  1  3.25 J  in 4 ms\nnet energy   8.1 mJ\n";
    expect(missingLines("epochs\n…\nnet energy  -7 mJ\n", printed)).toEqual([]);
    expect(missingLines("\n1  99 J\ngross  7 J\n", printed)).toEqual(["gross  7 J"]);
  });
  it("changes a file as a diff says, and only where its lines stand once", () => {
    const file = "one\ntwo\nthree\n";
    expect(applyHunks(file, " one\n+and a half\n@@\n-three\n+3\n")).toBe("one\nand a half\ntwo\n3\n");
    expect(() => applyHunks(file, " four\n+five\n")).toThrow("0 times");
    expect(() => applyHunks("a\na\n", " a\n+b\n")).toThrow("2 times");
  });
});
