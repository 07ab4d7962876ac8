// A command's data as a program of the commander library: words, arguments, options, help.
import type { Command as Program } from "commander";
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import type { Command } from "./command.ts";
import { allOptions } from "./standard-options.ts";

const collect = (value: string, previous: readonly string[] | undefined): readonly string[] => [
  ...(previous ?? []),
  value,
];

/** Words that are no commands themselves: "data" of "data get", while "zoo" of "zoo write" is one. */
const onlyWords = new WeakSet<Program>();

function parentOf(program: Program, word: string): Program {
  const found = program.commands.find((child) => child.name() === word);
  if (found !== undefined) return found;
  const hint = `\`joulecast ${word} --help\` lists what can follow`;
  const made = program
    .command(word)
    .summary(`\`joulecast ${word} --help\` lists what it can do`)
    .helpCommand(false)
    .allowExcessArguments(true)
    .allowUnknownOption(true)
    .action(() => {
      const second = made.args.find((each) => !each.startsWith("-"));
      if (second === undefined) throw new InputError("no-command", `"${word}" alone is no command`, hint);
      const known = made.commands.map((child) => `${word} ${child.name()}`);
      throw unknownName("command", `${word} ${second}`, known, hint);
    });
  onlyWords.add(made);
  return made;
}

/** A line of the shell in at most `width` columns, broken before an option or a redirection as one would break it by hand. */
function brokenLine(line: string, width: number): string {
  // Never between quotes: an even number of them follows.
  const pieces = line.split(/ (?=-{1,2}[a-z]|> )(?=(?:[^']*'[^']*')*[^']*$)/);
  const lines = [pieces[0]!];
  for (const piece of pieces.slice(1)) {
    const longer = `${lines.at(-1)} ${piece}`;
    // Room for the backslash that a next line needs.
    if (longer.length + 2 <= width) lines[lines.length - 1] = longer;
    else lines.push(`    ${piece}`);
  }
  return lines.join(" \\\n");
}

/** Examples under a command's help, as wide as its help is. */
function addExamples(made: Program, examples: readonly string[], heading = "\nExamples:\n"): void {
  if (examples.length === 0) return;
  const shown = (width: number) =>
    examples.map((line) => `  $ ${brokenLine(line, width - 4).replaceAll("\n", "\n    ")}`);
  made.addHelpText("after", () => heading + shown(made.configureOutput().getOutHelpWidth?.() ?? 80).join("\n"));
}

/** Adds a command to the program. @returns what an action can be given to */
export function describe(program: Program, command: Command): Program {
  const words = command.name.split(" ");
  const parent = words.length === 1 ? program : parentOf(program, words[0]!);
  const made = parent
    .command(words.at(-1)!)
    .summary(command.summary)
    .description(command.summary)
    .helpCommand(false)
    .allowExcessArguments(false);
  if (command.usage !== undefined) made.usage(command.usage);
  for (const argument of command.arguments) {
    const name = argument.name + (argument.variadic ? "..." : "");
    made.argument(argument.required ? `<${name}>` : `[${name}]`, argument.description);
  }
  for (const option of allOptions(command)) {
    if (option.repeatable) made.option(option.flags, option.description, collect);
    else made.option(option.flags, option.description);
  }
  if (command.notes !== undefined) made.addHelpText("after", `\n${command.notes.join("\n")}`);
  addExamples(made, command.examples);
  // A word that is no command itself shows one example of each command below it.
  if (onlyWords.has(parent))
    addExamples(parent, command.examples.slice(0, 1), parent.commands.length > 1 ? "" : undefined);
  return made;
}
