// From numbers to pixels and to ticks that people like. Linear and logarithmic, nothing else.
import { decadeDomain, decades } from "../../report/charts/frame.ts";

export interface Scale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Pixel of a value; values outside lie outside. */
  at(value: number): number;
  /** Value at a pixel. */
  invert(pixel: number): number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** 0, 20, 40, …: about `count` of them inside [low, high]. */
export function niceTicks(low: number, high: number, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const stepSize = power * STEPS.find((factor) => factor * power >= rough * 0.999)!;
  const first = Math.ceil(low / stepSize - 1e-9);
  const last = Math.floor(high / stepSize + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * stepSize).toPrecision(12)));
}

export function linearScale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  ticks = 5,
): Scale {
  const span = high - low || 1;
  return {
    domain: [low, high],
    ticks: niceTicks(low, high, ticks),
    at: (value) => from + ((value - low) / span) * (to - from),
    invert: (pixel) => low + ((pixel - from) / (to - from)) * span,
  };
}

const ROUND = [1, 2, 5];

/** A little room around the positive values; ticks at 1, 2 and 5 of each decade, or at whole ones where those are many. */
export function closeLogScale(values: readonly number[], [from, to]: readonly [number, number], most = 8): Scale {
  const logs = values.map((value) => Math.log10(value));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const room = (high - low || 1) / 12;
  const [a, b] = [low - room, high + room];
  const exponents = Array.from({ length: Math.ceil(b) - Math.floor(a) + 1 }, (_, i) => Math.floor(a) + i);
  const inside = (factors: readonly number[]) =>
    exponents
      .flatMap((exponent) => factors.map((factor) => Number(`${factor}e${exponent}`)))
      .filter((value) => value >= 10 ** a && value <= 10 ** b);
  const fine = inside(ROUND);
  const whole = inside([1]);
  const every = Math.max(1, Math.ceil(whole.length / most));
  return {
    domain: [10 ** a, 10 ** b],
    ticks: fine.length <= most ? fine : whole.filter((_, i) => i % every === 0),
    at: (value) => from + ((Math.log10(value) - a) / (b - a)) * (to - from),
    invert: (pixel) => 10 ** (a + ((pixel - from) / (to - from)) * (b - a)),
  };
}

/** Whole decades around the positive values. */
export function logScale(values: readonly number[], [from, to]: readonly [number, number], most = 8): Scale {
  const [low, high] = decadeDomain(values);
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const all = decades(low, high);
  const every = Math.max(1, Math.ceil(all.length / most));
  return {
    domain: [low, high],
    ticks: all.filter((_, i) => i % every === 0),
    at: (value) => from + ((Math.log10(value) - a) / (b - a)) * (to - from),
    invert: (pixel) => 10 ** (a + ((pixel - from) / (to - from)) * (b - a)),
  };
}
