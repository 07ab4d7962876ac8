// `joulecast study run plan.yaml --on slurm`: writes the array job into the study's folder and hands it to sbatch.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../../../node/files.ts";
import type { StudyFolder } from "../../../node/study/study-folder.ts";
import { countCell, textCell } from "../../../report/show.ts";
import { slurmScript } from "../../../study/slurm.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues, Outcome } from "../../command.ts";
import { offOption, textOption } from "../../options.ts";
import { SOURCE_OPTIONS } from "../measuring/machine-options.ts";

const PLAN = "plan.yaml";
const SCRIPT = "study.sbatch";

/** Hands the script to sbatch. @returns what it said; undefined where there is no sbatch */
function submit(script: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync("sbatch", ["--parsable", script], { encoding: "utf8" });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
  if (error === undefined && status === 0) return stdout.trim();
  throw new InputError("slurm", `sbatch refuses: ${error?.message ?? stderr.trim()}`, `the script is ${script}`);
}

/** Options of a task whose value is a path: a task may start elsewhere. */
const PATHS = new Set(["--wall-meter", "--replay"]);
/** Options of `study run` that say how a trial is measured: what holds here holds for every task. */
const PASSED: readonly OptionSpec[] = [{ flags: "--machine <name>", description: "" }, ...SOURCE_OPTIONS];

/** The words that give a task the options that were given here. */
function passedWords(options: OptionValues): readonly string[] {
  return PASSED.flatMap(({ flags }) => {
    const [flag = ""] = flags.split(" ");
    if (flag.startsWith("--no-")) return offOption(options, flag) ? [flag] : [];
    const value = textOption(options, flag);
    return value === undefined ? [] : [flag, PATHS.has(flag) ? resolve(value) : value];
  });
}

/** Writes the script into the study's folder and submits. */
export async function submitSlurm({ path, plan, trials }: StudyFolder, options: OptionValues): Promise<Outcome> {
  const home = resolve(path);
  const count = trials.length;
  const scriptPath = join(home, SCRIPT);
  const main = fileURLToPath(new URL("../../main.js", import.meta.url));
  const task = ["study", "run", join(home, PLAN), "--folder", home, "--yes", ...passedWords(options), "--only"];
  const command = [process.execPath, main, ...task];
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
