import fc from "fast-check";
import { expect, it } from "vitest";
import { exact, larger, over, plus, type Range, rangeOf, scaled, times, total } from "./range.ts";

const size = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const anyRange: fc.Arbitrary<Range> = fc
  .tuple(size, size, size)
  .map((numbers) => numbers.sort((a, b) => a - b))
  .map(([low, value, high]) => ({ value: value!, low: low!, high: high! }));

it("keeps low ≤ value ≤ high through every operation", () => {
  fc.assert(
    fc.property(anyRange, anyRange, size, (a, b, factor) => {
      for (const { low, value, high } of [plus(a, b), times(a, b), over(a, b), scaled(a, factor), larger(a, b)]) {
        expect(low).toBeLessThanOrEqual(value);
        expect(value).toBeLessThanOrEqual(high);
      }
    }),
    { seed: 3, numRuns: 200 },
  );
});

it("divides the low by the high", () => {
  const quotient = over({ value: 6, low: 4, high: 8 }, { value: 2, low: 1, high: 4 });
  expect(quotient).toEqual({ value: 3, low: 1, high: 8 });
});

it("takes a bound that is not known, or contradicts the value, as the value", () => {
  expect(rangeOf({ value: 5 })).toEqual(exact(5));
  expect(rangeOf({ value: 5, low: 6, high: 7 })).toEqual({ value: 5, low: 5, high: 7 });
});

it("sums nothing to 0", () => {
  expect(total([])).toEqual(exact(0));
  expect(total([exact(1), { value: 2, low: 1, high: 3 }])).toEqual({ value: 3, low: 2, high: 4 });
});
