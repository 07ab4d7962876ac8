// A command's outcome → what is printed and written. One table of forms; the HTML file is made only when asked for.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { checkWritable, writeWhole } from "../node/files.ts";
import { DASH } from "../node/standard-streams.ts";
import { renderCsv } from "../report/csv.ts";
import type { Document } from "../report/document.ts";
import { renderMarkdown } from "../report/markdown.ts";
import { renderText } from "../report/text.ts";
import { harmless } from "../report/width.ts";
import { InputError } from "../units/input-error.ts";
import type { Outcome } from "./command.ts";
import type { Terminal } from "./main.ts";

/** The options that every command has. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly table?: string;
  readonly markdown?: boolean;
  readonly full?: boolean;
  readonly html?: string;
  readonly out?: string;
  readonly quiet?: boolean;
  /** Where text goes when the command has written a file of its own to stdout. */
  readonly textTo?: "stderr";
}

/** Where a result comes from: part of every JSON object and of the HTML's footer. */
export interface Provenance {
  readonly command: string;
  readonly version: string;
  readonly argv: readonly string[];
}

/** NaN and ±Infinity are "not known" in JSON. */
function known(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}

/** The JSON contract's envelope around a result. */
function renderJson(result: Readonly<Record<string, unknown>>, provenance: Provenance): string {
  const { command, version } = provenance;
  return `${JSON.stringify({ schema: `joulecast/${command.replaceAll(" ", "-")}/1`, version, command, result }, known)}\n`;
}

/** Colour on a terminal. A NO_COLOR that is not empty forbids it (no-color.org), else a FORCE_COLOR wants it in a file or a log too. */
function wantsColor(isTerminal: boolean): boolean {
  const isSet = (name: string): boolean => (process.env[name] ?? "") !== "";
  return !isSet("NO_COLOR") && (isTerminal || (isSet("FORCE_COLOR") && process.env.FORCE_COLOR !== "0"));
}

function renderForTerminal(document: Document, stream: Terminal["stderr"], full: boolean): string {
  return renderText(document, {
    width: Math.max(40, stream.columns ?? 80),
    color: wantsColor(stream.isTTY === true),
    full,
    elsewhere: "--full, --html and --json have all",
  });
}

const FORMS = ["json", "csv", "markdown"] as const;

/** The options without an --out that is not for what is printed, or is where that goes anyway. @param ownOut the command writes --out itself */
export function shownOptions({ out, ...others }: OutputOptions, ownOut: boolean): OutputOptions {
  if (ownOut) return out === DASH ? { ...others, textTo: "stderr" } : others;
  return out === undefined || out === DASH ? others : { ...others, out };
}

/** @throws InputError "would-overwrite" where a report would be written over another, or over what it is of */
function checkApart(written: readonly string[], inputs: readonly string[]): void {
  const [first, second] = written.filter((path) => path !== DASH).map((path) => resolve(path));
  const replaced = first === second && first !== undefined ? written[0] : written.find((path) => isOneOf(path, inputs));
  if (replaced === undefined) return;
  throw new InputError(
    "would-overwrite",
    `the report would be written over "${replaced}"`,
    "give --out or --html another file",
  );
}

const isOneOf = (path: string, inputs: readonly string[]): boolean =>
  path !== DASH && inputs.some((input) => input !== DASH && resolve(input) === resolve(path) && existsSync(path));

/**
 * Whether the options can be obeyed, before the work is done: at most one form, files that can be written and are not what is read,
 * packages that draw.
 * @param ownOut the command writes --out itself
 * @param inputs the command's arguments: files, or words that name none
 * @throws InputError "two-forms" | "no-csv" | "cannot-write" | "would-overwrite" | "no-charts"
 */
export async function checkOutput(options: OutputOptions, ownOut: boolean, inputs: readonly string[]): Promise<void> {
  const asked = FORMS.filter((form) => options[form] === true);
  if (ownOut && options.out === DASH && asked[0] !== undefined)
    throw new InputError("two-forms", `--out - and --${asked[0]} both want stdout`, "give --out a file");
  if (asked.length > 1)
    throw new InputError(
      "two-forms",
      `--${asked.join(" and --")} ask for two forms at once`,
      "give one of them; --html FILE can be given besides",
    );
  if (options.table !== undefined && options.csv !== true)
    throw new InputError("no-csv", `--table ${options.table} needs --csv`, "add --csv");
  const written = [options.html, options.out].filter((path) => path !== undefined);
  for (const path of written) checkWritable(path);
  checkApart(written, ownOut ? [] : inputs);
  if (options.html !== undefined) await (await import("../node/draw.ts")).chartDrawer();
}

/** Lines of a command's own on stderr. */
function tellAll({ remarks = [], failures = [] }: Outcome, options: OutputOptions, terminal: Terminal): void {
  const shown = [...(options.quiet === true ? [] : remarks), ...failures];
  for (const line of shown) terminal.stderr.write(`joulecast: ${harmless(line)}\n`);
}

/**
 * Prints the outcome in the one form asked for, then what the command remarks.
 * @returns what it looks like in that form
 * @throws InputError "unknown-table"; what the command remarks is told all the same: where a run is kept, say
 */
export function print(outcome: Outcome, provenance: Provenance, options: OutputOptions, terminal: Terminal): string {
  try {
    return printForm(outcome, provenance, options, terminal);
  } finally {
    tellAll(outcome, options, terminal);
  }
}

function printForm(outcome: Outcome, provenance: Provenance, options: OutputOptions, terminal: Terminal): string {
  const form = FORMS.find((each) => options[each] === true) ?? "text";
  const textTo = options.textTo ?? outcome.textTo ?? "stdout";
  const stream = form === "text" && textTo !== "stdout" ? terminal.stderr : terminal.stdout;
  const render = {
    json: () => renderJson(outcome.result, provenance),
    csv: () => renderCsv(outcome.document, options.table === undefined ? {} : { table: options.table }),
    markdown: () => renderMarkdown(outcome.document),
    text: () => outcome.text ?? renderForTerminal(outcome.document, stream, options.full === true),
  };
  const text = render[form]();
  if (form !== "text" || textTo !== "nowhere") stream.write(text);
  return text;
}

/**
 * Writes the files asked for, and tells of them.
 * @param text what was printed
 */
export async function writeFiles(
  text: string,
  outcome: Outcome,
  provenance: Provenance,
  options: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  const tell = (path: string) =>
    options.quiet === true || terminal.stderr.write(`joulecast: wrote ${harmless(path)}\n`);
  if (options.html !== undefined) {
    const { htmlPage } = await import("../node/html-page.ts");
    await writeWhole(options.html, [await htmlPage(outcome.document, provenance)]);
    tell(options.html);
  }
  if (options.out !== undefined) {
    await writeWhole(options.out, [text]);
    tell(options.out);
  }
}
