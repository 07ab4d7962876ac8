// Completion for bash 4 and later: a function over COMP_WORDS with the words in case statements; nothing is run while typing.
import { below, type CommandWords, firstWords, shellQuoted } from "./words.ts";

const optionNames = (command: CommandWords): string => command.options.map(({ name }) => `--${name}`).join(" ");

function valueCases(commands: readonly CommandWords[]): readonly string[] {
  const lines = commands.flatMap((command) =>
    command.options
      .filter(({ value }) => value === "required")
      .map(
        ({ name, values }) =>
          `    ${shellQuoted(`${command.name} --${name}`)}) values=${shellQuoted(values.join(" "))}; taken=1 ;;`,
      ),
  );
  return lines;
}

export function bashScript(commands: readonly CommandWords[]): string {
  const words = firstWords(commands);
  const nested = words.filter((word) => below(word, commands).length > 0);
  return `# bash completion for joulecast; made by: joulecast completion bash
_joulecast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} second=\${COMP_WORDS[2]}
  local values='' taken='' options='' prefix=''
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=( $(compgen -W ${shellQuoted(`${words.join(" ")} --help --version`)} -- "$cur") )
    return
  fi
  # bash parts words at the colon of zoo:NAME; they are put together again.
  if [[ $cur == : ]]; then cur=$prev:; prefix=$prev:; prev=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $prev == : ]]; then prefix=\${COMP_WORDS[COMP_CWORD-2]}:; cur=$prefix$cur; prev=\${COMP_WORDS[COMP_CWORD-3]}
  fi
  case "$command" in
${nested.map((word) => `    ${word}) case "$second" in ${below(word, commands).join("|")}) (( COMP_CWORD > 2 )) && command="$command $second" ;; esac ;;`).join("\n")}
  esac
  case "$command $prev" in
${valueCases(commands).join("\n")}
  esac
  if [[ -n $taken ]]; then
    # The last of a list: a,b,c
    if [[ -n $values && $cur == *,* ]]; then prefix=''; local done=\${cur%,*},
      COMPREPLY=( $(compgen -P "$done" -W "$values" -- "\${cur##*,}") )
    elif [[ -n $values ]]; then COMPREPLY=( $(compgen -W "$values" -- "$cur") )
    else COMPREPLY=( $(compgen -f -- "$cur") ); fi
  else
    case "$command" in
${commands.map((command) => `      ${shellQuoted(command.name)}) options=${shellQuoted(`${optionNames(command)} --help`)}; values=${shellQuoted(command.values.join(" "))} ;;`).join("\n")}
    esac
    case "$command" in
${nested.map((word) => `      ${word}) (( COMP_CWORD == 2 )) && values="$values ${below(word, commands).join(" ")}" ;;`).join("\n")}
    esac
    if [[ $cur == -* ]]; then COMPREPLY=( $(compgen -W "$options" -- "$cur") )
    else COMPREPLY=( $(compgen -W "$values" -- "$cur") $(compgen -f -- "$cur") ); fi
  fi
  [[ -n $prefix ]] && COMPREPLY=( "\${COMPREPLY[@]#"$prefix"}" )
  return 0
}
complete -o filenames -F _joulecast joulecast
`;
}
