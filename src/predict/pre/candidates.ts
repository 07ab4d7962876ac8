// The ways PRE tries to predict a target, as a table; leave-out.ts judges them. A candidate is what it looks at and how it regresses.
import type { FeatureSet } from "./design.ts";
import { CONSTANT } from "./regressions/constant.ts";
import { additiveKernelRidge, gaussianKernelRidge } from "./regressions/kernel-ridge.ts";
import { nearestNeighbours } from "./regressions/nearest.ts";
import type { Regression } from "./regressions/regression.ts";
import { ridge } from "./regressions/ridge.ts";

export interface Candidate {
  readonly id: string;
  readonly features: FeatureSet;
  readonly perEnvironment: boolean;
  /**
   * Predict the target per (FLOPs of the network + a fixed overhead per sample): energy = work ÷ efficiency, each environment with its
   * own efficiency. Only for targets that are an amount of work (energy, time).
   */
  readonly perFlop: boolean;
  readonly regression: Regression;
}

const LINEAR = ridge("linear", 1e-6);
const RIDGE = ridge("ridge", 0.1);

const of = (
  features: FeatureSet,
  perEnvironment: boolean,
  regression: Regression,
  options: { readonly perFlop?: boolean } = {},
): Candidate => {
  const { perFlop = false } = options;
  const id = [perFlop ? "per-flop" : features, ...(perEnvironment ? ["environment"] : []), regression.id].join(" ");
  return { id, features, perEnvironment, perFlop, regression };
};

/** The plainest first: of equals the first is taken. */
export const CANDIDATES: readonly Candidate[] = [
  of("none", false, CONSTANT),
  of("none", true, RIDGE),
  of("none", true, RIDGE, { perFlop: true }),
  of("work", true, LINEAR),
  of("work", true, RIDGE),
  of("published", false, RIDGE),
  of("all", false, RIDGE),
  of("all", true, RIDGE),
  of("published", false, LINEAR),
  of("all", false, nearestNeighbours(1)),
  of("all", false, nearestNeighbours(3)),
  of("published", false, gaussianKernelRidge(1, 0.03)),
  of("all", false, gaussianKernelRidge(0.3, 0.03)),
  of("all", false, gaussianKernelRidge(0.3, 0.3)),
  of("published", false, additiveKernelRidge(1, 0.03)),
  of("all", false, additiveKernelRidge(1, 0.1)),
  of("all", true, additiveKernelRidge(0.3, 0.03)),
];
