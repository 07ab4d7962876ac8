// Holes in a power trace: stretches without a sample, over which the trapezoid draws a straight line. What it draws there is no measurement.
import { median, sum } from "../../math/statistics.ts";
import { formatRatio } from "../../units/format.ts";
import type { PowerTrace } from "./epochs.ts";

/** A step is a hole when it is longer than so many usual ones and than so many seconds. */
const HOLE_FACTOR = 10;
const LEAST_HOLE_S = 10;
/** Above this share of the duration the joules are interpolated rather than measured. */
const MUCH_RATIO = 0.05;

/** Lengths of the holes of a trace, s, in order. */
export function holesOf({ timeS }: PowerTrace): readonly number[] {
  const steps = timeS.slice(1).map((atS, i) => atS - timeS[i]!);
  if (steps.length === 0) return [];
  const leastS = Math.max(LEAST_HOLE_S, HOLE_FACTOR * median(steps));
  return steps.filter((stepS) => stepS > leastS);
}

/**
 * What holes mean for a run, in words; nothing where there is none.
 * @param isMetered the run's joules are known otherwise than by its trace
 */
export function holeRemarks(trace: PowerTrace, isMetered: boolean): readonly string[] {
  const holes = holesOf(trace);
  if (holes.length === 0) return [];
  const ratio = sum(holes) / (trace.timeS.at(-1)! - trace.timeS[0]!);
  const longestS = Math.max(...holes).toFixed(0);
  const what = holes.length === 1 ? `a hole of ${longestS} s` : `${holes.length} holes, up to ${longestS} s,`;
  const interpolated = `${isMetered ? "the joules of its epochs are" : "trueJ is"} interpolated there`;
  return [
    `${what} without a sample, ${formatRatio(ratio)} of the run: ${ratio > MUCH_RATIO ? interpolated : "power is drawn straight over it"}`,
  ];
}
