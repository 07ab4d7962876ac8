// `joulecast history rm ID…`: removes runs for good, all of those named or none.
import { countCell, textCell } from "../../../report/show.ts";
import type { Command } from "../../command.ts";
import { openUserStore } from "./stored-runs.ts";

export const historyRm: Command = {
  name: "history rm",
  summary: "remove runs from the store for good",
  arguments: [{ name: "id", description: "runs, by id or its first letters", required: true, variadic: true }],
  options: [],
  examples: ["joulecast history rm 06dn3pqzvc1s"],
  run: async (words) => {
    const { store, messages } = await openUserStore();
    // All must be found before the first is removed.
    const runs = [...new Set(words.map((word) => store.getRun(word).id))].map((id) => store.getRun(id));
    for (const { id } of runs) await store.removeRun(id);
    return {
      result: { removed: runs.map(({ id }) => id) },
      document: {
        title: "Removed",
        sections: [
          {
            kind: "table",
            name: "removed",
            main: true,
            columns: [{ title: "run" }, { title: "command" }],
            rows: runs.map(({ id, command }) => [textCell(id), textCell(command)]),
          },
          { kind: "notes", notes: [`${countCell(runs.length).text} removed for good`] },
        ],
      },
      remarks: messages,
    };
  },
};
