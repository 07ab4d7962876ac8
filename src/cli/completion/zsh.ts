// Completion for zsh: one _arguments line per command, chosen by the first words.
import { below, type CommandWords, firstWords, shellQuoted, short } from "./words.ts";

/** In _arguments, brackets and colons part a specification. */
const plain = (text: string): string => text.replaceAll(/[[\]:\\]/g, " ");

function argumentsOf(command: CommandWords): string {
  const options = command.options.map(({ name, value, values, description }) => {
    const action = values.length > 0 ? `(${values.join(" ")})` : "_files";
    return shellQuoted(`*--${name}[${plain(short(description))}]${value === "none" ? "" : `:value:${action}`}`);
  });
  const others =
    command.values.length > 0
      ? // The space before keeps _arguments from putting options of its own in front of the words.
        `*:argument: _joulecast_or_files ${command.values.map((value) => value.replaceAll(":", "\\:")).join(" ")}`
      : "*:file:_files";
  return [...options, "'--help[show options and examples]'", shellQuoted(others)].join(" ");
}

const menu = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([word, text]) => shellQuoted(`${word.replaceAll(":", "\\:")}:${short(text)}`)).join(" ");

export function zshScript(commands: readonly CommandWords[]): string {
  const words = firstWords(commands);
  const summary = (name: string): string => commands.find((command) => command.name === name)?.summary ?? name;
  const nested = words.filter((word) => below(word, commands).length > 0);
  return `#compdef joulecast
# zsh completion for joulecast; made by: joulecast completion zsh
_joulecast_or_files() { compadd -- "$@"; _files }
_joulecast() {
  local -a rows
  if (( CURRENT == 2 )); then
    rows=(${menu(words.map((word) => [word, summary(word)] as const))})
    _describe command rows
    return
  fi
  local command=\${words[2]}
  case "$command" in
${nested
  .map((word) => {
    const rows = below(word, commands);
    const own = commands.some(({ name }) => name === word) ? "" : " return;";
    return `    ${word}) if (( CURRENT == 3 )); then rows=(${menu(rows.map((row) => [row, summary(`${word} ${row}`)] as const))}); _describe subcommand rows;${own} fi
      case "\${words[3]}" in ${rows.join("|")}) command="$command \${words[3]}" ;; esac ;;`;
  })
  .join("\n")}
  esac
  case "$command" in
${commands.map((command) => `    ${shellQuoted(command.name)}) _arguments ${argumentsOf(command)} ;;`).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_joulecast" ]; then _joulecast "$@"; else compdef _joulecast joulecast; fi
`;
}
