// A number with the span of its sources: value, low, high. It is interval arithmetic for quantities that are never negative
// (joules, watts, rates), and no statistics: a range is not a confidence interval.

/** A value between the least and the most that the numbers behind it allow. low ≤ value ≤ high. */
export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A number whose low and high may be unknown, as in a sourced record. */
export interface Bounded {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** A number without a span. */
export const exact = (value: number): Range => ({ value, low: value, high: value });

/** The range of a sourced number; a bound that is not known is the value itself. */
export function rangeOf(number: Bounded): Range {
  const { value, low = value, high = value } = number;
  return { value, low: Math.min(low, value), high: Math.max(high, value) };
}

export const plus = (a: Range, b: Range): Range => ({
  value: a.value + b.value,
  low: a.low + b.low,
  high: a.high + b.high,
});

/** Product of two ranges that are not negative. */
export const times = (a: Range, b: Range): Range => ({
  value: a.value * b.value,
  low: a.low * b.low,
  high: a.high * b.high,
});

/** Quotient of two ranges that are not negative: the low one divides by the high one. */
export const over = (a: Range, b: Range): Range => ({
  value: a.value / b.value,
  low: a.low / b.high,
  high: a.high / b.low,
});

/** A range times an exact factor that is not negative. */
export const scaled = (a: Range, factor: number): Range => ({
  value: a.value * factor,
  low: a.low * factor,
  high: a.high * factor,
});

/** The larger of two, bound by bound. */
export const larger = (a: Range, b: Range): Range => ({
  value: Math.max(a.value, b.value),
  low: Math.max(a.low, b.low),
  high: Math.max(a.high, b.high),
});

export const total = (ranges: Iterable<Range>): Range => {
  let sum = exact(0);
  for (const range of ranges) sum = plus(sum, range);
  return sum;
};
