// `joulecast study verify DIR`: computes a study's numbers again from its raw samples and compares.
import { readStudyPlan } from "../../../node/study/study-folder.ts";
import { VERDICTS, verifyStudy } from "../../../node/study/verify-study.ts";
import { textCell } from "../../../report/show.ts";
import type { Command } from "../../command.ts";

export const studyVerify: Command = {
  name: "study verify",
  summary: "recompute a study's numbers from its raw samples and compare",
  arguments: [{ name: "folder", description: "what `joulecast study run` wrote", required: true }],
  options: [],
  examples: ["joulecast study verify study1"],
  run: async ([folder = ""]) => {
    const { name } = readStudyPlan(folder);
    const trials = verifyStudy(folder);
    const counts = Object.fromEntries(
      VERDICTS.map((verdict) => [verdict, trials.filter((one) => one.verdict === verdict).length]),
    );
    const odd = trials.filter(({ verdict }) => verdict !== "same" && verdict !== "no result");
    return {
      result: { folder, same: odd.length === 0, counts, trials },
      document: {
        title: `${name}: checked again`,
        sections: [
          {
            kind: "facts",
            facts: VERDICTS.map((verdict) => ({ label: verdict, cell: textCell(`${counts[verdict]} trials`) })),
          },
          {
            kind: "table",
            name: "trials",
            main: true,
            columns: [{ title: "trial", wrap: true }, { title: "verdict" }, { title: "what differs", wrap: true }],
            rows: odd.map(({ trial, verdict, problems }) => [
              textCell(trial),
              textCell(verdict, "warning"),
              textCell(problems.slice(0, 3).join("; ")),
            ]),
          },
        ],
      },
      exitCode: odd.length === 0 ? 0 : 1,
    };
  },
};
