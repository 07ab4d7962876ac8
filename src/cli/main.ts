#!/usr/bin/env node
// The program: picks the command, prints its result in the form asked for, and turns errors into exit codes.
// The only place that catches and exits. Exit codes: 0 done, 1 a limit exceeded, 2 the user's input, 130 interrupted; commands that
// run a program exit with the program's code, and with 125 (our failure), 126 (not executable) or 127 (not found) of their own.
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CommanderError, Command as Program } from "commander";
import { formatProgress } from "../report/progress.ts";
import { InputError } from "../units/input-error.ts";
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

/** Loads the commands that the first word names, all of them when it names none (help, typing errors). */
async function loadCommands(firstWord: string | undefined): Promise<readonly Command[]> {
  const names = Object.keys(COMMANDS);
  const named = names.filter((name) => name.split(" ")[0] === firstWord);
  return Promise.all((named.length > 0 ? named : names).map((name) => COMMANDS[name]!()));
}

const collect = (value: string, previous: readonly string[] | undefined): readonly string[] => [
  ...(previous ?? []),
  value,
];

/** "data" of "data get" is a word only, "zoo" of "zoo write" a command itself. */
function parentOf(program: Program, word: string): Program {
  const found = program.commands.find((child) => child.name() === word);
  if (found !== undefined) return found;
  return program
    .command(word)
    .summary(`\`joulecast ${word} --help\` lists what it can do`)
    .action(() => {
      throw new InputError(
        "no-command",
        `"${word}" alone is no command`,
        `\`joulecast ${word} --help\` lists what can follow`,
      );
    });
}

function describe(program: Program, command: Command): Program {
  const words = command.name.split(" ");
  const parent = words.length === 1 ? program : parentOf(program, words[0]!);
  const made = parent
    .command(words.at(-1)!)
    .summary(command.summary)
    .description(command.summary)
    .allowExcessArguments(false);
  if (command.usage !== undefined) made.usage(command.usage);
  for (const argument of command.arguments) {
    const name = argument.name + (argument.variadic ? "..." : "");
    made.argument(argument.required ? `<${name}>` : `[${name}]`, argument.description);
  }
  for (const option of command.options) {
    if (option.repeatable) made.option(option.flags, option.description, collect);
    else made.option(option.flags, option.description);
  }
  made
    .option("--json", "print one JSON object (SI units, full precision) and nothing else")
    .option("--csv", "print the main table as CSV, full precision")
    .option("--table <name>", "with --csv: another table of the report, or all")
    .option("--markdown", "print the report as Markdown")
    .option("--full", "print every row, also in the terminal")
    .option("--html <file>", "also write the report with charts as one self-contained HTML file")
    .option("--out <file>", command.out ?? "also write what is printed to a file")
    .option("--quiet", "no progress and no remarks on stderr");
  if (command.notes !== undefined) made.addHelpText("after", `\n${command.notes.join("\n")}`);
  if (command.examples.length > 0)
    made.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  return made;
}

/** Least time before a state is shown, and between two of them, s. */
const PROGRESS_S = { after: 1, between: 0.1 };

/** Progress is one line on stderr when a person is watching. */
function contextOf(
  terminal: Terminal,
  version: string,
  rest: readonly string[] | undefined,
  quiet: boolean,
): CommandContext {
  const shown = terminal.stderr.isTTY === true && !quiet;
  const startMs = performance.now();
  let nextS = PROGRESS_S.after;
  return {
    version,
    rest,
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

function explain(error: InputError): string {
  return `joulecast: ${error.message}${error.hint === "" ? "" : `\n  → ${error.hint}`}\n`;
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

/**
 * Runs one command line and returns the exit code.
 * @param argv the words after "joulecast"
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  await prepareToSample(argv);
  const version = await packageVersion();
  const wantsJson = argv.includes("--json") && !argv.slice(0, argv.indexOf("--json")).includes("--");
  let rest: readonly string[] | undefined;
  let running = commandNamed(argv);
  let exitCode = 0;
  let isPrinted = false;
  const program = new Program("joulecast")
    .description("Tells where the joules of a neural network go.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError(true)
    // `zoo write … --json`: an option belongs to the command that it stands behind, not to the one above.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(terminal.stdout.columns ?? 80, 100),
    });
  try {
    const commands = await loadCommands(argv[0]);
    const end = commands.some((command) => command.takesRest) ? argv.indexOf("--") : -1;
    const ours = end < 0 ? argv : argv.slice(0, end);
    rest = end < 0 ? undefined : argv.slice(end + 1);
    for (const command of commands) {
      describe(program, command).action(async (...received: unknown[]) => {
        running = command.name;
        const options = received.at(-2) as OptionValues;
        const args = received
          .slice(0, -2)
          .flat()
          .filter((value): value is string => typeof value === "string");
        const { checkOutput, print, writeFiles } = await import("./output.ts");
        checkOutput(options as OutputOptions);
        const { out, ...others } = options as OutputOptions;
        const shown = command.out === undefined && out !== undefined ? { ...others, out } : others;
        const outcome = await command.run(args, options, contextOf(terminal, version, rest, options.quiet === true));
        const provenance = { command: command.name, version, argv };
        const text = print(outcome, provenance, shown, terminal);
        isPrinted = true;
        await writeFiles(text, outcome, provenance, shown, terminal);
        exitCode = (await outcome.afterwards?.()) ?? outcome.exitCode ?? 0;
      });
    }
    if (argv.length === 0)
      throw new InputError(
        "no-command",
        "no command given",
        "`joulecast --help` lists the commands; try `joulecast estimate zoo:deeprx`",
      );
    await program.parseAsync([...ours], { from: "user" });
    return exitCode;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return 0;
    const error = caught instanceof CommanderError ? asInputError(caught) : caught;
    if (!(error instanceof InputError)) throw error;
    if (wantsJson && !isPrinted) {
      const { code, message, hint } = error;
      terminal.stdout.write(
        `${JSON.stringify({ schema: `joulecast/${running === "" ? "error" : running.replaceAll(" ", "-")}/1`, version, command: running, error: { code, message, hint } })}\n`,
      );
    }
    terminal.stderr.write(explain(error));
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
  await (argv.includes("--") ? runProgram(() => main(argv, terminal), 125) : runProgram(() => main(argv, terminal)));
}
