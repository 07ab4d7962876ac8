// Completion for fish: one complete line per command and option, with its condition.
import { below, type CommandWords, firstWords, short } from "./words.ts";

/** fish knows two escapes inside single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** True behind exactly the words of a command. */
function behind(name: string, commands: readonly CommandWords[]): string {
  const [first = "", second] = name.split(" ");
  const seen = `__fish_seen_subcommand_from ${first}`;
  if (second !== undefined) return `${seen}; and __fish_seen_subcommand_from ${second}`;
  const others = below(first, commands);
  return others.length === 0 ? seen : `${seen}; and not __fish_seen_subcommand_from ${others.join(" ")}`;
}

function linesOf(command: CommandWords, commands: readonly CommandWords[]): readonly string[] {
  const condition = `-n ${quoted(behind(command.name, commands))}`;
  const options = command.options.map(({ name, value, values, description }) => {
    const takes = value === "none" ? "" : values.length > 0 ? ` -x -a ${quoted(values.join(" "))}` : " -r";
    return `complete -c joulecast ${condition} -l ${name}${takes} -d ${quoted(short(description))}`;
  });
  const values =
    command.values.length === 0 ? [] : [`complete -c joulecast ${condition} -a ${quoted(command.values.join(" "))}`];
  return [...options, ...values];
}

export function fishScript(commands: readonly CommandWords[]): string {
  const summary = (name: string): string => commands.find((command) => command.name === name)?.summary ?? name;
  const first = firstWords(commands).flatMap((word) => [
    `complete -c joulecast -n __fish_use_subcommand -f -a ${word} -d ${quoted(short(summary(word)))}`,
    ...below(word, commands).map(
      (row) =>
        `complete -c joulecast -n ${quoted(behind(word, commands))} -a ${row} -d ${quoted(short(summary(`${word} ${row}`)))}`,
    ),
  ]);
  return `# fish completion for joulecast; made by: joulecast completion fish
${first.join("\n")}
complete -c joulecast -l help -d 'show options and examples'
complete -c joulecast -n __fish_use_subcommand -l version -d 'say which version this is'
${commands.flatMap((command) => linesOf(command, commands)).join("\n")}
`;
}
