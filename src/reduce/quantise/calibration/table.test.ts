import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../math/random.ts";
import type { Seen } from "./rule.ts";
import { CALIBRATIONS } from "./table.ts";

const BINS = 2048;

function seen(values: readonly number[]): Seen {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const bins = new Float64Array(BINS);
  for (const value of values) bins[Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS))]!++;
  return { low, high, bins };
}

const random = seededRandom(4);
const normal = Array.from({ length: 50_000 }, () => random.normal());
/** As after a ReLU: half of them exact zeros. */
const rectified = normal.map((value) => Math.max(0, value));
const outlier = [...normal, 40];
const { minmax, percentile, entropy } = CALIBRATIONS;

describe("calibrations", () => {
  it("minmax takes all", () => {
    expect(minmax.rangeOf(seen(outlier))).toEqual({ low: seen(normal).low, high: 40 });
  });

  it("percentile clips a share of 1e-4, both ends together", () => {
    const { low, high } = percentile.rangeOf(seen(normal));
    const clipped = normal.filter((value) => value < low || value > high).length;
    expect(clipped / normal.length).toBeLessThanOrEqual(1e-4);
    expect(clipped).toBeGreaterThan(0);
    expect(percentile.rangeOf(seen(outlier)).high).toBeLessThan(5);
  });

  it("entropy leaves an outlier out, and keeps what an even distribution has", () => {
    expect(entropy.rangeOf(seen(outlier)).high).toBeLessThan(8);
    const even = Array.from({ length: 50_000 }, (_, i) => i / 50_000);
    expect(entropy.rangeOf(seen(even)).high).toBeGreaterThan(0.95);
  });

  it("entropy is not led astray by the zeros of a ReLU", () => {
    const { low, high } = entropy.rangeOf(seen(rectified));
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(2);
  });

  it("entropy does not take chance for a distribution: few values keep their whole range", () => {
    const few = normal.slice(0, 400);
    expect(entropy.rangeOf(seen(few)).high).toBe(seen(few).high);
  });

  it("stay within what was seen, also for a tensor that never changes", () => {
    for (const rule of Object.values(CALIBRATIONS)) {
      for (const values of [normal, rectified, outlier, normal.map((value) => -Math.abs(value))]) {
        const all = seen(values);
        const { low, high } = rule.rangeOf(all);
        expect(low).toBeGreaterThanOrEqual(all.low);
        expect(high).toBeLessThanOrEqual(all.high);
        expect(high).toBeGreaterThan(low);
      }
      const bins = new Float64Array(BINS);
      bins[0] = 10;
      expect(rule.rangeOf({ low: 3, high: 3, bins })).toEqual({ low: 3, high: 3 });
    }
  });
});
