// `joulecast reproduce NAME --data DIR`: a paper's published figures beside ours, from the authors' own data.
import { join } from "node:path";
import { reproduceDocument } from "../../../report/predicting/reproduce-report.ts";
import { reproduceGetzner } from "../../../study/papers/getzner.ts";
import type { ReproducedRow } from "../../../study/papers/reproduced.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { Command } from "../../command.ts";
import { textOption } from "../../options.ts";
import { reproduceStepFrom } from "../projecting/reproduce-step.ts";
import { readText } from "./sample-files.ts";

interface Reproduction {
  readonly title: string;
  /** The folder that --data wants. */
  readonly wants: string;
  run(folder: string, onStep: (what: string) => void): Promise<readonly ReproducedRow[]>;
}

/** Papers by the name on the command line. */
const REPRODUCTIONS: Readonly<Record<string, Reproduction>> = {
  getzner: {
    title: "Layer-wise energy predictors [Getzner2023]",
    wants: "the authors' conv2d.csv, linear.csv, … and split_indices_seed1234.json",
    run: async (folder, onStep) => reproduceGetzner((name) => readText(join(folder, name)), onStep),
  },
  step: {
    title: "Stable Training Epoch Projection [delRey2025]",
    wants: "the authors' runs.csv and traces/",
    run: reproduceStepFrom,
  },
};

export const reproduce: Command = {
  name: "reproduce",
  summary: "repeat a paper's published figures from its data",
  arguments: [{ name: "paper", description: `one of ${Object.keys(REPRODUCTIONS).join(", ")}`, required: true }],
  options: [{ flags: "--data <folder>", description: "folder of the authors' data" }],
  examples: ["joulecast reproduce getzner --data data/getzner-layerwise"],
  run: async ([name = ""], options, { progress }) => {
    const paper = Object.hasOwn(REPRODUCTIONS, name) ? REPRODUCTIONS[name] : undefined;
    if (paper === undefined)
      throw unknownName("paper", name, Object.keys(REPRODUCTIONS), "`joulecast reproduce --help` lists them");
    const folder = textOption(options, "--data");
    if (folder === undefined)
      throw new InputError("no-data", `reproduce ${name} needs data`, `give --data FOLDER with ${paper.wants}`);
    const rows = await paper.run(folder, progress);
    progress("");
    return {
      result: {
        rows: rows.map(({ item, published = null, ours = null, ratio = null, note }) => ({
          item,
          published,
          ours,
          ratio,
          note,
        })),
        files: [],
      },
      document: reproduceDocument(paper.title, rows),
    };
  },
};
