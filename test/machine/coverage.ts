// How often the stated interval holds the truth, and how wide it is: one account for the suite's short run and the bench's long one.
import { seededRandom } from "../../src/math/random.ts";
import { takeBaseline } from "../../src/measure/baseline.ts";
import { measureWindow } from "../../src/measure/measure.ts";
import { randomScenario } from "./scenario.ts";

export interface CoverageCount {
  readonly scenarios: number;
  /** Scenarios left out because no reading fell into the window: nothing was measured, and the result says so. */
  readonly unmeasured: number;
  /** Share of scenarios whose 95 % interval of net joules holds the truth. */
  readonly coveredRatio: number;
  /** Mean and median half-width of the interval over the true gross joules. */
  readonly meanHalfWidthRatio: number;
  readonly medianHalfWidthRatio: number;
  /** Median error of net joules over the true gross joules. */
  readonly medianErrorRatio: number;
  /** Root mean square of (error / half-width): 0.51 for a normal error and an exact interval. */
  readonly rmsErrorPerHalfWidth: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Draws scenarios from one seed and counts. */
export function countCoverage(scenarios: number, seed: number): CoverageCount {
  const random = seededRandom(seed);
  const halfWidths: number[] = [];
  const errors: number[] = [];
  const scores: number[] = [];
  let covered = 0;
  let unmeasured = 0;
  for (let i = 0; i < scenarios; i++) {
    const { recording, idle, window, truth } = randomScenario(random.fork(i));
    const measured = measureWindow(recording, window, idle.length > 0 ? { baseline: takeBaseline(idle) } : {});
    const { netLowJ, netHighJ } = measured;
    if (netLowJ === undefined || netHighJ === undefined) {
      unmeasured++;
      continue;
    }
    // Net of those sources only whose idle time told a baseline.
    const based = measured.sources.filter(({ counted, baselineJ }) => counted && baselineJ !== undefined);
    const trueJ = based.reduce((sum, { info }) => sum - truth.idleBySource.get(info.id)!, truth.grossJ);
    if (netLowJ <= trueJ && trueJ <= netHighJ) covered++;
    const halfJ = (netHighJ - netLowJ) / 2;
    halfWidths.push(halfJ / truth.grossJ);
    errors.push(Math.abs((netLowJ + netHighJ) / 2 - trueJ) / truth.grossJ);
    scores.push(((netLowJ + netHighJ) / 2 - trueJ) / halfJ);
  }
  const claimed = scores.length;
  return {
    scenarios,
    unmeasured,
    coveredRatio: covered / claimed,
    meanHalfWidthRatio: halfWidths.reduce((a, b) => a + b, 0) / claimed,
    medianHalfWidthRatio: median(halfWidths),
    medianErrorRatio: median(errors),
    rmsErrorPerHalfWidth: Math.sqrt(scores.reduce((total, score) => total + score * score, 0) / claimed),
  };
}
