#!/usr/bin/env node
// The program: picks the command, prints its result in the form asked for, and turns errors into exit codes.
// The only place that catches and exits. Exit codes: 0 done, 1 a limit exceeded, 2 the user's input, 130 interrupted; commands that
// run a program exit with the program's code, and with 125 (our failure), 126 (not executable) or 127 (not found) of their own.
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { CommanderError, Command as Program } from "commander";
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import type { Command, CommandContext, OptionValues } from "./command.ts";
import type { OutputOptions } from "./output.ts";
import { runProgram } from "./program.ts";
import { COMMANDS, SAMPLING } from "./table.ts";

/** Streams the program writes to; tests give their own. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Not for --help. */
async function prepareToSample(argv: readonly string[]): Promise<void> {
  if (!SAMPLING.includes(argv[0] ?? "") || argv.includes("--help") || argv.includes("-h")) return;
  const { prepareSampler } = await import("../node/sampler/client.ts");
  prepareSampler();
}

/** Loads the commands that the first word names. @throws InputError for a word that none begins with */
async function loadCommands(first: string, others: readonly string[]): Promise<readonly Command[]> {
  const names = Object.keys(COMMANDS);
  const named = names.filter((name) => name.split(" ")[0] === first);
  if (named.length > 0) return Promise.all(named.map((name) => COMMANDS[name]!()));
  const firsts = [...new Set(names.map((name) => name.split(" ")[0]!))];
  if (!first.startsWith("-")) throw unknownName("command", first, firsts, "`joulecast --help` lists the commands");
  const command = others.find((word) => firsts.includes(word));
  if (command === undefined)
    throw unknownName("option", first, ["--help", "--version"], "`joulecast --help` lists the commands");
  throw new InputError(
    "bad-usage",
    `"${first}" stands before the command`,
    `options follow the command: joulecast ${command} … ${first}`,
  );
}

/** What can be answered without any command: --help, --version. */
async function answerAtOnce(argv: readonly string[], version: string, terminal: Terminal): Promise<boolean> {
  const [first = "", second] = argv;
  if (first === "--version" || first === "-V") {
    terminal.stdout.write(`${version}\n`);
    return true;
  }
  if (first !== "--help" && first !== "-h" && !(first === "help" && second === undefined)) return false;
  const [{ overview }, { commandIndex }] = await Promise.all([import("./overview.ts"), import("./command-index.ts")]);
  terminal.stdout.write(overview(await commandIndex(), Math.min(terminal.stdout.columns ?? 80, 100)));
  return true;
}

/** "help zoo write" → "zoo write --help": a command's help is the command's. */
function asked(argv: readonly string[]): readonly string[] {
  const [first, second = "", ...rest] = argv;
  const isCommand = Object.keys(COMMANDS).some((name) => name.split(" ")[0] === second);
  return first === "help" && isCommand ? [second, ...rest, "--help"] : argv;
}

/** Least time before a state is shown, and between two of them, s. */
const PROGRESS_S = { after: 1, between: 0.1 };

/** Progress is one line on stderr when a person is watching. */
async function contextOf(
  terminal: Terminal,
  version: string,
  rest: readonly string[] | undefined,
  quiet: boolean,
): Promise<CommandContext> {
  const { formatProgress } = await import("../report/progress.ts");
  const shown = terminal.stderr.isTTY === true && !quiet;
  const startMs = performance.now();
  let nextS = PROGRESS_S.after;
  return {
    version,
    rest,
    commands: async () => (await import("./command-index.ts")).commandIndex(),
    progress: (state) => {
      if (!shown) return;
      const elapsedS = (performance.now() - startMs) / 1000;
      if (typeof state !== "string") {
        if (elapsedS < nextS) return;
        nextS = elapsedS + PROGRESS_S.between;
      }
      const line =
        typeof state === "string" ? state : formatProgress({ ...state, elapsedS }, (terminal.stderr.columns ?? 80) - 1);
      terminal.stderr.write(`\r\u001b[2K${line}`);
    },
  };
}

/** Exit codes of mistakes that are not 2. */
const EXIT_CODES: Readonly<Record<string, number>> = { "not-found": 127, "not-executable": 126, interrupted: 130 };
/** Ours and not the user's input: a measured program may exit with 2 of its own. */
const OUR_FAILURES: readonly string[] = ["no-sources", "no-home", "cannot-write"];

function exitCodeOf(error: InputError, rest: readonly string[] | undefined): number {
  if (rest !== undefined && OUR_FAILURES.includes(error.code)) return 125;
  return EXIT_CODES[error.code] ?? 2;
}

/** One line and its hint. File names and what other programs said may hold anything: it must not steer the terminal. */
function explain({ message, hint }: InputError, harmless: (text: string) => string): string {
  const lines = [`joulecast: ${message.replaceAll(/\s*[\r\n]+\s*/g, " ")}`, ...(hint === "" ? [] : [`  → ${hint}`])];
  return `${lines.map(harmless).join("\n")}\n`;
}

/** Commander's complaint as one of ours: its text without "error: ", its suggestion kept. */
function asInputError(error: CommanderError): InputError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  return new InputError(
    "bad-usage",
    [first, ...rest].join(" ").trim(),
    "`joulecast --help` or `joulecast COMMAND --help` shows what can be given",
  );
}

/** Recognised without loading the library: --help needs none of it. */
const isCommanderError = (caught: unknown): caught is CommanderError =>
  caught instanceof Error && "exitCode" in caught && "code" in caught && String(caught.code).startsWith("commander.");

/** A folder that is gone has no config. */
function folderHere(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The options, with what the nearest config file supplies. */
async function configured(name: string, made: Program, given: OptionValues, verbose: Tell): Promise<OptionValues> {
  const folder = given.config === false ? undefined : folderHere();
  const { findConfig, readConfig, withConfig } = await import("./config.ts");
  const path = folder === undefined ? undefined : findConfig(folder);
  if (path === undefined) return given;
  const { options, supplied } = withConfig(
    await readConfig(path),
    name,
    given,
    (key) => made.getOptionValueSource(key) === "cli",
  );
  verbose(options, `${path} supplied ${supplied.length === 0 ? "nothing" : supplied.join(", ")}`);
  return options;
}

/** Says a line when the options ask for many words. */
type Tell = (options: OptionValues, line: string) => void;

/**
 * Runs one command line and returns the exit code.
 * @param words the words after "joulecast"
 */
export async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  const argv = asked(words);
  await prepareToSample(argv);
  const version = await packageVersion();
  const before = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const wants = { json: before.includes("--json"), verbose: before.includes("--verbose") };
  const startMs = performance.now();
  const verbose: Tell = (options, line) => {
    if (options.verbose === true && options.quiet !== true) terminal.stderr.write(`joulecast: ${line}\n`);
  };
  let rest: readonly string[] | undefined;
  let running = commandNamed(argv);
  let exitCode = 0;
  let isPrinted = false;
  try {
    if (argv.length === 0)
      throw new InputError(
        "no-command",
        "no command given",
        "`joulecast --help` lists the commands; try `joulecast estimate zoo:deeprx`",
      );
    if (await answerAtOnce(argv, version, terminal)) return 0;
    const commands = await loadCommands(argv[0]!, argv.slice(1));
    const [{ Command: Program }, { describe }] = await Promise.all([import("commander"), import("./describe.ts")]);
    const program = new Program("joulecast")
      .exitOverride()
      .helpCommand(false)
      .showSuggestionAfterError(true)
      // `zoo write … --json`: an option belongs to the command that it stands behind, not to the one above.
      .enablePositionalOptions()
      .configureOutput({
        writeOut: (text) => terminal.stdout.write(text),
        writeErr: () => {},
        getOutHelpWidth: () => Math.min(terminal.stdout.columns ?? 80, 100),
      });
    const end = commands.some((command) => command.takesRest) ? argv.indexOf("--") : -1;
    const ours = end < 0 ? argv : argv.slice(0, end);
    rest = end < 0 ? undefined : argv.slice(end + 1);
    for (const command of commands) {
      const made = describe(program, command).action(async (...received: unknown[]) => {
        running = command.name;
        const options = await configured(command.name, made, received.at(-2) as OptionValues, verbose);
        wants.json ||= options.json === true;
        const args = received
          .slice(0, -2)
          .flat()
          .filter((value): value is string => typeof value === "string");
        const { checkOutput, print, shownOptions, writeFiles } = await import("./output.ts");
        const shown = shownOptions(options as OutputOptions, command.out !== undefined);
        await checkOutput(options as OutputOptions, command.out !== undefined, args);
        const context = await contextOf(terminal, version, rest, options.quiet === true);
        verbose(options, `${command.name} loaded after ${Math.round(performance.now() - startMs)} ms`);
        const outcome = await command.run(args, options, context);
        const provenance = { command: command.name, version, argv };
        const text = print(outcome, provenance, shown, terminal);
        isPrinted = true;
        await writeFiles(text, outcome, provenance, shown, terminal);
        verbose(options, `${command.name} done after ${Math.round(performance.now() - startMs)} ms`);
        exitCode = (await outcome.afterwards?.()) ?? outcome.exitCode ?? 0;
      });
    }
    await program.parseAsync([...ours], { from: "user" });
    return exitCode;
  } catch (caught) {
    if (isCommanderError(caught) && caught.exitCode === 0) return 0;
    const error = isCommanderError(caught) ? asInputError(caught) : caught;
    if (!(error instanceof InputError)) throw error;
    if (wants.json && !isPrinted) {
      const { code, message, hint } = error;
      terminal.stdout.write(
        `${JSON.stringify({ schema: `joulecast/${running === "" ? "error" : running.replaceAll(" ", "-")}/1`, version, command: running, error: { code, message, hint } })}\n`,
      );
    }
    const { harmless } = await import("../report/width.ts");
    terminal.stderr.write(explain(error, harmless));
    if (wants.verbose) terminal.stderr.write(`${error.stack ?? ""}\n`);
    return exitCodeOf(error, rest);
  }
}

/** The command that the words begin with, "" when they begin with none: what an error is said to be of. */
function commandNamed(argv: readonly string[]): string {
  const names = Object.keys(COMMANDS);
  return [argv.slice(0, 2).join(" "), argv[0] ?? ""].find((name) => names.includes(name)) ?? "";
}

/** True when this file is the program, also through the link that npm makes in node_modules/.bin. */
function isProgram(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  const argv = process.argv.slice(2);
  const terminal = { stdout: process.stdout, stderr: process.stderr };
  const measures = argv.includes("--");
  await runProgram(() => main(argv, terminal), ...(measures ? [{ bug: 125, unwritten: 125 }] : []));
}
