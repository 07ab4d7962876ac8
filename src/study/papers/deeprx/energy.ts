// Where the joules of DeepRx go [DeepRxEnergy]: figure 1 (six processors), figure 2 (blocks and layers), and training against inference.
// All of it is modelled, by metric 0 of the paper (FLOPs over FLOPs per joule) where nothing else is said.
import { estimateAll } from "../../../estimate/estimate.ts";
import { flopsPerWatt } from "../../../estimate/flops-per-watt.ts";
import type { EnergyEstimate } from "../../../estimate/metric.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { formatNumber } from "../../../units/format.ts";
import { countGraph } from "../../../work/count-graph.ts";
import { buildDeepRx } from "../../../zoo/deeprx.ts";
import { deepRxOfSize } from "../../../zoo/deeprx-size.ts";
import { grouped } from "../../analysis.ts";
import { type ReproducedRow, reproducedRow } from "../reproduced.ts";
import { PUBLISHED_RECIPE } from "./recipe.ts";

/** The six processors of figure 1, by their ids in the catalogue. */
const PROCESSORS: readonly string[] = [
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
  /** MACs of the published network. */
  readonly macs: number;
  /** Every metric that can be told, on each processor. */
  readonly processors: readonly { readonly device: string; readonly estimates: readonly EnergyEstimate[] }[];
  /** On the Coral Edge TPU, by metric 0. */
  readonly layers: readonly BlockEnergy[];
  readonly blocks: readonly { readonly block: string; readonly energyJ: number }[];
  readonly inferenceJ: number;
  readonly trainingJ: number;
  readonly rows: readonly ReproducedRow[];
}

const flopsOf = (graph: Graph): number => countGraph(graph, { batch: 1 }).total.flops;

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
  const { options: teacher, flops: teacherFlops } = deepRxOfSize(30e12 / SLOTS_PER_S, {}, flopsOf);
  const flopsPerS = 2 * work.total.macs * SLOTS_PER_S;
  return {
    macs: work.total.macs,
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
        (teacherFlops * SLOTS_PER_S) / 1e12,
        `with the middle blocks ${formatNumber(teacher.middle ?? 1)} times as wide; how the paper widened them is not known`,
      ),
      reproducedRow(
        "energy of training, J",
        undefined,
        trainingJ,
        `${steps} steps × ${batch} slots × ${formatNumber(step.total.flops / batch / 1e9)} GFLOP per slot forward and backward, over the FLOPs per joule of an A100 at its peak; a real run takes some times that`,
      ),
      reproducedRow(
        "time until inference on the Coral outweighs training, s",
        600,
        seconds(trainingJ, PUBLISHED_CORAL_J),
        `erratum: ten minutes of 1,000 inferences per second at 2 mJ are ${Math.round(tenMinutesJ)} J, while training takes ${formatNumber(trainingJ / 1e6)} MJ even at the peak of the ${TRAINERS} A100s: at 2 mJ that is ${formatNumber(seconds(trainingJ, PUBLISHED_CORAL_J) / 86_400)} days of inference`,
      ),
    ],
  };
}
