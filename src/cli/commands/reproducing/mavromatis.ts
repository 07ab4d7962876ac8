// `joulecast reproduce mavromatis --data TABLE.csv`: the paper's correlations on an imported table of measurements.

import { reproduceMavromatis } from "../../../study/papers/mavromatis.ts";
import { readTable } from "../../../study/read-table.ts";
import { textOption } from "../../options.ts";
import { readText } from "../predicting/sample-files.ts";
import { dataFolder, type Reproduction } from "./reproduction.ts";

export const mavromatis: Reproduction = {
  title: "Computing within limits [Mavromatis2024]",
  options: [
    {
      flags: "--map <pairs>",
      description: "mavromatis: columns as ours=theirs[:unit], such as energy=total:Wh (default: by usual names)",
    },
  ],
  run: async (options) => {
    const path = dataFolder(options, "mavromatis", "a table.csv: a row per network, phase and machine");
    const { rows, remarks } = readTable(readText(path), textOption(options, "--map"));
    return { rows: reproduceMavromatis(rows), remarks };
  },
};
