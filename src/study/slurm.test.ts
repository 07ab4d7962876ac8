import { describe, expect, it } from "vitest";
import { parsePlan } from "./plan.ts";
import { slurmScript } from "./slurm.ts";

describe("slurmScript", () => {
  it("is an array job of one trial per task, alone on its node, with every word quoted", () => {
    const plan = parsePlan("name: it's $(here)\nnetworks: [zoo:cifar/lenet]\nhardware: a100", "plan.yaml");
    const command = ["/usr/bin/node", "main.js", "study", "run", "it's a plan.yaml", "--only"];
    expect(slurmScript({ plan, count: 12, command, folder: "/scratch/my study" })).toBe(`#!/bin/bash
#SBATCH --job-name=joulecast-it-s-here-
#SBATCH --array=0-11
#SBATCH --exclusive
#SBATCH --ntasks=1
#SBATCH --output="/scratch/my study/slurm-%a.log"
#SBATCH --constraint=a100
set -euo pipefail
srun '/usr/bin/node' 'main.js' 'study' 'run' 'it'\\''s a plan.yaml' '--only' "$SLURM_ARRAY_TASK_ID"
`);
  });
});
