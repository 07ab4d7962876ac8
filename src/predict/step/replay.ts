// Finished runs played again: what STEP would have said when its window ended, against what the run took, and against the baselines.
// Intervals are those that a live run would have been told. How they would fare if each was scaled by the errors of all the others (with
// 20 runs or more) is counted beside it: that holds nine of ten nearly by construction, and says nothing of the shipped interval.
import { meanAbsoluteRelativeError, meanSquaredError } from "../../math/statistics.ts";
import { type Baselines, type BoardFacts, baselinesOf } from "./baselines.ts";
import { stabilisingPoint } from "./change-point.ts";
import type { EpochSeries } from "./epochs.ts";
import { calibrationFactor } from "./interval.ts";
import { DEFAULT_START, DEFAULT_WINDOW, type Projection, projectSeries, type StepPlan } from "./project.ts";

/** A finished run and what is known of it. */
export interface FinishedRun extends BoardFacts {
  readonly series: EpochSeries;
  /** What the run took by its own account, J. Default: the trapezoid of its trace. */
  readonly energyJ?: number;
  /** What is odd about its trace. */
  readonly remarks?: readonly string[];
}

/** One run, told and true. */
export interface ReplayedRun extends Baselines {
  readonly run: string;
  readonly epochs: number;
  readonly trueJ: number;
  readonly projection: Projection;
  readonly stepEpochJ: number;
  readonly stepPowerJ: number;
  /** The published power form: the window's power × the true duration, which no forecast knows. */
  readonly stepPowerOracleJ: number;
  /** 90 % interval of stepEpochJ, as it would have been told at the end of the window. */
  readonly lowJ: number;
  readonly highJ: number;
  /** By which the other runs' errors would scale that interval; 1 with too few runs to say. It is not in lowJ and highJ. */
  readonly factor: number;
  readonly durationS: number;
  /** Of its trace and of its projection. */
  readonly remarks: readonly string[];
}

/** Error of one rule over the runs for which it has an answer. */
export interface Score {
  readonly rmseJ: number;
  /** Mean absolute relative error, a ratio. */
  readonly mape: number;
  readonly worst: number;
  readonly runs: number;
}

export interface Replay {
  readonly runs: readonly ReplayedRun[];
  readonly score: Readonly<Record<Rule, Score | undefined>> & {
    /** Share of runs whose trueJ lies in lowJ to highJ. */
    readonly coverage: number;
    /** The same with each interval scaled by the others' errors: near 0.9 by construction. */
    readonly coverageScaled: number;
  };
}

const RULES = {
  stepEpoch: (run: ReplayedRun) => run.stepEpochJ,
  stepPower: (run: ReplayedRun) => run.stepPowerJ,
  stepPowerOracle: (run: ReplayedRun) => run.stepPowerOracleJ,
  firstEpoch: (run: ReplayedRun) => run.firstEpochJ,
  mlco2: (run: ReplayedRun) => run.mlco2J,
  greenAlgorithms: (run: ReplayedRun) => run.greenAlgorithmsJ,
} as const;

/** "stepEpoch", "stepPower", "stepPowerOracle", "firstEpoch", "mlco2", "greenAlgorithms". */
export type Rule = keyof typeof RULES;

function scoreOf(runs: readonly ReplayedRun[], told: (run: ReplayedRun) => number | undefined): Score | undefined {
  const pairs = runs.flatMap((run) => {
    const value = told(run);
    return value === undefined ? [] : [[run.trueJ, value] as const];
  });
  if (pairs.length === 0) return undefined;
  const [truth, values] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  return {
    rmseJ: Math.sqrt(meanSquaredError(truth, values)),
    mape: meanAbsoluteRelativeError(truth, values),
    worst: Math.max(...pairs.map(([a, b]) => (a === 0 ? 0 : Math.abs(b / a - 1)))),
    runs: pairs.length,
  };
}

function replayOne(finished: FinishedRun, { start = DEFAULT_START, window = DEFAULT_WINDOW }: StepPlan): ReplayedRun {
  const { series, energyJ = series.totalJ } = finished;
  const from = start === "found" ? stabilisingPoint(series.epochs.map((epoch) => epoch.energyJ)) : start;
  const projection = projectSeries(series, from, window);
  const { typical, totalJ, powerFormJ, lowJ, highJ } = projection;
  return {
    run: series.run,
    epochs: series.epochs.length,
    trueJ: energyJ,
    projection,
    stepEpochJ: totalJ,
    stepPowerJ: powerFormJ,
    stepPowerOracleJ: (typical.energyJ / typical.durationS) * series.durationS,
    ...baselinesOf(series, finished),
    lowJ,
    highJ,
    factor: 1,
    durationS: series.durationS,
    remarks: [...(finished.remarks ?? []), ...projection.remarks],
  };
}

const outcomeOf = ({ trueJ, stepEpochJ, lowJ, highJ }: ReplayedRun) => ({ trueJ, totalJ: stepEpochJ, lowJ, highJ });

/** The factor that the other runs' errors give: none of its own is in it. */
const factorByOthers = (others: readonly ReplayedRun[]): number => calibrationFactor(others.map(outcomeOf)) ?? 1;

function scaled(run: ReplayedRun): ReplayedRun {
  const { stepEpochJ, lowJ, highJ, factor } = run;
  return {
    ...run,
    lowJ: Math.max(0, stepEpochJ - (stepEpochJ - lowJ) * factor),
    highJ: stepEpochJ + (highJ - stepEpochJ) * factor,
  };
}

const coverageOf = (runs: readonly ReplayedRun[]): number =>
  runs.filter(({ trueJ, lowJ, highJ }) => lowJ <= trueJ && trueJ <= highJ).length / runs.length;

/** @param finished at least one run */
export function replay(finished: readonly FinishedRun[], plan: StepPlan = {}): Replay {
  const shipped = finished.map((run) => replayOne(run, plan));
  const runs = shipped.map((run, i) => ({ ...run, factor: factorByOthers(shipped.filter((_, j) => j !== i)) }));
  const scores = Object.fromEntries(Object.entries(RULES).map(([rule, told]) => [rule, scoreOf(runs, told)]));
  return {
    runs,
    score: {
      ...(scores as Record<Rule, Score | undefined>),
      coverage: coverageOf(runs),
      coverageScaled: coverageOf(runs.map(scaled)),
    },
  };
}
