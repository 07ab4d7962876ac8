// What a plan will take before it runs: from trials of it that were already done, else from others by their FLOPs, else from published
// metrics on a device of the catalogue. Each trial says which; what cannot be said stays unknown and is counted.
import { median } from "../math/statistics.ts";
import type { StudyPlan } from "./plan.ts";
import type { TrialRecord } from "./record.ts";
import type { Trial } from "./trials.ts";

/** What a trial is expected to take, cool-down before it included in the time. */
export interface TrialForecast {
  readonly trial: Trial;
  readonly durationS: number | undefined;
  readonly energyJ: number | undefined;
  readonly lowJ: number | undefined;
  readonly highJ: number | undefined;
  readonly basis: "same trial before" | "other trials, by FLOPs" | "published metrics" | "not known";
}

/** What a metric says of one pass (or step) of the batch. */
export interface PassCost {
  readonly durationS: number | undefined;
  readonly energyJ: number;
  readonly lowJ: number;
  readonly highJ: number;
}

export interface ForecastOptions {
  readonly plan: StudyPlan;
  readonly trials: readonly Trial[];
  readonly records: readonly TrialRecord[];
  /** FLOPs of one pass, or training step, of the trial's batch. */
  readonly flopsOf: (trial: Trial) => number;
  /** Samples that one epoch, or one pass over the test set, goes through. */
  readonly samplesOf: (trial: Trial) => number;
  /** Of one pass or step on the device that was named; undefined where none is known. */
  readonly passOf: (trial: Trial) => PassCost | undefined;
}

/** Spread of real networks around FLOP-proportional cost, a factor either way: half an order of magnitude. */
const BY_FLOPS_FACTOR = 3;

const sum = (record: TrialRecord, field: "durationS" | "energyJ"): number =>
  record.rows.reduce((total, row) => total + row[field], 0);

/** Steps or passes that a trial makes. */
function passesOf(plan: StudyPlan, trial: Trial, samples: number): number {
  const times = trial.phase === "training" ? plan.epochs : plan.inferencePasses;
  return times * Math.floor(samples / trial.batch);
}

const likeOf = ({ network, data, phase, batch }: Trial): string => JSON.stringify([network, data, phase, batch]);

/** One forecast per trial. */
export function forecast(options: ForecastOptions): readonly TrialForecast[] {
  const { plan, trials, records, flopsOf, samplesOf, passOf } = options;
  const done = records.filter(({ status }) => status === "done");
  const total = (trial: Trial): number => flopsOf(trial) * passesOf(plan, trial, samplesOf(trial));
  const rates = new Map(
    (["training", "inference"] as const).map((phase) => {
      const own = done.filter(({ trial }) => trial.phase === phase);
      const per = (field: "durationS" | "energyJ") => own.map((record) => sum(record, field) / total(record.trial));
      return [phase, own.length === 0 ? undefined : { s: median(per("durationS")), j: median(per("energyJ")) }];
    }),
  );
  return trials.map((trial): TrialForecast => {
    const same = done.filter((record) => likeOf(record.trial) === likeOf(trial));
    if (same.length > 0) {
      const joules = same.map((record) => sum(record, "energyJ"));
      return {
        trial,
        durationS: plan.coolDownS + median(same.map((record) => sum(record, "durationS"))),
        energyJ: median(joules),
        lowJ: Math.min(...joules),
        highJ: Math.max(...joules),
        basis: "same trial before",
      };
    }
    const rate = rates.get(trial.phase);
    if (rate !== undefined) {
      const energyJ = rate.j * total(trial);
      return {
        trial,
        durationS: plan.coolDownS + rate.s * total(trial),
        energyJ,
        lowJ: energyJ / BY_FLOPS_FACTOR,
        highJ: energyJ * BY_FLOPS_FACTOR,
        basis: "other trials, by FLOPs",
      };
    }
    const pass = passOf(trial);
    const count = passesOf(plan, trial, samplesOf(trial));
    if (pass === undefined)
      return { trial, durationS: undefined, energyJ: undefined, lowJ: undefined, highJ: undefined, basis: "not known" };
    return {
      trial,
      durationS: pass.durationS === undefined ? undefined : plan.coolDownS + count * pass.durationS,
      energyJ: count * pass.energyJ,
      lowJ: count * pass.lowJ,
      highJ: count * pass.highJ,
      basis: "published metrics",
    };
  });
}

/**
 * Sums over what is known, and how many trials are not.
 * @param idleS idle time at the start, s
 */
export function forecastTotal(forecasts: readonly TrialForecast[], idleS = 0) {
  const of = (field: "durationS" | "energyJ" | "lowJ" | "highJ"): number =>
    forecasts.reduce((total, one) => total + (one[field] ?? 0), 0);
  return {
    trials: forecasts.length,
    unknown: forecasts.filter(({ energyJ }) => energyJ === undefined).length,
    durationS: of("durationS") + (forecasts.length > 0 ? idleS : 0),
    energyJ: of("energyJ"),
    lowJ: of("lowJ"),
    highJ: of("highJ"),
  };
}
