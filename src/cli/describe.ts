// A command's data as a program of the commander library: words, arguments, options, help.
import type { Command as Program } from "commander";
import { InputError } from "../units/input-error.ts";
import type { Command } from "./command.ts";
import { allOptions } from "./standard-options.ts";

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
  if (command.examples.length > 0)
    made.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  return made;
}
