// PRE's kernel ridge as it is published [DelRey2025]: raw features standardised, Gaussian kernel with γ = 1 ÷ features, λ = 1, target as it
// is. It stands beside ours in the score: where a network is unlike all others its kernel is 0, and so is its answer.
import { mean, standardDeviation } from "../../math/statistics.ts";
import type { Predict } from "./leave-out.ts";
import { gaussianKernelRidge } from "./regressions/kernel-ridge.ts";
import { FEATURES, type FeatureName, type PastRun, type SetUp } from "./run.ts";

/** Its cost grows with the cube of the runs, repeats included; above this it is not shown. */
const MOST_RUNS = 800;

/** @param usable features of the history; only the published ones are taken. @returns mean power, W; undefined without one or without power */
export function fitPublishedPower(runs: readonly PastRun[], usable: readonly FeatureName[]): Predict | undefined {
  const features = usable.filter((name) => FEATURES[name].published);
  const known = runs.filter(({ powerW }) => powerW !== undefined);
  if (features.length === 0 || known.length === 0 || known.length > MOST_RUNS) return undefined;
  const scales = features.map((name) => {
    const values = known.map((run) => run.features[name]!);
    return { centre: mean(values), spread: standardDeviation(values) || 1 };
  });
  const row = (setUp: SetUp): number[] =>
    features.map((name, j) => (setUp.features[name]! - scales[j]!.centre) / scales[j]!.spread);
  const target = known.map(({ powerW }) => powerW!);
  const fitted = gaussianKernelRidge(1, 1, false).fit(known.map(row), target, []);
  return (setUp) => fitted(row(setUp));
}
