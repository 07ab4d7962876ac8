import { describe, expect, it } from "vitest";
import { of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

const nchwc = "com.microsoft.nchwc";

describe("blocked layout", () => {
  it("goes in, through a convolution and a pool, and out to the true channels", () => {
    const into = shapeOf("ReorderInput", [["N", 3, 32, 32]], { domain: nchwc })!;
    const conv = shapeOf("Conv", [into, [16, 8, 3, 3]], { domain: nchwc, attributes: { pads: [1, 1, 1, 1] } })!;
    expect(conv).toEqual(["N", 16, 32, 32]);
    const pool = shapeOf("MaxPool", [conv], { domain: nchwc, attributes: { kernel_shape: [2, 2], strides: [2, 2] } })!;
    expect(pool).toEqual(["N", 16, 16, 16]);
    expect(shapeOf("ReorderOutput", [pool], { domain: nchwc, attributes: { channels: 10 } })).toEqual([
      "N",
      10,
      16,
      16,
    ]);
    const last = { domain: nchwc, attributes: { channels: 10, channels_last: 1 } };
    expect(shapeOf("ReorderOutput", [pool], last)).toEqual(["N", 16, 16, 10]);
  });

  it("scales by whole factors", () => {
    const setting = { domain: nchwc, attributes: { scales: [1, 1, 2, 3] } };
    expect(shapeOf("Upsample", [[1, 8, 4, 5]], setting)).toEqual([1, 8, 8, 15]);
  });
});

describe("fused operators", () => {
  it("keeps, halves or drops out", () => {
    const ms = { domain: "com.microsoft" };
    expect(
      shapeOf(
        "BiasSoftmax",
        [
          ["N", 4],
          ["N", 4],
        ],
        ms,
      ),
    ).toEqual(["N", 4]);
    expect(shapeOf("BiasSplitGelu", [["N", 9, 256], [256]], ms)).toEqual(["N", 9, 128]);
    expect(typesOf("BiasDropout", [["N", 4], [4]], { ...ms, outputs: 2 })).toEqual([
      of("float32", "N", 4),
      of("bool", "N", 4),
    ]);
    expect(() => shapeOf("BiasSplitGelu", [[1, 9, 255]], ms)).toThrow("255 is not divisible by 2");
  });
});
