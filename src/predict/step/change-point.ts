// Where a series settles: cuts it into stretches of constant mean, with a penalty per cut (optimal partitioning [Jackson2005] with the
// Schwarz criterion). For epochs, some hundred values; not for raw samples, which swing within every epoch.
import { median } from "../../math/statistics.ts";

/** Jumps below this share of the median are no new level, however quiet the series. */
const LEAST_JUMP_RATIO = 0.02;
/** Normal deviation over the median absolute difference of neighbours: 1.4826 / √2. */
const NEIGHBOUR_SCALE = 1.4826 / Math.SQRT2;

/** Noise between neighbours: a level change moves one difference, not their median. */
function noiseOf(values: readonly number[]): number {
  const steps = values.slice(1).map((value, i) => Math.abs(value - values[i]!));
  return steps.length === 0 ? 0 : NEIGHBOUR_SCALE * median(steps);
}

/** First indices of the stretches of constant mean, rising, beginning with 0. */
export function levelStarts(values: readonly number[]): readonly number[] {
  const n = values.length;
  if (n < 2) return [0];
  const size = Math.abs(median(values));
  const sigma = Math.max(noiseOf(values), LEAST_JUMP_RATIO * size, Number.MIN_VALUE);
  const penalty = 3 * sigma ** 2 * Math.log(n);
  const total = new Float64Array(n + 1);
  const squares = new Float64Array(n + 1);
  const shift = values[0]!;
  values.forEach((value, i) => {
    total[i + 1] = total[i]! + (value - shift);
    squares[i + 1] = squares[i]! + (value - shift) ** 2;
  });
  const costOf = (from: number, to: number): number =>
    squares[to]! - squares[from]! - (total[to]! - total[from]!) ** 2 / (to - from);
  const best = new Float64Array(n + 1);
  const cut = new Int32Array(n + 1);
  for (let to = 1; to <= n; to++) {
    best[to] = Number.POSITIVE_INFINITY;
    for (let from = 0; from < to; from++) {
      const cost = best[from]! + costOf(from, to) + (from === 0 ? 0 : penalty);
      if (cost < best[to]!) {
        best[to] = cost;
        cut[to] = from;
      }
    }
  }
  const starts: number[] = [];
  for (let to = n; to > 0; to = cut[to]!) starts.unshift(cut[to]!);
  return starts;
}

/**
 * The stabilising point: the first epoch of the longest level, never epoch 0.
 * Of a run that is going on it is the best guess so far; of a finished one it knows the future, and says more than a forecast could.
 * @param values joules of each epoch; with equal epochs that is the power series. Power alone would not see epochs that grow longer
 */
export function stabilisingPoint(values: readonly number[]): number {
  const starts = levelStarts(values);
  const lengthOf = (i: number): number => (starts[i + 1] ?? values.length) - starts[i]!;
  const longest = starts.reduce((best, _, i) => (lengthOf(i) > lengthOf(best) ? i : best), 0);
  return Math.max(1, starts[longest]!);
}

/** The same for a run that is going on: the first epoch of the level that it is on now, never epoch 0. */
export function currentLevelStart(values: readonly number[]): number {
  return Math.max(1, levelStarts(values).at(-1)!);
}
