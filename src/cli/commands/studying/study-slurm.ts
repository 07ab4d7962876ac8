// `joulecast study run plan.yaml --on slurm`: writes the array job into the study's folder and hands it to sbatch.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../../../node/files.ts";
import { countCell, textCell } from "../../../report/show.ts";
import { slurmScript } from "../../../study/slurm.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Outcome } from "../../command.ts";
import type { PlanFile } from "./study-plan.ts";

const PLAN = "plan.yaml";
const SCRIPT = "study.sbatch";

/** Hands the script to sbatch. @returns what it said; undefined where there is no sbatch */
function submit(script: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync("sbatch", ["--parsable", script], { encoding: "utf8" });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
  if (error === undefined && status === 0) return stdout.trim();
  throw new InputError("slurm", `sbatch refuses: ${error?.message ?? stderr.trim()}`, `the script is ${script}`);
}

/** Writes plan and script into the folder and submits. */
export async function submitSlurm({ source, plan }: PlanFile, count: number, folder: string): Promise<Outcome> {
  const home = resolve(folder);
  mkdirSync(join(home, "trials"), { recursive: true });
  const [planPath, scriptPath] = [join(home, PLAN), join(home, SCRIPT)];
  await writeWhole(planPath, [source]);
  const main = fileURLToPath(new URL("../../main.js", import.meta.url));
  const command = [process.execPath, main, "study", "run", planPath, "--folder", home, "--yes", "--only"];
  await writeWhole(scriptPath, [slurmScript({ plan, count, command, folder: home })]);
  const job = submit(scriptPath);
  return {
    result: { folder: home, script: scriptPath, job: job ?? null, tasks: count },
    document: {
      title: `${plan.name}: an array job`,
      sections: [
        {
          kind: "facts",
          facts: [
            { label: "script", cell: textCell(scriptPath) },
            { label: "tasks", cell: countCell(count) },
            { label: "job", cell: textCell(job ?? "not submitted: there is no sbatch here") },
          ],
        },
        { kind: "notes", notes: [`when it has ended: joulecast study report ${home}`] },
      ],
    },
  };
}
