// How large the study of [DeepRxEnergy] is made: tiny to see that it works, small for two cores, full for a GPU. Sizes are multipliers of the
// middle blocks, as the paper sizes its networks.
import type { Modulation } from "../../../link/qam.ts";
import { PUBLISHED_RECIPE, type Recipe, SMALL_RECIPE } from "./recipe.ts";

export interface DeepRxScale {
  readonly id: "smoke" | "small" | "full";
  readonly evidence: string;
  readonly modulation: Modulation;
  readonly subcarriers: number;
  /** Of the whole network; `middle` comes on top. */
  readonly width: number;
  readonly depth: number;
  /** Middle multipliers, ascending: figure 3. */
  readonly sizes: readonly number[];
  /** The student of figures 4 and 6 and table III, and its teacher. */
  readonly student: number;
  readonly teacher: number;
  /** Figure 4. */
  readonly teachers: readonly number[];
  readonly alpha: number;
  readonly temperature: number;
  /** Table III, besides `alpha`; 1 is training from scratch. */
  readonly alphas: readonly number[];
  /** Figure 5. */
  readonly temperatures: readonly number[];
  readonly temperatureSizes: readonly number[];
  /** Trainings of each point. */
  readonly seeds: number;
  readonly recipe: Recipe;
  /** Easier modulations first, by their share of the steps: without, small nets stay on a plateau for long. */
  readonly curriculum: readonly { readonly modulation: Modulation; readonly share: number }[];
  /** Judging: slots per channel, pilots and SNR. */
  readonly slots: number;
  readonly snrsDb: readonly number[];
}

const range = (low: number, high: number, step: number): readonly number[] =>
  Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);

export const SCALES: Readonly<Record<DeepRxScale["id"], DeepRxScale>> = {
  smoke: {
    id: "smoke",
    evidence: "not evidence: tiny nets, one seed, a few dozen steps, to see that every item is made",
    modulation: "qpsk",
    subcarriers: 12,
    width: 0.0625,
    depth: 3,
    sizes: [0.25, 0.5, 1],
    student: 0.25,
    teacher: 1,
    teachers: [0.5, 1],
    alpha: 0.5,
    temperature: 2,
    alphas: [0, 1],
    temperatures: [1, 2],
    temperatureSizes: [0.25],
    seeds: 1,
    recipe: { ...SMALL_RECIPE, batch: 8, steps: 40, warmUp: 2 },
    curriculum: [],
    slots: 4,
    snrsDb: range(-4, 32, 12),
  },
  small: {
    id: "small",
    evidence: "small nets on a narrow grid, 5 seeds a point: read the spread before the mean",
    modulation: "16qam",
    subcarriers: 24,
    width: 0.25,
    depth: 5,
    sizes: [0.125, 0.5, 1],
    student: 0.125,
    teacher: 1,
    teachers: [0.5, 1],
    alpha: 0.5,
    temperature: 2,
    alphas: [0, 0.9, 1],
    temperatures: [1, 2, 4],
    temperatureSizes: [0.125],
    seeds: 5,
    recipe: { ...SMALL_RECIPE, steps: 600, warmUp: 18 },
    // Tried at this size: beginning with QPSK leaves 16-QAM no better after as many steps.
    curriculum: [],
    slots: 30,
    snrsDb: range(-4, 32, 4),
  },
  full: {
    id: "full",
    evidence: "the paper's sizes (student 10.6, teacher 30 TFLOP/s at 1,000 slots/s), 256-QAM, its recipe",
    modulation: "256qam",
    subcarriers: 312,
    width: 1,
    depth: 11,
    sizes: [0.25, 0.5, 0.75, 1, 1.74, 2.5],
    student: 1,
    teacher: 1.74,
    teachers: [1.35, 1.74, 2.5],
    alpha: 0.5,
    temperature: 2,
    alphas: [0, 0.25, 0.75, 1],
    temperatures: [1, 2, 4, 8],
    temperatureSizes: [0.5, 1],
    seeds: 5,
    recipe: PUBLISHED_RECIPE,
    curriculum: [{ modulation: "qpsk", share: 0.05 }],
    slots: 500,
    snrsDb: range(-4, 32, 2),
  },
};
