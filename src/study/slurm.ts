// A study as a Slurm array job [Yoo2003]: one task per trial, each alone on its node, all in one folder that the nodes share.
import type { StudyPlan } from "./plan.ts";

export interface SlurmJob {
  readonly plan: StudyPlan;
  /** Trials: tasks 0 to count − 1. */
  readonly count: number;
  /** Words of the command that does task N when N is put after them; no shell reads them. */
  readonly command: readonly string[];
  /** Folder of the study, absolute: the logs go there. */
  readonly folder: string;
}

/** A word that a shell takes as it is. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Letters, figures, dots and dashes: what a directive's value may hold without quotes. */
const plain = (text: string): string => text.replaceAll(/[^\w.-]+/g, "-");

/** The script that `sbatch` takes. Other programs on a node would be measured too: hence --exclusive. */
export function slurmScript({ plan, count, command, folder }: SlurmJob): string {
  const directives = [
    `--job-name=joulecast-${plain(plan.name)}`,
    `--array=0-${count - 1}`,
    "--exclusive",
    "--ntasks=1",
    `--output=${JSON.stringify(`${folder}/slurm-%a.log`)}`,
    ...(plan.hardware === undefined ? [] : [`--constraint=${plain(plan.hardware)}`]),
  ];
  return [
    "#!/bin/bash",
    ...directives.map((directive) => `#SBATCH ${directive}`),
    "set -euo pipefail",
    `srun ${command.map(quoted).join(" ")} "$SLURM_ARRAY_TASK_ID"`,
    "",
  ].join("\n");
}
