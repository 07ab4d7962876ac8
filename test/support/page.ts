// A page of docs/ as a program: its fenced blocks in order. What a block is for stands in its info string, after the language:
//   sh                run, must end with 0        sh exit=2   must end with 2        sh no-run   only shown
//   LANG file=PATH    written to PATH             diff file=PATH   its + and - lines are applied to PATH
//   js, python        run by node, by python3     python needs=MODULE   only where the module is there
//   text              must be lines of the output before, but for numbers      text from=MACHINE   as that machine printed it
// All others are only shown. This file knows blocks and how to run one; what a page may rely on is docs.test.ts.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Block {
  readonly language: string;
  /** What follows the language: "no-run" → "", "exit=2" → "2". */
  readonly settings: ReadonlyMap<string, string>;
  readonly text: string;
  /** Line of the page where its text begins, from 1. */
  readonly line: number;
  /** What the page says between this block and the one before. */
  readonly before: string;
}

const FENCE = /^```(\S*)(.*)\n([\s\S]*?)^```$/gm;

/** The blocks of a Markdown page, in order. */
export function blocksOf(page: string): Block[] {
  let end = 0;
  return [...page.matchAll(FENCE)].map(({ 0: whole, 1: language, 2: info, 3: text, index }) => {
    const settings = (info ?? "").split(/\s+/).filter((word) => word !== "");
    const before = page.slice(end, index);
    end = index + whole.length;
    return {
      language: language!,
      settings: new Map(settings.map((word) => [word.split("=")[0]!, word.split("=").slice(1).join("=")])),
      text: text!,
      line: page.slice(0, index).split("\n").length + 1,
      before,
    };
  });
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program to its end; stdout and stderr together. */
async function run(
  program: readonly string[],
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ran> {
  const child = spawn(program[0]!, program.slice(1), { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output: Buffer.concat(pieces).toString("utf8") }));
  });
}

/**
 * A change as a reader makes it by hand: each hunk's lines without "+" stand in the file once, and become those without "-".
 * Hunks are divided by a line "@@"; lines of context begin with a space, as in a diff.
 */
export function applyHunks(file: string, diff: string): string {
  const pick = (hunk: string, signs: string) =>
    hunk
      .split("\n")
      .filter((line) => line !== "" && signs.includes(line[0]!))
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  return diff.split(/^@@.*\n/m).reduce((text, hunk) => {
    const [old, renewed] = [pick(hunk, " -"), pick(hunk, " +")];
    const places = text.split(old).length - 1;
    if (old === "" || places !== 1) throw new Error(`these lines stand ${places} times in the file, not once:\n${old}`);
    return text.replace(old, () => renewed);
  }, file);
}

/** A line's first cell without numbers, their units and the length of a rule: what stays the same from one run to the next. */
function label(line: string): string {
  const [first = ""] = line.trim().split(/ {2,}/);
  return first.replaceAll(/-?\d[\d.,]*( [a-zA-Zµ%]+)?/g, "0").replace(/^─+$/, "─");
}

/** Lines of a shown output that the program did not print; numbers may differ. Lines that begin with "…" stand for what was left out. */
export function missingLines(shown: string, printed: string): string[] {
  const labels = new Set(printed.split("\n").map(label));
  return shown.split("\n").filter((line) => !line.startsWith("…") && !labels.has(label(line)));
}

/** How a block is run, by language; undefined where it is only shown or written. */
const PROGRAMS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  sh: (text) => ["sh", "-euc", text],
  js: (text) => [process.execPath, "--input-type=module", "--eval", text],
  python: (text) => ["python3", "-c", text],
};

/** What a block is for, as words that count by. */
export type Use = "run" | "written" | "changed" | "shown";

export function useOf({ language, settings }: Block): Use {
  if (settings.has("file")) return language === "diff" ? "changed" : "written";
  return language in PROGRAMS && !settings.has("no-run") ? "run" : "shown";
}

/**
 * Does what a block says, in the page's folder.
 * @returns what it printed, and the exit code; undefined for a block that is no program
 */
export async function perform(
  block: Block,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ran | undefined> {
  const use = useOf(block);
  if (use === "written" || use === "changed") {
    const path = join(folder, block.settings.get("file")!);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, use === "written" ? block.text : applyHunks(readFileSync(path, "utf8"), block.text));
  }
  return use === "run" ? await run(PROGRAMS[block.language]!(block.text), folder, env) : undefined;
}
