import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ints, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

fc.configureGlobal({ seed: 1 });

describe("convolutions", () => {
  it("slides 7×7 by 2 over 224×224: 112×112 (ResNet's first layer)", () => {
    const attributes = { strides: [2, 2], pads: [3, 3, 3, 3] };
    expect(
      shapeOf(
        "Conv",
        [
          ["N", 3, 224, 224],
          [64, 3, 7, 7],
        ],
        { attributes },
      ),
    ).toEqual(["N", 64, 112, 112]);
  });

  it("keeps symbols that a same convolution does not change", () => {
    expect(
      shapeOf(
        "Conv",
        [
          ["N", 3, "h", "w"],
          [8, 3, 3, 3],
        ],
        { attributes: { auto_pad: "SAME_UPPER" } },
      ),
    ).toEqual(["N", 8, "h", "w"]);
    expect(
      shapeOf("Conv", [
        ["N", 3, "h", 9],
        [8, 3, 3, 3],
      ]),
    ).toEqual(["N", 8, "?", 7]);
  });

  it("tells the rank from the weight when the input is not known", () => {
    expect(shapeOf("Conv", [{ dtype: "float32", shape: undefined }, [8, 3, 3, 3]])).toEqual(["?", 8, "?", "?"]);
  });

  it("refuses channels, groups and kernels that do not fit, with the numbers", () => {
    expect(() =>
      shapeOf("Conv", [
        [1, 4, 8, 8],
        [8, 3, 3, 3],
      ]),
    ).toThrow(/4 channels.*group 1 expects 3/);
    expect(() =>
      shapeOf(
        "Conv",
        [
          [1, 4, 8, 8],
          [9, 2, 3, 3],
        ],
        { attributes: { group: 2 } },
      ),
    ).toThrow("9 filters");
    expect(() =>
      shapeOf("Conv", [
        [1, 3, 2, 2],
        [8, 3, 3, 3],
      ]),
    ).toThrow("a window of 3 does not fit into 2");
    expect(() =>
      shapeOf("Conv", [
        [1, 3, 8, 8],
        [8, 3, 3],
      ]),
    ).toThrow("differ in their number of axes");
    expect(() =>
      shapeOf(
        "Conv",
        [
          [1, 3, 8, 8],
          [8, 3, 3, 3],
        ],
        { attributes: { kernel_shape: [5, 5] } },
      ),
    ).toThrow("kernel_shape is [5, 5]");
    expect(() =>
      shapeOf(
        "Conv",
        [
          [1, 3, 8, 8],
          [8, 3, 3, 3],
        ],
        { attributes: { strides: [0, 1] } },
      ),
    ).toThrow("strides is [0, 1]");
  });

  it("is undone by its transpose: strides and padding alike", () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        size,
        size,
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 6, max: 40 }),
        (kernel, stride, pad, length) => {
          const attributes = { strides: [stride], pads: [pad, pad], kernel_shape: [kernel] };
          const small = shapeOf(
            "Conv",
            [
              [1, 2, length],
              [3, 2, kernel],
            ],
            { attributes },
          )![2] as number;
          const rest = (length + 2 * pad - kernel) % stride;
          const back = shapeOf(
            "ConvTranspose",
            [
              [1, 3, small],
              [3, 2, kernel],
            ],
            { attributes },
          );
          if (rest === 0 && small * stride >= 2 * pad) expect(back).toEqual([1, 2, length]);
        },
      ),
    );
  });

  it("answers channel-last data channel-last, whichever way the weights lie", () => {
    const nhwc = { domain: "com.microsoft", attributes: { pads: [1, 1, 1, 1], strides: [2, 2] } };
    const x = [2, 8, 10, 5];
    expect(shapeOf("NhwcConv", [x, [16, 3, 3, 5]], nhwc)).toEqual([2, 4, 5, 16]);
    expect(shapeOf("NhwcFusedConv", [x, [16, 5, 3, 3]], nhwc)).toEqual([2, 4, 5, 16]);
    expect(() => shapeOf("NhwcConv", [x, [16, 4, 3, 3]], nhwc)).toThrow(/5 channels.*expects 4/);
  });

  it("computes integer convolutions in int32 and quantised ones in the output's type", () => {
    expect(typesOf("ConvInteger", [of("uint8", 1, 3, 8, 8), of("uint8", 4, 3, 3, 3)])).toEqual([
      of("int32", 1, 4, 6, 6),
    ]);
  });

  it("reads paddings that are an input", () => {
    const setting = { domain: "com.microsoft", attributes: { strides: [2, 2] } };
    const inputs = [[1, 4, 5, 5], [4, 3, 3, 3], ints(1, 1, 1, 1)] as const;
    expect(shapeOf("ConvTransposeWithDynamicPads", inputs, setting)).toEqual([1, 3, 9, 9]);
  });
});
