// Several runs of one thing become one Measurement: means, and an interval from the spread between runs together with what all
// runs share (tolerance of the meter, one baseline), which repeating cannot remove. Not a comparison: compare.ts.
import { mean, standardDeviation } from "../math/statistics.ts";
import { InputError } from "../units/input-error.ts";
import { combined, intervalAround } from "./interval.ts";
import type { Doubt, Measurement, SourceEnergy } from "./measurement.ts";

/** Causes that err alike in every run, so that a mean of runs keeps them. */
const SHARED: ReadonlySet<string> = new Set(["tolerance", "baseline spread"]);

/** Mean joules per inference, with its 95 % interval, J. */
export interface PerInference {
  readonly perInferenceJ: number;
  readonly lowJ: number;
  readonly highJ: number;
}

function meanDoubts(runs: readonly (readonly Doubt[])[], netJ: readonly number[]): Doubt[] {
  const n = runs.length;
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

const meanOf = (values: readonly (number | undefined)[]): number | undefined =>
  values.every((value) => value !== undefined) && values.length > 0 ? mean(values) : undefined;

const highest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
};

function meanSource(runs: readonly SourceEnergy[], count: number): SourceEnergy {
  const first = runs[0]!;
  const netJ = runs.map((run) => run.netJ);
  const missing = runs.length < count ? [`seen in ${runs.length} of ${count} runs`] : [];
  return {
    ...first,
    grossJ: mean(runs.map((run) => run.grossJ)),
    baselineJ: meanOf(runs.map((run) => run.baselineJ)),
    netJ: mean(netJ),
    coverage: Math.min(...runs.map((run) => run.coverage)),
    meanPowerW: mean(runs.map((run) => run.meanPowerW)),
    peakPowerW: highest(runs.map((run) => run.peakPowerW)),
    doubts: meanDoubts(
      runs.map((run) => run.doubts),
      netJ,
    ),
    counted: runs.every((run) => run.counted),
    remarks: [...new Set([...runs.flatMap((run) => run.remarks), ...missing])],
  };
}

/**
 * Mean of repeated runs; the interval is that of the mean. One run is returned as it is.
 * @throws InputError "no-runs" when there is none
 */
export function combineRepeats(runs: readonly Measurement[]): Measurement {
  const first = runs[0];
  if (!first) throw new InputError("no-runs", "there are 0 runs to combine", "repeat at least once");
  if (runs.length === 1) return first;
  const netJ = mean(runs.map((run) => run.netJ));
  const doubts = meanDoubts(
    runs.map((run) => run.doubts),
    runs.map((run) => run.netJ),
  );
  const { lowJ, highJ } = intervalAround(netJ, doubts);
  const ids = [...new Set(runs.flatMap(({ sources }) => sources.map(({ info }) => info.id)))];
  const kinds = new Set(runs.map(({ kind }) => kind));
  const others = kinds.has("mixed") || (kinds.has("modelled") && kinds.size > 1) ? "mixed" : "integrated";
  return {
    window: first.window,
    durationS: mean(runs.map((run) => run.durationS)),
    kind: kinds.size === 1 ? first.kind : others,
    grossJ: mean(runs.map((run) => run.grossJ)),
    baselineJ: meanOf(runs.map((run) => run.baselineJ)),
    netJ,
    netLowJ: lowJ,
    netHighJ: highJ,
    meanPowerW: mean(runs.map((run) => run.meanPowerW)),
    peakPowerW: highest(runs.map((run) => run.peakPowerW)),
    coverage: Math.min(...runs.map((run) => run.coverage)),
    sources: ids.map((id) =>
      meanSource(
        runs.flatMap(({ sources }) => sources.filter(({ info }) => info.id === id)),
        runs.length,
      ),
    ),
    doubts,
    remarks: [...new Set(runs.flatMap((run) => run.remarks))],
  };
}

/** Net joules per inference. @param inferences in one window, ≥ 1 */
export function perInference(measurement: Measurement, inferences: number): PerInference {
  if (!(inferences >= 1))
    throw new InputError("bad-count", `${inferences} inferences`, "give how many inferences one run makes, at least 1");
  return {
    perInferenceJ: measurement.netJ / inferences,
    lowJ: measurement.netLowJ / inferences,
    highJ: measurement.netHighJ / inferences,
  };
}
