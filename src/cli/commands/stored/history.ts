// `joulecast history [ID]`: earlier runs, listed and asked by conditions, or one in full.

import type { RunFilter } from "../../../node/store/run-index.ts";
import { summarise } from "../../../node/store/stored-run.ts";
import { historyDocument, runDocument } from "../../../report/history-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { countOption, textOption } from "../../options.ts";
import { openUserStore, SINCE_OPTION, sinceOption } from "./stored-runs.ts";

const CONDITIONS = ["--command", "--since", "--kind", "--limit", "--where"] as const;

function filterFrom(options: OptionValues): RunFilter {
  const given = {
    command: textOption(options, "--command"),
    since: sinceOption(options),
    kind: textOption(options, "--kind"),
    limit: countOption(options, "--limit"),
    where: textOption(options, "--where"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export const history: Command = {
  name: "history",
  summary: "list and query earlier runs, or show one in full",
  arguments: [{ name: "id", description: "one run, by its id or the first letters of it", required: false }],
  options: [
    { flags: "--command <text>", description: "only runs whose command holds this text" },
    SINCE_OPTION,
    { flags: "--kind <kind>", description: "only measured, integrated, modelled or mixed" },
    { flags: "--limit <n>", description: "the newest n only (default: all)" },
    {
      flags: "--where <sql>",
      description:
        "SQL condition over id, startedAt, command, kind, complete, durationS, exitCode, grossJ, netJ, origin, …",
    },
  ],
  notes: [
    "runs lie in the folder JOULECAST_HOME names; without it, where the system",
    "keeps data: on Linux ~/.local/share/joulecast",
  ],
  examples: [
    "joulecast history",
    "joulecast history --since 7d --command infer.py --limit 10",
    "joulecast history --where 'netJ > 100 AND complete' --json",
    "joulecast history rm 06dn3p",
  ],
  run: async ([id], options) => {
    const asked = CONDITIONS.flatMap((flag) => {
      const text = textOption(options, flag);
      return text === undefined ? [] : [`${flag.slice(2)} ${text}`];
    });
    if (id !== undefined && asked.length > 0)
      throw new InputError(
        "id-and-condition",
        `one run ("${id}") and a condition (${asked[0]}) were given`,
        "give either an id or conditions",
      );
    const filter = filterFrom(options);
    const { store, messages } = await openUserStore();
    if (id !== undefined) {
      const run = store.getRun(id);
      const { netJ = null, ...summary } = summarise(run);
      // Only HTML has the chart: the samples are many, and reading them takes the database.
      const recording = textOption(options, "--html") === undefined ? undefined : await store.loadRecording(run.id);
      const document = runDocument(run, recording);
      return { result: { runs: [{ ...summary, netJ, ...run }] }, document, remarks: messages };
    }
    const runs = await store.listRuns(filter);
    return {
      result: { runs: runs.map(({ netJ = null, kind = null, ...run }) => ({ ...run, netJ, kind })) },
      document: historyDocument(runs, asked),
      remarks: messages,
    };
  },
};
