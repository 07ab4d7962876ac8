// From a power trace to energy and duration of each epoch: by the epoch column where there is one, by equal parts where not.
// Power is taken as linear between samples, so that epochs add up to the trapezoid of the whole trace. No forecast here: project.ts.
import { median, sum } from "../../math/statistics.ts";
import { InputError } from "../../units/input-error.ts";

/** Power over time of one training run. Columns of the same length, times not decreasing. */
export interface PowerTrace {
  /** "vgg16/3": unique among the runs that are looked at together. */
  readonly run: string;
  readonly timeS: readonly number[];
  readonly powerW: readonly number[];
  /** Number of the epoch that each sample belongs to; undefined for samples outside epochs. Left out: the trace knows no epochs. */
  readonly epoch?: readonly (number | undefined)[];
}

/** One epoch, or several times the mean of some. */
export interface Epoch {
  readonly energyJ: number;
  readonly durationS: number;
}

/** A run cut into epochs. */
export interface EpochSeries {
  readonly run: string;
  /** At least one. */
  readonly epochs: readonly Epoch[];
  /** Before the first epoch: loading, compiling. Part of the run, known when the first epoch begins. */
  readonly before: Epoch;
  /** After the last epoch. Part of the run, but of no forecast. */
  readonly after: Epoch;
  /** Trapezoid over the whole trace, J. */
  readonly totalJ: number;
  /** First to last sample, s. */
  readonly durationS: number;
}

/** Energy since the first sample as a function of time: the integral of power that is linear between samples. */
export interface TraceEnergy {
  readonly fromS: number;
  readonly toS: number;
  energyJ(timeS: number): number;
}

/** @throws InputError "short-trace" with fewer than two samples or no time between them */
export function traceEnergy({ run, timeS, powerW }: PowerTrace): TraceEnergy {
  const [fromS, toS] = [timeS[0], timeS.at(-1)];
  if (fromS === undefined || toS === undefined || !(toS > fromS))
    throw new InputError(
      "short-trace",
      `run "${run}" has ${timeS.length} samples over ${(toS ?? 0) - (fromS ?? 0)} s, expected at least two at different times`,
      "leave the run out, or record it longer",
    );
  const energyJ = new Float64Array(timeS.length);
  for (let i = 1; i < timeS.length; i++)
    energyJ[i] = energyJ[i - 1]! + ((powerW[i]! + powerW[i - 1]!) / 2) * (timeS[i]! - timeS[i - 1]!);
  return {
    fromS,
    toS,
    energyJ(atS) {
      let low = 0;
      let high = timeS.length - 2;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (timeS[middle]! <= atS) low = middle;
        else high = middle - 1;
      }
      const stepS = timeS[low + 1]! - timeS[low]!;
      if (stepS === 0) return energyJ[low]!;
      const sinceS = Math.min(stepS, Math.max(0, atS - timeS[low]!));
      const slope = (powerW[low + 1]! - powerW[low]!) / stepS;
      return energyJ[low]! + sinceS * (powerW[low]! + (slope * sinceS) / 2);
    },
  };
}

/** Cuts a run at the given times: n + 1 rising times make n epochs. */
function epochsAt(run: string, energy: TraceEnergy, bordersS: readonly number[]): EpochSeries {
  const piece = (fromS: number, toS: number): Epoch => ({
    energyJ: energy.energyJ(toS) - energy.energyJ(fromS),
    durationS: toS - fromS,
  });
  return {
    run,
    epochs: bordersS.slice(1).map((toS, i) => piece(bordersS[i]!, toS)),
    before: piece(energy.fromS, bordersS[0]!),
    after: piece(bordersS.at(-1)!, energy.toS),
    totalJ: energy.energyJ(energy.toS),
    durationS: energy.toS - energy.fromS,
  };
}

/** An epoch begins with its first sample and ends where the next one begins; the last one ends with its last sample. */
function labelledBorders({ run, timeS, epoch }: PowerTrace): readonly number[] {
  const starts: number[] = [];
  let lastS: number | undefined;
  let current: number | undefined;
  epoch?.forEach((label, i) => {
    if (label === undefined) return;
    if (current !== undefined && label < current)
      throw new InputError(
        "epochs-out-of-order",
        `run "${run}": epoch ${label} comes after epoch ${current}, at ${timeS[i]} s`,
        "epochs must not decrease within a run; give each run its own name in the column run",
      );
    if (label !== current) starts.push(timeS[i]!);
    current = label;
    lastS = timeS[i];
  });
  return lastS === undefined || lastS === starts.at(-1) ? starts : [...starts, lastS];
}

/** Below this share of the median power a trace has not begun to train, or has ended. */
const LOADED_RATIO = 0.4;
/** At most so many equal parts are taken for loading or ending, at either end. */
const EDGE_PARTS = 0.5;

/**
 * Start and end of the loaded part of a trace: samples at its very ends that lie below 40 % of the median power are the program's start
 * and end and belong to no epoch, as the authors drop the first and last samples [delRey2023]. At most half a part is left out at each end.
 */
function loadedSpan({ timeS, powerW }: PowerTrace, parts: number): readonly [number, number] {
  const leastW = LOADED_RATIO * median(powerW);
  const edgeS = (EDGE_PARTS * (timeS.at(-1)! - timeS[0]!)) / parts;
  let [first, last] = [0, timeS.length - 1];
  while (first < last && powerW[first]! < leastW && timeS[first + 1]! - timeS[0]! <= edgeS) first++;
  while (last > first && powerW[last]! < leastW && timeS.at(-1)! - timeS[last - 1]! <= edgeS) last--;
  return [timeS[first]!, timeS[last]!];
}

/** `count` equal parts of a trace, or of the part between two times. */
export function equalParts(trace: PowerTrace, count: number, span?: readonly [number, number]): EpochSeries {
  const energy = traceEnergy(trace);
  const [fromS, toS] = span ?? [energy.fromS, energy.toS];
  const borders = Array.from({ length: count + 1 }, (_, i) =>
    i === count ? toS : fromS + ((toS - fromS) * i) / count,
  );
  return epochsAt(trace.run, energy, borders);
}

/** `count` equal parts of the loaded part of a trace. */
export function equalEpochs(trace: PowerTrace, count: number): EpochSeries {
  traceEnergy(trace);
  return equalParts(trace, count, loadedSpan(trace, count));
}

/**
 * Cuts a run into epochs: by its epoch column, else into `count` equal parts.
 * @throws InputError "no-epochs" when there is neither, "epochs-out-of-order", "short-trace"
 */
export function cutIntoEpochs(trace: PowerTrace, count?: number): EpochSeries {
  const energy = traceEnergy(trace);
  if (trace.epoch !== undefined) {
    const borders = labelledBorders(trace);
    if (borders.length >= 2) return epochsAt(trace.run, energy, borders);
  }
  if (count !== undefined) return equalEpochs(trace, count);
  throw new InputError(
    "no-epochs",
    `the epochs of run "${trace.run}" are not known: its trace has no epoch column`,
    "add a column epoch, or give --runs-file with the columns run and epochs",
  );
}

/** All of several epochs together. */
export function together(epochs: readonly Epoch[]): Epoch {
  return {
    energyJ: sum(epochs.map(({ energyJ }) => energyJ)),
    durationS: sum(epochs.map(({ durationS }) => durationS)),
  };
}
