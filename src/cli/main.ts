#!/usr/bin/env node
// The program: picks the command, prints its result in the form asked for, and turns errors into exit codes.
// The only place that catches and exits. Exit codes: 0 done, 1 a limit exceeded, 2 the user's input, 130 interrupted.
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CommanderError, Command as Program } from "commander";
import { InputError } from "../units/input-error.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "./command.ts";
import { type OutputOptions, present } from "./output.ts";
import { COMMANDS } from "./table.ts";

/** Streams the program writes to; tests give their own. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
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

function describe(program: Program, command: Command): Program {
  const words = command.name.split(" ");
  const parent = words.length === 1 ? program : program.commands.find((child) => child.name() === words[0])!;
  const made = parent
    .command(words.at(-1)!)
    .summary(command.summary)
    .description(command.summary)
    .allowExcessArguments(false);
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
    .option("--out <file>", "also write what is printed to a file")
    .option("--quiet", "no progress and no remarks on stderr");
  if (command.examples.length > 0)
    made.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  return made;
}

/** One progress line on stderr when a person is watching. */
function progressContext(terminal: Terminal, quiet: boolean): CommandContext {
  const shown = terminal.stderr.isTTY === true && !quiet;
  return { progress: (line) => shown && terminal.stderr.write(`\r\u001b[2K${line}`) };
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
  const version = await packageVersion();
  const wantsJson = argv.includes("--json") && !argv.slice(0, argv.indexOf("--json")).includes("--");
  let running = argv[0] ?? "";
  let exitCode = 0;
  const program = new Program("joulecast")
    .description("Tells where the joules of a neural network go.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(terminal.stdout.columns ?? 80, 100),
    });
  try {
    for (const command of await loadCommands(argv[0])) {
      describe(program, command).action(async (...received: unknown[]) => {
        running = command.name;
        const options = received.at(-2) as OptionValues;
        const args = received.slice(0, -2).filter((value): value is string => typeof value === "string");
        const outcome: Outcome = await command.run(args, options, progressContext(terminal, options.quiet === true));
        await present(outcome, { command: command.name, version, argv }, options as OutputOptions, terminal);
        exitCode = outcome.exitCode ?? 0;
      });
    }
    if (argv.length === 0)
      throw new InputError(
        "no-command",
        "no command given",
        "`joulecast --help` lists the commands; try `joulecast estimate zoo:deeprx`",
      );
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return 0;
    const error = caught instanceof CommanderError ? asInputError(caught) : caught;
    if (!(error instanceof InputError)) throw error;
    if (wantsJson) {
      const { code, message, hint } = error;
      terminal.stdout.write(
        `${JSON.stringify({ schema: `joulecast/${running.replace(" ", "-")}/1`, version, command: running, error: { code, message, hint } })}\n`,
      );
    }
    terminal.stderr.write(explain(error));
    return 2;
  }
}

/** True when this file is the program, also through the link that npm makes in node_modules/.bin. */
function isProgram(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  // A reader that goes away (`joulecast zoo | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  process.on("SIGINT", () => process.exit(130));
  try {
    process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
  } catch (bug) {
    process.stderr.write(
      `joulecast: this is a bug, please report it with the command line\n${(bug as Error).stack ?? bug}\n`,
    );
    process.exitCode = 70; // EX_SOFTWARE
  }
}
