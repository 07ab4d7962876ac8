import fc from "fast-check";
import { expect, it } from "vitest";
import { closeLogScale, linearScale, logScale, niceTicks } from "./scale.ts";

const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });

it("puts ticks inside the domain, evenly, at most twice as many as wanted", () => {
  fc.assert(
    fc.property(
      number,
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 2, max: 10 }),
      (low, span, count) => {
        const ticks = niceTicks(low, low + span, count);
        expect(ticks.length).toBeLessThanOrEqual(2 * count + 1);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * Math.max(span, Math.abs(low)));
          expect(tick).toBeLessThanOrEqual(low + span + 1e-6 * Math.max(span, Math.abs(low)));
        }
      },
    ),
    { seed: 4 },
  );
  expect(niceTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(niceTicks(0, 0.7, 4)).toEqual([0, 0.2, 0.4, 0.6]);
});

it("finds the value that it drew", () => {
  const linear = linearScale([-2, 6], [100, 300]);
  const log = logScale([3e-6, 0.2], [0, 500]);
  for (const value of [-2, 0, 5.5]) expect(linear.invert(linear.at(value))).toBeCloseTo(value, 9);
  for (const value of [3e-6, 0.01, 0.2]) expect(log.invert(log.at(value)) / value).toBeCloseTo(1, 9);
  expect(log.domain).toEqual([1e-6, 1]);
  expect(log.ticks).toContain(1e-3);
  const close = closeLogScale([250, 8e3], [0, 500]);
  for (const value of [250, 1e3, 8e3]) expect(close.invert(close.at(value)) / value).toBeCloseTo(1, 9);
  expect(close.ticks).toEqual([200, 500, 1e3, 2e3, 5e3, 1e4]);
  expect(closeLogScale([1, 1e9], [0, 500], 4).ticks).toEqual([1, 1e3, 1e6, 1e9]);
  expect(closeLogScale([5, 5], [0, 500]).at(5)).toBeCloseTo(250, 6);
});
