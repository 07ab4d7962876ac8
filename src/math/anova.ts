// Two-way analysis of variance: how much of a quantity's spread goes with one factor, with the other, and with their combination.
// Sums of squares of type II, by comparing nested least-squares fits, so that cells may hold unequal numbers of values
// [Langsrud2003]; with equal numbers they are the classical ones [Fisher1925].
import { fisherTail } from "./distribution.ts";
import { evaluateLinear, leastSquares } from "./regression.ts";
import { mean, sum } from "./statistics.ts";

/** One value under a level of each factor. */
export interface Observation {
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

export interface Effect {
  readonly sumOfSquares: number;
  readonly degrees: number;
  /** Mean square over the residual mean square; undefined where the residual has no degrees of freedom, or is 0. */
  readonly f: number | undefined;
  /** P(F > f) if the effect were nothing. */
  readonly p: number | undefined;
  /** Share of the whole sum of squares, in [0, 1]: η². */
  readonly shareRatio: number;
}

export interface TwoWay {
  readonly a: Effect;
  readonly b: Effect;
  /** The combination beyond both. */
  readonly interaction: Effect;
  /** `f` and `p` are undefined. */
  readonly residual: Effect;
}

const levelsOf = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

/** One column per level but the first: 1 where the value has it. */
const dummies = (values: readonly string[]): readonly (readonly number[])[] =>
  levelsOf(values)
    .slice(1)
    .map((level) => values.map((value) => (value === level ? 1 : 0)));

/** Sum of squared residuals of a least-squares fit on these columns. */
function residual(columns: readonly (readonly number[])[], target: readonly number[]): number {
  const rows = target.map((_, i) => columns.map((column) => column[i]!));
  const fit = leastSquares(rows, target);
  return sum(rows.map((row, i) => (target[i]! - evaluateLinear(fit, row)) ** 2));
}

/** Sum of squares within the cells: what no factor explains. */
function within(groups: ReadonlyMap<string, readonly number[]>): number {
  return sum([...groups.values()].flatMap((values) => values.map((value) => (value - mean(values)) ** 2)));
}

/**
 * @param observations every level of one factor with every level of the other, at least once
 * @returns undefined where a factor has fewer than two levels, or a combination is missing
 */
export function twoWayAnova(observations: readonly Observation[]): TwoWay | undefined {
  const [as, bs] = [observations.map(({ a }) => a), observations.map(({ b }) => b)];
  const [levelsA, levelsB] = [levelsOf(as).length, levelsOf(bs).length];
  const groups = new Map<string, number[]>();
  for (const { a, b, value } of observations) {
    const key = JSON.stringify([a, b]);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  if (levelsA < 2 || levelsB < 2 || groups.size < levelsA * levelsB) return undefined;
  const target = observations.map(({ value }) => value);
  const [columnsA, columnsB] = [dummies(as), dummies(bs)];
  const [onlyA, onlyB, additive] = [
    residual(columnsA, target),
    residual(columnsB, target),
    residual([...columnsA, ...columnsB], target),
  ];
  const error = within(groups);
  const errorDegrees = observations.length - groups.size;
  const total = sum(target.map((value) => (value - mean(target)) ** 2));
  const effect = (sumOfSquares: number, degrees: number): Effect => {
    const f = errorDegrees > 0 && error > 0 ? sumOfSquares / degrees / (error / errorDegrees) : undefined;
    return {
      sumOfSquares,
      degrees,
      f,
      p: f === undefined ? undefined : fisherTail(f, degrees, errorDegrees),
      shareRatio: total > 0 ? sumOfSquares / total : 0,
    };
  };
  const least = (difference: number) => Math.max(0, difference);
  return {
    a: effect(least(onlyB - additive), levelsA - 1),
    b: effect(least(onlyA - additive), levelsB - 1),
    interaction: effect(least(additive - error), (levelsA - 1) * (levelsB - 1)),
    residual: { ...effect(error, errorDegrees), f: undefined, p: undefined },
  };
}
