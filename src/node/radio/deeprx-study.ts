// The trainings of the DeepRx study, one after another, each judged and kept in a file: what is there is not done again, and a study that was
// killed goes on where it was. What they are for is study/papers/deeprx.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Graph } from "../../graph/graph.ts";
import type { EnergyMeter } from "../../learn/train/plan.ts";
import { added, NOTHING, ratioOf } from "../../link/ber/tally.ts";
import { JUDGING_CHANNELS, LEARNING_CHANNELS } from "../../link/examples.ts";
import { constellationOf } from "../../link/qam.ts";
import { writeOnnx } from "../../onnx/write.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { BerPoint, TrainingRecord } from "../../study/papers/deeprx/result.ts";
import type { DeepRxScale } from "../../study/papers/deeprx/scale.ts";
import type { NetworkForm, Training } from "../../study/papers/deeprx/trainings.ts";
import { countGraph } from "../../work/count-graph.ts";
import { buildDeepRx } from "../../zoo/deeprx.ts";
import { checkpointFolder } from "../data/checkpoint-folder.ts";
import { writeWhole } from "../files.ts";
import { makeFolder } from "../folders.ts";
import { drawnWeights } from "../model.ts";
import { inlineNetwork } from "../open-network.ts";
import { openBench } from "./link-bench.ts";
import { trainReceiver } from "./train-deeprx.ts";

/** Under what conditions networks are judged, besides the SINR. */
const JUDGED = { delaySpreadS: 100e-9, dopplerHz: 100, pilots: [1, 2], seed: 1_000_003 } as const;
/** Seeds of two trainings' weights and slots are so far apart. */
const SEED_STEP = 1_000_000;
/** References that need no training. */
export const REFERENCES = ["ls", "lmmse", "perfect"] as const;

export interface DeepRxFolder {
  readonly path: string;
  readonly scale: DeepRxScale;
}

/** What a result depends on besides its id: another grid, recipe or judging is another result. */
function conditionsOf({
  modulation,
  subcarriers,
  width,
  depth,
  recipe,
  curriculum,
  slots,
  snrsDb,
}: DeepRxScale): string {
  return JSON.stringify([modulation, subcarriers, width, depth, recipe, curriculum, slots, snrsDb, JUDGED]);
}

/** File name of a result: other conditions have other files, so that a folder never mixes them. */
export function resultName({ scale }: DeepRxFolder, id: string): string {
  return createHash("sha256")
    .update(`${conditionsOf(scale)}\n${id}`)
    .digest("hex")
    .slice(0, 16);
}

const recordPath = (folder: DeepRxFolder, id: string) =>
  join(folder.path, "trainings", `${resultName(folder, id)}.json`);
export const networkPath = (folder: DeepRxFolder, id: string) =>
  join(folder.path, "trainings", `${resultName(folder, id)}.onnx`);

/** The references' ratios, judged once per folder and conditions. @returns undefined when interrupted */
export async function judgeReferences(
  folder: DeepRxFolder,
  signal: { readonly aborted: boolean },
): Promise<readonly (readonly BerPoint[])[] | undefined> {
  const kept = join(folder.path, `references-${resultName(folder, "references")}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8")) as readonly (readonly BerPoint[])[];
  const judged = await judge(folder.scale, REFERENCES, signal);
  if (judged !== undefined) await writeWhole(kept, [JSON.stringify(judged)]);
  return judged;
}

/** The easier modulations of a scale, by example number. */
function curriculumSlots({ curriculum, recipe }: DeepRxScale) {
  let until = 0;
  return curriculum.map(({ modulation, share }) => {
    until += share * recipe.steps * recipe.batch;
    return { modulation, until };
  });
}

/** The record of a training that is done; undefined where it is not. */
export function readTraining(folder: DeepRxFolder, id: string): TrainingRecord | undefined {
  const path = recordPath(folder, id);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TrainingRecord) : undefined;
}

/** An untrained network of a form. */
function networkOf(
  scale: DeepRxScale,
  { middle, depth = scale.depth, undilated = false }: NetworkForm,
  seed = 0,
): Graph {
  const { bits } = constellationOf(scale.modulation);
  const { width, subcarriers } = scale;
  return buildDeepRx({ width, middle, depth, undilated: undilated ? 1 : 0, subcarriers, bits, seed: seed * SEED_STEP });
}

/** Bit error ratios of receivers (networks' files, or references by name) on the judging channels, all on the same slots. */
export async function judge(
  scale: Pick<DeepRxScale, "modulation" | "subcarriers" | "slots" | "snrsDb">,
  receivers: readonly string[],
  signal?: { readonly aborted: boolean },
) {
  const { modulation, subcarriers, slots, snrsDb } = scale;
  const { delaySpreadS, dopplerHz, pilots, seed } = JUDGED;
  const found: BerPoint[][] = receivers.map(() => []);
  const all = receivers.map((_, i) => i);
  for (const count of pilots) {
    const benches = await Promise.all(
      JUDGING_CHANNELS.map((name) =>
        openBench(
          { modulation, channel: { name, delaySpreadS, dopplerHz }, grid: { subcarriers, pilots: count }, seed },
          receivers,
        ),
      ),
    );
    try {
      for (const snrDb of snrsDb) {
        if (signal?.aborted) return undefined;
        let tallies = receivers.map(() => NOTHING);
        for (const bench of benches) {
          const more = await bench.run({ snrDb, from: 0, count: slots, receivers: all });
          tallies = tallies.map((tally, i) => added(tally, more[i]!));
        }
        for (const [i, tally] of tallies.entries())
          found[i]!.push({
            sinrDb: snrDb,
            pilots: count,
            bits: tally.bits,
            errors: tally.errors,
            ...ratioOf(tally, false),
          });
      }
    } finally {
      await Promise.all(benches.map((bench) => bench.close()));
    }
  }
  return found;
}

export interface DoTrainingOptions {
  readonly signal: { readonly aborted: boolean };
  readonly threads?: number;
  /** Default: ONNX Runtime on the CPU. */
  readonly runtime?: Runtime;
  readonly meter?: EnergyMeter;
  readonly onStep?: (done: number, total: number, loss: number) => void;
}

/** Does a training whose teacher is done, judges it and keeps both. @returns undefined when interrupted */
export async function doTraining(
  folder: DeepRxFolder,
  training: Training,
  { signal, threads, runtime, meter, onStep }: DoTrainingOptions,
): Promise<TrainingRecord | undefined> {
  const { scale, path } = folder;
  const { form, seed, teacher, id } = training;
  makeFolder(join(path, "trainings"));
  const network = networkOf(scale, form, seed);
  const taughtBy = teacher && (await inlineNetwork(networkPath(folder, teacher.of)));
  const checkpoint = join(path, "checkpoints", resultName(folder, id));
  const { result, network: learned } = await trainReceiver({
    network,
    weights: drawnWeights,
    slots: {
      modulation: scale.modulation,
      channels: LEARNING_CHANNELS,
      grid: { subcarriers: scale.subcarriers },
      pilots: [1, 2],
      seed: seed * SEED_STEP + 1,
      ...(scale.curriculum.length > 0 && { curriculum: curriculumSlots(scale) }),
    },
    recipe: scale.recipe,
    seed,
    signal,
    fingerprint: resultName(folder, id),
    ...(scale.id === "full" && { checkpoints: checkpointFolder(checkpoint), resume: true }),
    ...(threads !== undefined && { threads }),
    ...(runtime && { runtime }),
    ...(meter && { meter }),
    ...(teacher && taughtBy && { teacher: { ...teacher, graph: taughtBy } }),
    onProgress: ({ done, total, loss }) => onStep?.(done, total, loss),
  });
  if (result.end === "interrupted") return undefined;
  await writeWhole(networkPath(folder, id), writeOnnx(learned, drawnWeights));
  const judged = await judge(scale, [networkPath(folder, id)], signal);
  if (judged === undefined) return undefined;
  const { macs, params } = countGraph(network, { batch: 1 }).total;
  const record: TrainingRecord = {
    id,
    macs,
    params,
    steps: result.updates,
    seconds: result.rows.reduce((sum, row) => sum + row.seconds, 0),
    energyJ: result.spentJ,
    losses: result.rows.map(({ loss }) => loss),
    ber: judged[0]!,
  };
  await writeWhole(recordPath(folder, id), [`${JSON.stringify(record)}\n`]);
  return record;
}
