// `joulecast help TOPIC`: what no single command's --help can say. `help` alone and `help COMMAND` are answered by main.ts.
import { unknownName } from "../../../units/nearest.ts";
import type { Command } from "../../command.ts";
import { TOPICS } from "../../topics/table.ts";

export const help: Command = {
  name: "help",
  summary: "explain a topic (metrics, meters, units, config, ...), or a command",
  arguments: [{ name: "topic", description: `${Object.keys(TOPICS).join(", ")}, or a command`, required: false }],
  options: [],
  examples: ["joulecast help intervals", "joulecast help estimate"],
  run: async ([name = ""], _options, context) => {
    const load = TOPICS[name.toLowerCase()];
    if (load === undefined)
      throw unknownName(
        "topic",
        name,
        [...Object.keys(TOPICS), ...(await context.commands()).map((command) => command.name)],
        `topics: ${Object.keys(TOPICS).join(", ")}; \`joulecast --help\` lists the commands`,
      );
    const { title, text } = await load();
    return {
      result: { topic: name.toLowerCase(), title, text },
      document: { title, sections: [{ kind: "notes", notes: text.split("\n\n") }] },
      text: `${title}\n\n${text}\n`,
    };
  },
};
