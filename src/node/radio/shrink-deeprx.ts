// Distilled, then pruned, then in 8 bits: what is left of a receiver's joules, and of its bits, after each. Each step is judged on the same slots
// and kept, so that it is done once.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dataSet } from "../../learn/data/data-set.ts";
import { LEARNING_CHANNELS, openExamples } from "../../link/examples.ts";
import { writeOnnx } from "../../onnx/write.ts";
import type { WeightedNetwork } from "../../reduce/network.ts";
import { pruneChannels } from "../../reduce/prune/structured.ts";
import { quantise } from "../../reduce/quantise/quantise.ts";
import type { CombinedStep } from "../../report/radio/deeprx-report.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { logMeanBer } from "../../study/papers/deeprx/result.ts";
import type { Training } from "../../study/papers/deeprx/trainings.ts";
import { countGraph } from "../../work/count-graph.ts";
import { writeWhole } from "../files.ts";
import { drawnWeights } from "../model.ts";
import { inlineNetwork } from "../open-network.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";
import { type DeepRxFolder, type DoTrainingOptions, judge, networkPath, resultName } from "./deeprx-study.ts";
import { trainReceiver } from "./train-deeprx.ts";

/** MACs that pruning leaves, as a share of the distilled student's. */
const LEFT = 0.6;
const CALIBRATING_SLOTS = 32;
const SEED = 7_000_001;

/** Slots of the learning channels as a data set: what activations are calibrated by. */
function calibrationSet({ scale }: DeepRxFolder) {
  const { modulation, subcarriers } = scale;
  const examples = openExamples({
    modulation,
    channels: LEARNING_CHANNELS,
    grid: { subcarriers },
    pilots: [1, 2],
    seed: SEED,
  });
  const { planes, bits } = examples.sizes;
  const room = (shape: readonly number[]) => new Float32Array(CALIBRATING_SLOTS * lengthOf(shape));
  const arrays = { planes: room(planes), bits: room(bits), mask: room(bits) };
  for (let i = 0; i < CALIBRATING_SLOTS; i++) examples.write(i, i, arrays);
  return dataSet("calibrating slots", [
    { role: "data", name: "planes", shape: planes, values: arrays.planes, scale: 1 },
  ]);
}

/** @returns undefined when interrupted */
export async function shrinkFurther(
  folder: DeepRxFolder,
  training: Training,
  { signal, threads, runtime, onStep }: DoTrainingOptions,
): Promise<readonly CombinedStep[] | undefined> {
  const { path, scale } = folder;
  const kept = join(path, `combined-${resultName(folder, training.id)}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8")) as readonly CombinedStep[];
  const distilled: WeightedNetwork = {
    graph: await inlineNetwork(networkPath(folder, training.id)),
    weights: drawnWeights,
  };
  const { network: thin } = await pruneChannels(distilled, { macsRatio: LEFT });
  const { teacher, seed } = training;
  const { result, network: tuned } = await trainReceiver({
    network: thin.graph,
    weights: thin.weights,
    slots: {
      modulation: scale.modulation,
      channels: LEARNING_CHANNELS,
      grid: { subcarriers: scale.subcarriers },
      pilots: [1, 2],
      seed: SEED + 1,
    },
    recipe: { ...scale.recipe, rate: scale.recipe.rate / 3 },
    seed,
    signal,
    ...(threads !== undefined && { threads }),
    ...(runtime && { runtime }),
    onProgress: ({ done, total, loss }) => onStep?.(done, total, loss),
    ...(teacher && { teacher: { ...teacher, graph: await inlineNetwork(networkPath(folder, teacher.of)) } }),
  });
  if (result.end === "interrupted") return undefined;
  const pruned: WeightedNetwork = { graph: tuned, weights: thin.weights };
  const { network: small } = await quantise(pruned, {
    to: "int8-static",
    perChannel: true,
    calibration: { runtime: onnxRuntime(), set: calibrationSet(folder) },
  });
  const steps: CombinedStep[] = [];
  for (const [name, { graph, weights }] of [
    ["distilled", distilled],
    [`and pruned to ${LEFT * 100} % of the MACs, trained again`, pruned],
    ["and in int8", small],
  ] as const) {
    const file = join(path, `combined-${resultName(folder, training.id)}-${steps.length}.onnx`);
    await writeWhole(file, writeOnnx(graph, weights));
    const judged = await judge(scale, [file], signal);
    if (judged === undefined) return undefined;
    const { macs, weightBytes } = countGraph(graph, { batch: 1 }).total;
    steps.push({ name, macs, weightBytes, logMeanBer: logMeanBer(judged[0]!) });
  }
  await writeWhole(kept, [`${JSON.stringify(steps)}\n`]);
  return steps;
}
