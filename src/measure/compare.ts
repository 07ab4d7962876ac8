// Which of two needs fewer joules? For alternating runs A B A B …: run i of A is paired with run i of B, so that what drifts
// slowly (temperature, background) falls out of the difference; with unequal numbers of runs it is Welch's test [Welch1947].
// No verdict is forced: "no difference" means that none was seen, not that there is none.
import { studentQuantile } from "../math/distribution.ts";
import { mean, variance } from "../math/statistics.ts";
import { rootSumSquare } from "./energy-curve.ts";
import { CONFIDENCE, combined } from "./interval.ts";
import { type Doubt, LEAST_COVERAGE, type Measurement } from "./measurement.ts";
import { combineRepeats } from "./repeats.ts";

/** Least number of runs of each. */
export const LEAST_RUNS = 2;

/** "a": A needs fewer joules. "b": B does. "no difference": the interval holds 0. "refused": see reason. */
export type Verdict = "a" | "b" | "no difference" | "refused";

/** Net joules of A less those of B, with its 95 % interval. */
export interface Comparison {
  /** Means of the runs; undefined without a run. */
  readonly a: Measurement | undefined;
  readonly b: Measurement | undefined;
  /** mean A − mean B, J: positive when A needs more. Undefined when refused. */
  readonly differenceJ: number | undefined;
  readonly lowJ: number | undefined;
  readonly highJ: number | undefined;
  readonly verdict: Verdict;
  readonly method: "paired" | "welch";
  /** Why it was refused; "" otherwise. */
  readonly reason: string;
}

/** Difference of means, its standard error from the spread of runs, and degrees of freedom. */
function spreadOf(a: readonly number[], b: readonly number[]): { sigmaJ: number; degrees: number } {
  if (a.length === b.length) {
    const differences = a.map((value, i) => value - b[i]!);
    return { sigmaJ: Math.sqrt(variance(differences) / a.length), degrees: a.length - 1 };
  }
  const [va, vb] = [variance(a) / a.length, variance(b) / b.length];
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  return { sigmaJ: Math.sqrt(va + vb), degrees: Number.isFinite(degrees) ? degrees : a.length + b.length - 2 };
}

const meanSigma = (runs: readonly Measurement[], cause: string): number =>
  mean(runs.map(({ doubts }) => doubts.find((doubt) => doubt.cause === cause)?.sigmaJ ?? 0));

/** What each run doubts of itself that neither falls out of a difference nor is shared. */
const ownDoubts = (runs: readonly Measurement[]): Doubt[] =>
  runs.flatMap(({ doubts }) => doubts.filter(({ cause }) => cause !== "tolerance" && cause !== "baseline spread"));

function refusal(a: readonly Measurement[], b: readonly Measurement[]): string {
  if (a.length < LEAST_RUNS || b.length < LEAST_RUNS)
    return `${a.length} and ${b.length} runs: at least ${LEAST_RUNS} of each are needed`;
  const least = Math.min(...[...a, ...b].map(({ coverage }) => coverage));
  if ([...a, ...b].some(({ netJ }) => netJ === undefined)) return "nothing was read in at least one run";
  return least < LEAST_COVERAGE ? `coverage ${(least * 100).toFixed(1)} % is below ${LEAST_COVERAGE * 100} %` : "";
}

/**
 * Compares net joules of alternating runs.
 * @param a runs of A in the order they ran
 * @param b runs of B in the order they ran: b[i] next to a[i]
 */
export function compareRuns(a: readonly Measurement[], b: readonly Measurement[]): Comparison {
  const method = a.length === b.length ? "paired" : "welch";
  const means = {
    a: a.length > 0 ? combineRepeats(a) : undefined,
    b: b.length > 0 ? combineRepeats(b) : undefined,
  };
  const reason = refusal(a, b);
  if (reason !== "")
    return { ...means, differenceJ: undefined, lowJ: undefined, highJ: undefined, verdict: "refused", method, reason };

  const [netA, netB] = [a, b].map((runs) => runs.flatMap(({ netJ }) => netJ ?? [])) as [number[], number[]];
  const differenceJ = mean(netA) - mean(netB);
  const spread = spreadOf(netA, netB);
  const withinJ = rootSumSquare([combined(ownDoubts(a)).sigmaJ / a.length, combined(ownDoubts(b)).sigmaJ / b.length]);
  // One meter and one baseline for both: what they share cancels in the difference.
  const toleranceJ = Math.abs(meanSigma(a, "tolerance") - meanSigma(b, "tolerance"));
  const baselineJ = Math.abs(meanSigma(a, "baseline spread") - meanSigma(b, "baseline spread"));
  const random = spread.sigmaJ >= withinJ ? spread : { sigmaJ: withinJ, degrees: Number.POSITIVE_INFINITY };
  const total = combined([
    { cause: "between runs", ...random },
    { cause: "shared", sigmaJ: rootSumSquare([toleranceJ, baselineJ]) },
  ]);
  const halfJ = studentQuantile((1 + CONFIDENCE) / 2, Math.max(1, total.degrees)) * total.sigmaJ;
  const [lowJ, highJ] = [differenceJ - halfJ, differenceJ + halfJ];
  const verdict = lowJ > 0 ? "b" : highJ < 0 ? "a" : "no difference";
  return { ...means, differenceJ, lowJ, highJ, verdict, method, reason };
}
