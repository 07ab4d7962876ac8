// The options that every command has besides its own: how its result is shown, and what is said on stderr meanwhile.
import type { Command, OptionSpec } from "./command.ts";

const OUTPUT: readonly OptionSpec[] = [
  { flags: "--json", description: "print one JSON object (SI units, full precision) and nothing else" },
  { flags: "--csv", description: "print the main table as CSV, full precision" },
  { flags: "--table <name>", description: "with --csv: another table of the report, or all" },
  { flags: "--markdown", description: "print the report as Markdown" },
  { flags: "--full", description: "print every row, also in the terminal" },
  { flags: "--html <file>", description: "also write the report with charts as one self-contained HTML file" },
];

const TALK: readonly OptionSpec[] = [
  { flags: "--quiet", description: "no progress and no remarks on stderr" },
  {
    flags: "--verbose",
    description: "say on stderr what the config file supplied, how long it took, and where errors arose",
  },
  { flags: "--no-config", description: "read no joulecast.config.json" },
];

const DEFAULT_OUT = 'also write what is printed to a file ("-" is stdout)';

/** All options of a command, its own first. An own option of the same name replaces the standard one. */
export function allOptions({ options, out = DEFAULT_OUT }: Pick<Command, "options" | "out">): readonly OptionSpec[] {
  const own = new Set(options.map(({ flags }) => flags.split(" ")[0]));
  const standard = [...OUTPUT, { flags: "--out <file>", description: out }, ...TALK];
  return [...options, ...standard.filter(({ flags }) => !own.has(flags.split(" ")[0]))];
}

/** Whether an option takes a value, and what it is called. */
export interface OptionForm {
  /** Without dashes: "max-increase"; "no-save" stays "no-save". */
  readonly name: string;
  readonly value: "none" | "optional" | "required";
}

/** "--dim <name=n>" → { name: "dim", value: "required" }. */
export function formOf({ flags }: OptionSpec): OptionForm {
  const [, name = "", bracket] = /--([\w-]+)\s*([<[])?/.exec(flags) ?? [];
  return { name, value: bracket === "<" ? "required" : bracket === "[" ? "optional" : "none" };
}

/** As commander names its values: "max-j" → "maxJ", "no-save" → "save". */
export const valueKey = (name: string): string =>
  name.replace(/^no-/, "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
