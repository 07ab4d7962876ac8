import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../runtime/tensor.ts";
import { affineOf, quantiseWeight, roundEven } from "./affine.ts";

const number = fc.double({ min: -1e4, max: 1e4, noNaN: true });
const weight = (shape: readonly number[], ...data: number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});

describe("affineOf", () => {
  it("has a code for 0, and every number of the range within half a step of one", () => {
    fc.assert(
      fc.property(
        number,
        number,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom("uint8", "int8"),
        (a, b, at, dtype) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const { scale, zeroPoint } = affineOf({ low, high }, dtype as "uint8" | "int8");
          const lowest = dtype === "uint8" ? 0 : -128;
          expect(Number.isInteger(zeroPoint)).toBe(true);
          expect(zeroPoint).toBeGreaterThanOrEqual(lowest);
          expect(zeroPoint).toBeLessThanOrEqual(lowest + 255);
          const value = low + at * (high - low);
          const code = Math.min(lowest + 255, Math.max(lowest, roundEven(value / scale) + zeroPoint));
          // Half a step for the value's own rounding, half for that of the zero point at the ends of the range.
          expect(Math.abs(scale * (code - zeroPoint) - value)).toBeLessThanOrEqual(scale * 1.001);
        },
      ),
    );
  });

  it("starts at the lowest code where nothing is negative, so that a ReLU before it is part of the rounding", () => {
    expect(affineOf({ low: 0.5, high: 5.1 }, "uint8")).toMatchObject({ zeroPoint: 0, scale: Math.fround(5.1 / 255) });
    expect(affineOf({ low: 0, high: 5.1 }, "int8").zeroPoint).toBe(-128);
  });

  it("takes a range of nothing", () => {
    expect(affineOf({ low: 0, high: 0 }, "uint8")).toEqual({ scale: 1, zeroPoint: 0, dtype: "uint8" });
    const { scale } = affineOf({ low: 0, high: 1e-45 }, "uint8");
    expect(Number.isFinite(1 / scale)).toBe(true);
  });
});

describe("roundEven", () => {
  it("takes halves to the even neighbour, as QuantizeLinear does", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6].map((x) => roundEven(x) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, -3,
    ]);
  });
});

describe("quantiseWeight", () => {
  it("is within half a step, and never uses -128", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (numbers) => {
          for (const axis of [undefined, 0, 1]) {
            const { values, scales } = quantiseWeight(weight([2, 3], ...numbers), axis === undefined ? {} : { axis });
            numbers.forEach((value, i) => {
              const channel = axis === undefined ? 0 : axis === 0 ? Math.floor(i / 3) : i % 3;
              expect(Math.abs(values[i]! * scales[channel]! - value)).toBeLessThanOrEqual(0.5001 * scales[channel]!);
              expect(Math.abs(values[i]!)).toBeLessThanOrEqual(127);
            });
          }
        },
      ),
    );
  });

  it("has a scale per channel, also for one of zeros, and 7 bits on demand", () => {
    const numbers = weight([3, 2], 1, -2, 0, 0, 0.5, 0.25);
    const { values, scales } = quantiseWeight(numbers, { axis: 0 });
    expect([...values]).toEqual([64, -127, 0, 0, 127, 64]);
    expect([...scales]).toEqual([2 / 127, 1, 0.5 / 127].map(Math.fround));
    expect(Math.max(...quantiseWeight(numbers, { largest: 63 }).values.map(Math.abs))).toBe(63);
  });

  it("keeps a scale large enough for the bias", () => {
    const { values, scales } = quantiseWeight(weight([1, 2], 1, 2), { axis: 0, leastScale: () => 1 });
    expect([[...values], [...scales]]).toEqual([[1, 2], [1]]);
  });
});
