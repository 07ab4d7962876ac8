// What a command is: data. One command per file in commands/; table.ts lists them; main.ts turns them into a program.
// A command reads its options, calls pure code, and returns a result; printing and exit codes are main's.
import type { Document } from "../report/document.ts";

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
  /** One line of progress on stderr when a person watches; nothing otherwise. An empty line clears it. */
  progress(line: string): void;
}

export interface Outcome {
  /** The JSON contract's `result`. */
  readonly result: Readonly<Record<string, unknown>>;
  /** The same for people. */
  readonly document: Document;
  /** 1 when a limit that the user set is exceeded. Default 0. */
  readonly exitCode?: 0 | 1;
  /** Lines for stderr: limits exceeded, files written. */
  readonly remarks?: readonly string[];
}

export interface Command {
  /** "estimate", or "zoo write" for a command below another. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Shown by --help: complete command lines. */
  readonly examples: readonly string[];
  run(args: readonly string[], options: OptionValues, context: CommandContext): Promise<Outcome>;
}
