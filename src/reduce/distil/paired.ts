// Is one way of training better than another? Runs with the same seed are paired: same first weights, same order of samples. The verdict follows from
// the 95 % interval of the mean difference (Student's t) and from nothing else; "no difference" means that none was seen.
import { studentQuantile } from "../../math/distribution.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";

/** Upper end of a two-sided 95 % interval. */
const UPPER = 0.975;

export interface PairedDifference {
  /** Mean of a − b. */
  readonly mean: number;
  /** 95 % interval; undefined with fewer than two pairs. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly pairs: number;
  /** "a" or "b": the larger one. "no difference": the interval holds 0. "refused": fewer than two pairs. */
  readonly verdict: "a" | "b" | "no difference" | "refused";
}

/** Of values in pairs. @throws RangeError when there are not as many of each, or none */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  if (a.length !== b.length || a.length === 0)
    throw new RangeError(`series of ${a.length} and ${b.length} values cannot be paired`);
  const differences = a.map((value, i) => value - b[i]!);
  const centre = mean(differences);
  const pairs = differences.length;
  if (pairs < 2) return { mean: centre, low: undefined, high: undefined, pairs, verdict: "refused" };
  const half = (studentQuantile(UPPER, pairs - 1) * standardDeviation(differences)) / Math.sqrt(pairs);
  const [low, high] = [centre - half, centre + half];
  return { mean: centre, low, high, pairs, verdict: low > 0 ? "a" : high < 0 ? "b" : "no difference" };
}
