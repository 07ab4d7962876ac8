// The shells that completion can be written for, and where each keeps such a script.
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import type { CommandWords } from "./words.ts";
import { zshScript } from "./zsh.ts";

export interface Shell {
  readonly script: (commands: readonly CommandWords[]) => string;
  /** A command line that keeps the script where the shell looks. */
  readonly install: string;
}

export const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    script: bashScript,
    install: "joulecast completion bash > ~/.local/share/bash-completion/completions/joulecast",
  },
  zsh: { script: zshScript, install: 'joulecast completion zsh > "$' + '{fpath[1]}/_joulecast"' },
  fish: { script: fishScript, install: "joulecast completion fish > ~/.config/fish/completions/joulecast.fish" },
};
