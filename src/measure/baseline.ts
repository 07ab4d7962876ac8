// What the machine draws anyway: the median idle power before a run, and after it to see drift. It is a power: the energy to
// subtract is idle power × the run's own duration. (Equations 1 to 5 of [Mavromatis2024] subtract the energy of an idle period
// of fixed length, which is right only if that length is the run's.) Median as in [deeprx], III-A3: background bursts do not move it.
import { mean, median, robustDeviation, standardDeviation } from "../math/statistics.ts";
import { type Account, accountOf } from "./energy.ts";
import { rootSumSquare } from "./energy-curve.ts";
import { processorLoad } from "./load.ts";
import type { Doubt } from "./measurement.ts";
import type { Recording, Trace, Window } from "./trace.ts";

/** The idle time is cut into bins of so long, s, and of so many update or poll periods: long against those, short against the idle time. */
const BIN_S = 1;
const BIN_PERIODS = 5;
/** A short idle time is cut into so many shorter bins, down to one period each: one bin would tell nothing of the spread. */
const FEWEST_BINS = 5;
/** Standard error of a median over that of a mean, for normal data. */
const MEDIAN_COST = Math.sqrt(Math.PI / 2);

/** A time in which nothing was run: before the run, or after it. */
export interface IdleStretch {
  readonly recording: Recording;
  readonly window: Window;
}

/** Idle power of one source. */
export interface Baseline {
  readonly idleW: number;
  /** Standard deviation of idleW, W. */
  readonly sigmaW: number;
  /** Spread of idle power between bins, W, robust, and the length of a bin, s: a run's own idle part scatters so too. */
  readonly binSpreadW: number;
  readonly binS: number;
  /** Bins less one for each stretch. */
  readonly degrees: number;
  /** Idle power after less before, W; undefined with one stretch. */
  readonly driftW: number | undefined;
  /** Idle time that readings cover, s. */
  readonly coveredS: number;
  /** How busy the processor was meanwhile, in [0, 1]; undefined where no load was read. */
  readonly busyRatio: number | undefined;
}

/** Settings of takeBaseline. */
export interface BaselineOptions {
  /** Seconds at the start of each stretch that are left out as warm-up. Default 1, range ≥ 0; none where the stretch is short. */
  readonly skipS?: number;
}

/** Mean powers of bins that readings cover wholly, W. */
function binPowers(account: Account, window: Window, skipS: number): { powersW: number[]; binS: number } {
  const lengthS = window.toS - window.fromS;
  const fromS = lengthS > 3 * skipS ? window.fromS + skipS : window.fromS;
  const { updatePeriodS, pollPeriodS } = account.rhythm;
  const periodS = Math.max(updatePeriodS, pollPeriodS || 0);
  const usualS = Math.max(BIN_S, BIN_PERIODS * periodS);
  const wantedS = Math.max(periodS, Math.min(usualS, (window.toS - fromS) / FEWEST_BINS));
  const count = Math.max(1, Math.floor((window.toS - fromS) / wantedS + 1e-9));
  const binS = (window.toS - fromS) / count;
  const powersW = Array.from({ length: count }, (_, i) => fromS + i * binS).flatMap((startS) => {
    const curve = account.curves.find((one) => one.fromS <= startS && one.toS >= startS + binS);
    return curve ? [(curve.energyJ(startS + binS) - curve.energyJ(startS)) / binS] : [];
  });
  return { powersW, binS };
}

/** Spread that outliers do not move. Of few bins, or where more than half of them are equal, it is the plain one: then no bin is an outlier. */
function spread(values: readonly number[]): number {
  return (values.length > FEWEST_BINS ? robustDeviation(values) : 0) || standardDeviation(values);
}

/**
 * Idle power of every source that was read while nothing ran.
 * @param stretches idle time before the run, and (better) also after it
 * @returns source id → baseline; a source with fewer than two covered bins in every stretch is left out: one power says nothing
 * of its spread, and a baseline without doubt would make the net look certain
 */
export function takeBaseline(
  stretches: readonly IdleStretch[],
  { skipS = 1 }: BaselineOptions = {},
): ReadonlyMap<string, Baseline> {
  const busy = stretches.flatMap(({ recording, window }) => processorLoad(recording, window) ?? []);
  const busyRatio = busy.length === 0 ? undefined : mean(busy);
  const ids = new Set(stretches.flatMap(({ recording }) => recording.traces.map(({ info }) => info.id)));
  const baselines = new Map<string, Baseline>();
  const accounts = new Map<Trace, Account>();
  const accountFor = (trace: Trace): Account => {
    const account = accounts.get(trace) ?? accountOf(trace);
    accounts.set(trace, account);
    return account;
  };
  for (const id of ids) {
    const parts = stretches.flatMap(({ recording, window }) => {
      const trace = recording.traces.find(({ info }) => info.id === id);
      const bins = trace && binPowers(accountFor(trace), window, skipS);
      return bins && bins.powersW.length > 1 ? [bins] : [];
    });
    if (parts.length === 0) continue;
    const medians = parts.map(({ powersW }) => median(powersW));
    const idleW = mean(medians);
    const spreads = parts.map(({ powersW }) => spread(powersW));
    const errors = parts.map(
      ({ powersW }, i) => (MEDIAN_COST * spreads[i]!) / Math.sqrt(powersW.length) / parts.length,
    );
    const driftW = medians.length > 1 ? medians.at(-1)! - medians[0]! : undefined;
    baselines.set(id, {
      idleW,
      // Somewhere between the two levels, evenly: width / √12.
      sigmaW: rootSumSquare([...errors, (driftW ?? 0) / Math.sqrt(12)]),
      binSpreadW: mean(spreads),
      binS: mean(parts.map(({ binS }) => binS)),
      degrees: Math.max(
        1,
        parts.reduce((total, { powersW }) => total + powersW.length - 1, 0),
      ),
      driftW,
      coveredS: parts.reduce((total, { powersW, binS }) => total + powersW.length * binS, 0),
      busyRatio,
    });
  }
  return baselines;
}

/** Doubt of idleW × duration: of the level itself, and of how far idle power strays from it over a time as long as the run. */
export function baselineDoubt(baseline: Baseline, durationS: number): Doubt {
  const { sigmaW, binSpreadW, binS, degrees } = baseline;
  const sigmaJ = rootSumSquare([sigmaW * durationS, binSpreadW * Math.sqrt(binS * durationS)]);
  return { cause: "baseline spread", sigmaJ, degrees };
}
