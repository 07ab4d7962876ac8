// How a DeepRx is trained: the published recipe, and one that suits small nets and few steps. Numbers only; node/radio trains.
import type { OptimiserSpec } from "../../../learn/training-graph.ts";

export interface Recipe {
  readonly optimiser: OptimiserSpec;
  /** Highest learning rate. */
  readonly rate: number;
  /** Slots in a step. */
  readonly batch: number;
  readonly steps: number;
  /** Steps over which the rate rises. */
  readonly warmUp: number;
  /** Share of the steps after which the rate falls, evenly, to 0. */
  readonly decayFrom: number;
}

/** LAMB, 30,000 steps of 80 slots [DeepRxEnergy]; the rate falls from 30 % of them on. */
export const PUBLISHED_RECIPE: Recipe = {
  optimiser: { kind: "lamb", weightDecay: 1e-4 },
  rate: 1e-2,
  batch: 80,
  steps: 30_000,
  warmUp: 800,
  decayFrom: 0.3,
};

/** For nets of some thousand weights and hundreds of steps: LAMB's scaled steps are no use there. */
export const SMALL_RECIPE: Recipe = {
  optimiser: { kind: "adam" },
  rate: 1e-2,
  batch: 16,
  steps: 400,
  warmUp: 12,
  decayFrom: 0.3,
};

export const RECIPES = { published: PUBLISHED_RECIPE, small: SMALL_RECIPE } as const;

/** Learning rate of an update, counted from 1. The last one is not 0. */
export function rateOf({ rate, steps, warmUp, decayFrom }: Recipe, update: number): number {
  const rise = warmUp === 0 ? 1 : Math.min(1, update / warmUp);
  const from = decayFrom * steps;
  const fall = update <= from ? 1 : (steps - update + 1) / (steps - from + 1);
  return rate * rise * fall;
}
