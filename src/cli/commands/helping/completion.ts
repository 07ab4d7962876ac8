// `joulecast completion bash|zsh|fish`: the script that lets a shell complete commands, options, devices and networks.
import { readCatalogue } from "../../../node/catalogue.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { Command } from "../../command.ts";
import { SHELLS } from "../../completion/table.ts";
import { commandWords } from "../../completion/words.ts";
import { TOPICS } from "../../topics/table.ts";

export const completion: Command = {
  name: "completion",
  summary: "print the script that lets bash, zsh or fish complete what you type",
  arguments: [{ name: "shell", description: Object.keys(SHELLS).join(", "), required: true }],
  options: [],
  notes: [
    "Where the shells look for it:",
    ...Object.values(SHELLS).map(({ install }) => install),
    "For this session alone: source <(joulecast completion bash)",
  ],
  examples: ["joulecast completion bash"],
  run: async ([name = ""], _options, context) => {
    const shells = Object.keys(SHELLS);
    const shell = SHELLS[name];
    if (shell === undefined) throw unknownName("shell", name, shells, `choose one of ${shells.join(", ")}`);
    const devices = (await readCatalogue()).map(({ id }) => id);
    const words = commandWords(await context.commands(), { devices, shells, topics: Object.keys(TOPICS) });
    const text = shell.script(words);
    return {
      result: { shell: name, script: text, install: shell.install },
      document: { title: `completion for ${name}`, sections: [{ kind: "notes", notes: [shell.install] }] },
      text,
    };
  },
};
