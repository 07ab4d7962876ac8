import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

fc.configureGlobal({ seed: 1 });

const pool = (length: number, kernel: number, stride: number, pad: number, ceil: number) =>
  shapeOf("MaxPool", [[1, 1, length]], {
    attributes: { kernel_shape: [kernel], strides: [stride], pads: [pad, pad], ceil_mode: ceil },
  })![2] as number;

describe("pooling", () => {
  it("rounds up when asked: the MNIST CNN's 28 → 14 → 7 → 4", () => {
    expect(pool(7, 2, 2, 0, 1)).toBe(4);
    expect(pool(7, 2, 2, 0, 0)).toBe(3);
  });

  it("drops a last window that would start in the padding behind the input", () => {
    // 5 + 2·1 - 2 = 5, ceil(5/3)+1 = 3; the third window starts at 6 = 5 + 1, behind the input.
    expect(pool(5, 2, 3, 1, 1)).toBe(2);
  });

  it("takes windows that cover the input and nothing beyond (ceil), or fit in it (floor)", () => {
    const small = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        small,
        small,
        fc.integer({ min: 0, max: 1 }),
        (length, kernel, stride, wanted) => {
          const pad = Math.min(wanted, kernel - 1);
          const floor = pool(length, kernel, stride, pad, 0);
          const ceil = pool(length, kernel, stride, pad, 1);
          expect((floor - 1) * stride + kernel).toBeLessThanOrEqual(length + 2 * pad);
          expect(floor * stride + kernel).toBeGreaterThan(length + 2 * pad);
          expect((ceil - 1) * stride).toBeLessThan(length + pad);
          expect(ceil - floor).toBeGreaterThanOrEqual(0);
          expect(ceil - floor).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it("answers with indices too", () => {
    const setting = { outputs: 2, attributes: { kernel_shape: [2, 2], strides: [2, 2] } };
    expect(typesOf("MaxPool", [["N", 8, 6, 6]], setting)).toEqual([
      of("float32", "N", 8, 3, 3),
      of("int64", "N", 8, 3, 3),
    ]);
  });

  it("leaves 1 per channel of a whole image", () => {
    expect(shapeOf("GlobalAveragePool", [["N", 512, "h", "w"]])).toEqual(["N", 512, 1, 1]);
  });

  it("says what is missing or too large", () => {
    expect(() => shapeOf("MaxPool", [[1, 1, 4, 4]])).toThrow("kernel_shape is missing");
    expect(() => pool(4, 6, 1, 0, 0)).toThrow("a window of 6 does not fit into 4");
  });
});
