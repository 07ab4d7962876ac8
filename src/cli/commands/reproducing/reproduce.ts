// `joulecast reproduce NAME`: a paper's published figures beside ours, from the authors' data or made here. What a paper needs is its own file.
import { reproduceDocument } from "../../../report/predicting/reproduce-report.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { Command, OptionSpec } from "../../command.ts";
import { REPRODUCTIONS } from "./table.ts";

/** Options of all papers, each once. */
function allOptions(): readonly OptionSpec[] {
  const own = Object.values(REPRODUCTIONS).flatMap(({ options }) => options);
  return [...new Map(own.map((option) => [option.flags, option])).values()];
}

export const reproduce: Command = {
  name: "reproduce",
  summary: "repeat a paper's published figures from its data",
  arguments: [{ name: "paper", description: `one of ${Object.keys(REPRODUCTIONS).join(", ")}`, required: true }],
  options: [{ flags: "--data <path>", description: "folder of the data; for mavromatis a table.csv" }, ...allOptions()],
  examples: ["joulecast reproduce getzner --data data/getzner-layerwise"],
  run: async ([name = ""], options, context) => {
    const paper = Object.hasOwn(REPRODUCTIONS, name) ? REPRODUCTIONS[name] : undefined;
    if (paper === undefined)
      throw unknownName("paper", name, Object.keys(REPRODUCTIONS), "`joulecast reproduce --help` lists them");
    const {
      rows,
      files = [],
      sections = [],
      details = {},
      remarks = [],
      exitCode = 0,
    } = await paper.run(options, context);
    context.progress("");
    const document = reproduceDocument(paper.title, rows);
    return {
      result: {
        ...details,
        rows: rows.map(({ item, published = null, ours = null, ratio = null, note }) => ({
          item,
          published,
          ours,
          ratio,
          note,
        })),
        files,
      },
      document: { ...document, sections: [...document.sections, ...sections] },
      remarks,
      exitCode,
    };
  },
};
