// `joulecast data get NAME`: fetches a published data set, checks it against its checksums, and says where it is.
import { resolve } from "node:path";
import { fetchSet } from "../../../node/data/fetch.ts";
import { PUBLISHED } from "../../../node/data/published.ts";
import { quantityCell, textCell } from "../../../report/show.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { Command } from "../../command.ts";
import { textOption } from "../../options.ts";

export const dataGet: Command = {
  name: "data get",
  summary: "fetch a published data set and check its checksums (needs a network)",
  arguments: [
    {
      name: "name",
      description: PUBLISHED.map(({ name, summary }) => `${name}: ${summary}`).join("; "),
      required: true,
    },
  ],
  options: [{ flags: "--folder <path>", description: "where to put it (default: data-NAME here)" }],
  examples: ["joulecast data get mnist && joulecast train zoo:mnist-cnn --data data-mnist"],
  run: async ([name = ""], options, context) => {
    const set = PUBLISHED.find((one) => one.name === name);
    if (set === undefined)
      throw unknownName(
        "data set",
        name,
        PUBLISHED.map((one) => one.name),
        `there are ${PUBLISHED.map((one) => one.name).join(", ")}; any other can be given to train by its folder`,
      );
    const folder = resolve(textOption(options, "--folder") ?? `data-${set.name}`);
    const { files, fetchedBytes } = await fetchSet(set, folder, {
      onBytes: (url, done, total) => context.progress({ label: url, done, total, unit: "B" }),
    });
    context.progress("");
    return {
      result: { name: set.name, folder, source: set.source, fetchedBytes, files },
      document: {
        title: `${set.name}: ${set.summary}`,
        sections: [
          {
            kind: "facts",
            facts: [
              { label: "folder", cell: textCell(folder) },
              { label: "files", cell: textCell(String(files.length)) },
              { label: "fetched", cell: quantityCell(fetchedBytes, "B") },
            ],
          },
        ],
      },
    };
  },
};
