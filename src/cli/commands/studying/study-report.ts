// `joulecast study report DIR`: every table and figure of a study, from its records.
import { damagedRecords, readRecords, readStudyPlan } from "../../../node/study/study-folder.ts";
import { studyDocument, studyResult } from "../../../report/studying/study-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command } from "../../command.ts";
import { shareOption } from "../../options.ts";

export const studyReport: Command = {
  name: "study report",
  summary: "tables, correlations and figures of a study",
  arguments: [{ name: "folder", description: "what `joulecast study run` wrote", required: true }],
  options: [{ flags: "--target <accuracy>", description: "accuracy to count joules to (default: 90 % of the best)" }],
  examples: ["joulecast study report study1 --html study1.html"],
  run: async ([folder = ""], options) => {
    const plan = readStudyPlan(folder);
    const records = readRecords(folder);
    if (records.length === 0)
      throw new InputError(
        "no-records",
        `"${folder}" holds no finished trial`,
        "let `joulecast study run` do some first",
      );
    const targetAccuracy = shareOption(options, "--target");
    const target = targetAccuracy === undefined ? {} : { targetAccuracy };
    return {
      result: { folder, name: plan.name, ...studyResult(records, target) },
      document: studyDocument(records, { title: plan.name, ...target }),
      remarks: damagedRecords(folder).map(
        (file) => `left out: ${file} cannot be read; \`joulecast study run\` does it again`,
      ),
    };
  },
};
