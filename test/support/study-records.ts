// Trial records of a made-up study, lawful enough to be told apart: joules rise with MACs, accuracy with their logarithm.
import { seededRandom } from "../../src/math/random.ts";
import type { StudyPlan } from "../../src/study/plan.ts";
import type { TrialRecord } from "../../src/study/record.ts";
import type { StudyRow } from "../../src/study/study-row.ts";
import { type Trial, trialsOf } from "../../src/study/trials.ts";

/** MACs and parameters by network, in millions. */
const NETWORKS: Readonly<Record<string, readonly [macsM: number, paramsM: number]>> = {
  "zoo:cifar/lenet": [0.66, 0.062],
  "zoo:cifar/mobilenet": [47.5, 3.2],
  "zoo:cifar/shufflenet-v2": [46.2, 1.26],
  "zoo:cifar/efficientnet-b0": [31.5, 3.6],
  "zoo:cifar/resnet18": [556, 11.2],
  "zoo:cifar/vgg16": [314, 14.7],
  "zoo:cifar/googlenet": [1530, 6.2],
  "zoo:cifar/densenet121": [898, 6.96],
};

export const STUDY_YAML = `name: eight networks
networks: [${Object.keys(NETWORKS).join(", ")}]
epochs: 3
repetitions: 2
`;

function rowsOf(trial: Trial, epochs: number, machine: string): readonly StudyRow[] {
  const [macsM, paramsM] = NETWORKS[trial.network]!;
  const noise = seededRandom(Math.round(macsM * 100) + trial.repetition);
  const isTraining = trial.phase === "training";
  const samples = isTraining ? 50_000 : 10_000;
  const best = 0.55 + 0.12 * Math.log10(macsM + 1) - (trial.network.includes("vgg") ? 0.04 : 0);
  const row = (epoch: number | undefined): StudyRow => {
    const durationS = (samples * macsM * (isTraining ? 3e-7 : 1e-7) + 1.5) * (1 + 0.08 * noise.normal());
    return {
      network: trial.network.replace("zoo:", ""),
      phase: trial.phase,
      machine,
      data: trial.data,
      batch: trial.batch,
      repetition: trial.repetition,
      samples,
      macs: macsM * 1e6,
      params: paramsM * 1e6,
      sizeBytes: paramsM * 4e6,
      durationS,
      energyJ: durationS * (60 + 25 * Math.log10(macsM + 1)) * (0.7 + ((macsM * 7) % 5) / 8),
      kind: "measured",
      ...(epoch !== undefined && { epoch, accuracy: best * (1 - 0.3 / epoch), loss: 2 / epoch }),
    };
  };
  return isTraining ? Array.from({ length: epochs }, (_, i) => row(i + 1)) : [row(undefined)];
}

/** The first `count` trials of a plan of these networks, ended; the second of them failed. */
export function studyRecords(plan: StudyPlan, count: number, machine = "a made-up machine"): readonly TrialRecord[] {
  return trialsOf(plan)
    .slice(0, count)
    .map((trial, i) => {
      const isFailed = i === 1;
      const rows = isFailed ? [] : rowsOf(trial, plan.epochs, machine);
      return {
        trial,
        status: isFailed ? "failed" : "done",
        reason: isFailed ? "the process ended by signal SIGKILL: out of memory?" : undefined,
        attempts: 1,
        machine,
        startedAt: "2026-01-01T00:00:00.000Z",
        durationS: rows.reduce((sum, row) => sum + row.durationS, 5),
        rows,
      };
    });
}
