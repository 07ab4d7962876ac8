// Where the joules of DeepRx go [DeepRxEnergy]: figure 1 (six processors), figure 2 (blocks and layers), and training against inference.
// All of it is modelled, by metric 0 of the paper (FLOPs over FLOPs per joule) where nothing else is said.
import { estimateAll } from "../../../estimate/estimate.ts";
import { flopsPerWatt } from "../../../estimate/flops-per-watt.ts";
import type { EnergyEstimate } from "../../../estimate/metric.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { countGraph } from "../../../work/count-graph.ts";
import { buildDeepRx } from "../../../zoo/deeprx.ts";
import { grouped } from "../../analysis.ts";
import { type ReproducedRow, reproducedRow } from "../reproduced.ts";
import { PUBLISHED_RECIPE } from "./recipe.ts";

/** The six processors of figure 1, by their ids in the catalogue. */
export const PROCESSORS: readonly string[] = [
  "xeon-gold-5320",
  "xeon-gold-5220",
  "xeon-e5-2620-v4",
  "core-i7-8650u",
  "coral-edge-tpu",
  "rtx-2080-ti",
];
const CORAL = "coral-edge-tpu";
const TRAINED_ON = "a100-sxm4-40gb";
const TRAINERS = 4;
/** Slots that a receiver takes in, per second: one per millisecond. */
const SLOTS_PER_S = 1000;
/** Second-hand: the numbers are blanked out in our copy of the paper. */
const PUBLISHED_CORAL_J = 2e-3;

export interface BlockEnergy {
  readonly block: string;
  readonly layer: string;
  readonly energyJ: number;
}

/** Figures 1 and 2, and the balance. */
export interface DeepRxEnergy {
  /** Every metric that can be told, on each processor. */
  readonly processors: readonly { readonly device: string; readonly estimates: readonly EnergyEstimate[] }[];
  /** On the Coral Edge TPU, by metric 0. */
  readonly layers: readonly BlockEnergy[];
  readonly blocks: readonly { readonly block: string; readonly energyJ: number }[];
  readonly inferenceJ: number;
  readonly trainingJ: number;
  readonly rows: readonly ReproducedRow[];
}

const seconds = (joules: number, perInferenceJ: number): number => joules / (perInferenceJ * SLOTS_PER_S);

/** @param devices the catalogue */
export function deepRxEnergy(devices: readonly Hardware[], process: Hardware | undefined): DeepRxEnergy {
  const graph = buildDeepRx();
  const work = countGraph(graph, { batch: 1 });
  const deviceOf = (id: string): Hardware => devices.find((device) => device.id === id)!;
  const options = process ? { process } : {};
  const processors = PROCESSORS.map((id) => ({
    device: deviceOf(id).name,
    estimates: estimateAll(work, [deviceOf(id)], METRICS, options).estimates,
  }));
  const [coral] = estimateAll(work, [deviceOf(CORAL)], [flopsPerWatt]).estimates;
  const { batch, steps } = PUBLISHED_RECIPE;
  const step = countGraph(graph, { batch, phase: "training" });
  const [train] = estimateAll(step, [deviceOf(TRAINED_ON)], [flopsPerWatt]).estimates;
  const blockOf = new Map(work.layers.map(({ name, block }) => [name, block]));
  const layers = coral!.layers.map(({ name, energyJ }) => ({ block: blockOf.get(name) || name, layer: name, energyJ }));
  const blocks = [...grouped(layers, ({ block }) => block)].map(([block, own]) => ({
    block,
    energyJ: own.reduce((sum, { energyJ }) => sum + energyJ, 0),
  }));
  const trainingJ = train!.energyJ * steps;
  const inferenceJ = coral!.energyJ;
  const tenMinutesJ = PUBLISHED_CORAL_J * SLOTS_PER_S * 600;
  const flopsPerS = 2 * work.total.macs * SLOTS_PER_S;
  return {
    processors,
    layers,
    blocks,
    inferenceJ,
    trainingJ,
    rows: [
      reproducedRow(
        "energy of one inference on the Coral Edge TPU, J",
        PUBLISHED_CORAL_J,
        inferenceJ,
        "published: second-hand, our copy of the paper has lost it; ours: metric 0, modelled",
      ),
      reproducedRow(
        "size of the student, TFLOP/s at 1,000 slots/s",
        11,
        flopsPerS / 1e12,
        "the paper says TFLOPs without per what; 5.3 GMAC × 2 × 1,000 slots/s is near its 11",
      ),
      reproducedRow(
        "size of the teacher, TFLOP/s at 1,000 slots/s",
        30,
        undefined,
        "not given by any network we know of",
      ),
      reproducedRow(
        "energy of training, J",
        undefined,
        trainingJ,
        `${steps} steps of ${batch} slots on A100s by metric 0, at their peak; a real run takes some times that`,
      ),
      reproducedRow(
        "time until inference on the Coral outweighs training, s",
        600,
        seconds(trainingJ, inferenceJ),
        `erratum: ten minutes at 1,000/s and 2 mJ are ${Math.round(tenMinutesJ)} J; ${TRAINERS} A100s of 400 W spend that in under a second, and about 1.6 MJ in a training of some 17 minutes`,
      ),
    ],
  };
}
