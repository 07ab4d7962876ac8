// What a command is: data. One command per file in commands/; table.ts lists them; main.ts turns them into a program.
// A command reads its options, calls pure code, and returns a result; printing and exit codes are main's.
import type { Document } from "../report/document.ts";
import type { Progress } from "../report/progress.ts";

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic?: boolean;
}

export interface OptionSpec {
  /** As commander writes it: "--batch <n>", "--training". */
  readonly flags: string;
  /** Meaning, unit, default and range. */
  readonly description: string;
  /** May be given several times; the values are collected. */
  readonly repeatable?: boolean;
}

/** Option values by camel-case name: text, several texts, or true. */
export type OptionValues = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** What main hands to a command besides its arguments. */
export interface CommandContext {
  /** Of this program. */
  readonly version: string;
  /**
   * One line of progress on stderr when a person watches; nothing otherwise. Text is shown at once, a state only when the work has
   * taken over a second. An empty line clears it.
   */
  progress(state: string | Omit<Progress, "elapsedS">): void;
  /** The words after `--`, for commands that take them; undefined when there was no `--`. */
  readonly rest: readonly string[] | undefined;
  /** What all commands are called and take, in the order of the table. */
  commands(): Promise<readonly IndexedCommand[]>;
}

export interface Outcome {
  /** The JSON contract's `result`. */
  readonly result: Readonly<Record<string, unknown>>;
  /** The same for people. A getter where it takes long to build: JSON does not need it. */
  readonly document: Document;
  /** 1 when a limit that the user set is exceeded or a comparison failed; for commands that run a program, the program's. Default 0. */
  readonly exitCode?: number;
  /** Where the text form goes: "stderr" leaves stdout to the program that was run, "nowhere" is for scripts. Default "stdout". */
  readonly textTo?: "stdout" | "stderr" | "nowhere";
  /** Lines for stderr: what was noticed, files written. */
  readonly remarks?: readonly string[];
  /** Lines for stderr that say why the exit code is 1. Told with --quiet too: a failure without a reason helps nobody. */
  readonly failures?: readonly string[];
  /** Printed as it is where the document would be printed as text: what another program reads (`export --prometheus`). */
  readonly text?: string;
  /** What goes on after the result has been printed: a server. Its value is the exit code. */
  readonly afterwards?: () => Promise<number>;
}

export interface Command {
  /** "estimate", or "zoo write" for a command below another. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  /** What follows `--` is a command line of the user's: nothing in it is read as ours, and `run` finds it in context.rest. */
  readonly takesRest?: boolean;
  /** Words after the name in --help, where the usual ones do not do. */
  readonly usage?: string;
  readonly options: readonly OptionSpec[];
  /** What --out is for where the command writes that file itself ("where to write the predictor"). Default: what is printed. */
  readonly out?: string;
  /** Shown by --help below the options: lines of at most 80 columns. */
  readonly notes?: readonly string[];
  /** Shown by --help: complete command lines. */
  readonly examples: readonly string[];
  run(args: readonly string[], options: OptionValues, context: CommandContext): Promise<Outcome>;
}

/** A command without what it does: for --help, completion and the config file. */
export interface IndexedCommand {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  /** Its own: the standard ones are standard-options.ts. */
  readonly options: readonly OptionSpec[];
  readonly takesRest: boolean;
}
