// Several runs of one thing become one Measurement: means, and an interval from the spread between runs together with what all
// runs share (tolerance of the meter, one baseline), which repeating cannot remove. Not a comparison: compare.ts.
import { mean, standardDeviation } from "../math/statistics.ts";
import { InputError } from "../units/input-error.ts";
import { combined, intervalAround } from "./interval.ts";
import { kindOf } from "./measure.ts";
import { type Doubt, LEAST_COVERAGE, type Measurement, type SourceEnergy } from "./measurement.ts";

/** Causes that err alike in every run, so that a mean of runs keeps them. */
const SHARED: ReadonlySet<string> = new Set(["tolerance", "baseline spread"]);

/** Mean joules per inference, with its 95 % interval, J. */
export interface PerInference {
  readonly perInferenceJ: number;
  readonly lowJ: number;
  readonly highJ: number;
}

/** An estimate over what was measured, less 1; undefined where the measured joules may be none, and so nothing to divide by. */
export function estimateError(estimateJ: number, measured: PerInference | undefined): number | undefined {
  return measured !== undefined && measured.lowJ > 0 ? estimateJ / measured.perInferenceJ - 1 : undefined;
}

function meanDoubts(runs: readonly (readonly Doubt[])[], netJ: readonly number[]): Doubt[] {
  const n = runs.length;
  if (n === 0) return [];
  const causes = [...new Set(runs.flatMap((doubts) => doubts.map(({ cause }) => cause)))];
  const of = (cause: string): Doubt[] => runs.flatMap((doubts) => doubts.filter((doubt) => doubt.cause === cause));
  const shared = causes
    .filter((cause) => SHARED.has(cause))
    .map((cause) => {
      const same = of(cause);
      return { ...same[0]!, sigmaJ: same.reduce((total, { sigmaJ }) => total + sigmaJ, 0) / n };
    });
  const missingJ = runs.flat().reduce((total, doubt) => total + (doubt.missingJ ?? 0), 0) / n;
  const gaps = of("gaps").reduce((total, { sigmaJ }) => total + sigmaJ, 0) / n;
  // What the runs' own doubts say of their mean. The spread between runs holds it already, but few runs may agree by luck.
  const within = runs.flatMap((doubts) => doubts.filter(({ cause }) => !SHARED.has(cause) && cause !== "gaps"));
  const withinJ = combined(within).sigmaJ / n;
  const betweenJ = standardDeviation(netJ) / Math.sqrt(n);
  return [
    betweenJ >= withinJ || n < 2
      ? { cause: "between runs", sigmaJ: betweenJ, degrees: n - 1 }
      : { cause: "between runs", sigmaJ: withinJ },
    ...shared,
    ...(of("gaps").length > 0 ? [{ cause: "gaps", sigmaJ: gaps, missingJ }] : []),
  ];
}

const knownOf = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

/** Mean of what is known; undefined where nothing is. */
const meanKnown = (values: readonly (number | undefined)[]): number | undefined => {
  const known = knownOf(values);
  return known.length > 0 ? mean(known) : undefined;
};

/** Highest of what is known. */
const highest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = knownOf(values);
  return known.length > 0 ? Math.max(...known) : undefined;
};

/** Energies and powers of runs that were read: their means. A baseline is one only where every one of them had it. */
function meanEnergies(runs: readonly (SourceEnergy | Measurement)[]) {
  const read = runs.filter(({ netJ }) => netJ !== undefined);
  return {
    grossJ: meanKnown(read.map(({ grossJ }) => grossJ)),
    baselineJ: read.every(({ baselineJ }) => baselineJ !== undefined)
      ? meanKnown(read.map(({ baselineJ }) => baselineJ))
      : undefined,
    netJ: meanKnown(read.map(({ netJ }) => netJ)),
    meanPowerW: meanKnown(read.map(({ meanPowerW }) => meanPowerW)),
    peakPowerW: highest(read.map(({ peakPowerW }) => peakPowerW)),
    doubts: meanDoubts(
      read.map(({ doubts }) => doubts),
      knownOf(read.map(({ netJ }) => netJ)),
    ),
  };
}

function meanSource(runs: readonly SourceEnergy[], count: number): SourceEnergy {
  const seen = runs.filter(({ kind }) => kind !== "missing");
  const missing = seen.length > 0 && seen.length < count ? [`seen in ${seen.length} of ${count} runs`] : [];
  return {
    ...(seen[0] ?? runs[0]!),
    ...meanEnergies(runs),
    coverage: Math.min(...runs.map((run) => run.coverage)),
    counted: seen.length > 0 && seen.every((run) => run.counted),
    remarks: [...new Set([...runs.flatMap((run) => run.remarks), ...missing])],
  };
}

/**
 * Mean of repeated runs; the interval is that of the mean. One run is returned as it is. Runs in which nothing was read are not in
 * the mean; the coverage, which is the least of all, tells of them.
 * @throws InputError "no-runs" when there is none
 */
export function combineRepeats(runs: readonly Measurement[]): Measurement {
  const first = runs[0];
  if (!first) throw new InputError("no-runs", "there are 0 runs to combine", "repeat at least once");
  if (runs.length === 1) return first;
  const energies = meanEnergies(runs);
  const { netJ, doubts } = energies;
  const limits = netJ === undefined ? undefined : intervalAround(netJ, doubts);
  const ids = [...new Set(runs.flatMap(({ sources }) => sources.map(({ info }) => info.id)))];
  const kinds = new Set(runs.map(({ kind }) => kind));
  return {
    ...energies,
    window: first.window,
    durationS: mean(runs.map((run) => run.durationS)),
    kind: kinds.has("mixed") ? "mixed" : kindOf([...kinds].filter((kind) => kind !== "mixed")),
    netLowJ: limits?.lowJ,
    netHighJ: limits?.highJ,
    coverage: Math.min(...runs.map((run) => run.coverage)),
    sources: ids.map((id) =>
      meanSource(
        runs.flatMap(({ sources }) => sources.filter(({ info }) => info.id === id)),
        runs.length,
      ),
    ),
    remarks: [...new Set(runs.flatMap((run) => run.remarks))],
  };
}

/**
 * Net joules per inference; undefined below LEAST_COVERAGE: joules of a part of the time are not those of all inferences.
 * @param inferences in one window, ≥ 1
 */
export function perInference(
  { netJ, netLowJ, netHighJ, coverage }: Measurement,
  inferences: number,
): PerInference | undefined {
  if (!(inferences >= 1))
    throw new InputError("bad-count", `${inferences} inferences`, "give how many inferences one run makes, at least 1");
  if (netJ === undefined || coverage < LEAST_COVERAGE) return undefined;
  return { perInferenceJ: netJ / inferences, lowJ: netLowJ! / inferences, highJ: netHighJ! / inferences };
}
