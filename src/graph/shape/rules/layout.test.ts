import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldOf, int, ints, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

fc.configureGlobal({ seed: 1 });

describe("Reshape", () => {
  const reshape = (input: readonly (number | string)[], ...target: number[]) =>
    shapeOf("Reshape", [input, ints(...target)]);

  it("cancels symbols on both sides", () => {
    expect(reshape(["N", 512, 7, 7], 0, -1)).toEqual(["N", 25088]);
    expect(reshape(["N", 512, 7, 7], -1, 25088)).toEqual(["N", 25088]);
    expect(reshape(["N", "seq", 768], 0, 0, 12, 64)).toEqual(["N", "seq", 12, 64]);
    expect(reshape(["N", "seq", 768], 0, -1, 12, 64)).toEqual(["N", "seq", 12, 64]);
    expect(reshape(["N", "seq", 768], -1, 768)).toEqual(["?", 768]);
    expect(reshape(["N", 6], -1, 4)).toEqual(["?", 4]);
  });

  it("refuses another number of elements, with both", () => {
    expect(() => reshape([8, 512, 7, 7], 1, 25088)).toThrow(
      "cannot reshape [8, 512, 7, 7] (200704 elements) into [1, 25088] (25088 elements)",
    );
    expect(() => reshape([2, 3], 4, -1)).toThrow("6 elements are not divisible by 4");
    expect(() => reshape([2, 3], -1, -1)).toThrow("one -1");
    expect(() => reshape([2, 3], 0, 0, 0)).toThrow("copies axis 2");
  });

  it("knows the rank when the target is not known", () => {
    expect(shapeOf("Reshape", [[2, 3], of("int64", 4)])).toEqual(["?", "?", "?", "?"]);
    expect(shapeOf("Reshape", [[2, 3], of("int64", "k")])).toBeUndefined();
    expect(shapeOf("Reshape", [[2, 3], of("int64", 1e12)])).toBeUndefined();
  });

  it("keeps the number of elements", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        fc.nat(4),
        (shape, open) => {
          const target = shape.toReversed();
          target[open % target.length] = -1;
          expect(reshape(shape, ...target)).toEqual(shape.toReversed());
        },
      ),
    );
  });
});

describe("layout", () => {
  it("flattens symbols together only when they stand alone", () => {
    expect(shapeOf("Flatten", [["N", 3, 4]])).toEqual(["N", 12]);
    expect(shapeOf("Flatten", [["N", "seq", 4]], { attributes: { axis: 2 } })).toEqual(["?", 4]);
    expect(shapeOf("Flatten", [{ dtype: "float32", shape: undefined }])).toEqual(["?", "?"]);
  });

  it("squeezes ones only", () => {
    expect(shapeOf("Squeeze", [["N", 1, 4], ints(1)])).toEqual(["N", 4]);
    expect(shapeOf("Squeeze", [["N", 1, 4]])).toBeUndefined();
    expect(() => shapeOf("Squeeze", [[2, 3], ints(1)])).toThrow("axis 1 of [2, 3] is 3");
    expect(() => shapeOf("Unsqueeze", [[2], ints(0, 0)])).toThrow("name one axis twice");
  });

  it("gets back what it took apart: concat of split, unsqueeze and squeeze, transpose twice", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 4 }), (parts, rows) => {
        const whole = [rows, parts.reduce((a, b) => a + b, 0)];
        const split = typesOf("Split", [whole, ints(...parts)], { outputs: parts.length, attributes: { axis: 1 } });
        expect(shapeOf("Concat", split, { attributes: { axis: 1 } })).toEqual(whole);
        expect(shapeOf("Squeeze", [shapeOf("Unsqueeze", [whole, ints(1)])!, ints(1)])).toEqual(whole);
        expect(shapeOf("Transpose", [shapeOf("Transpose", [whole])!])).toEqual(whole);
      }),
    );
  });

  it("joins what fits and names what does not", () => {
    expect(
      shapeOf(
        "Concat",
        [
          ["N", 3],
          ["?", 4],
        ],
        { attributes: { axis: 1 } },
      ),
    ).toEqual(["N", 7]);
    expect(
      shapeOf(
        "Concat",
        [
          ["N", 3],
          ["N", "k"],
        ],
        { attributes: { axis: 1 } },
      ),
    ).toEqual(["N", "?"]);
    expect(() =>
      shapeOf(
        "Concat",
        [
          [2, 3],
          [4, 3],
        ],
        { attributes: { axis: 1 } },
      ),
    ).toThrow("2 and 4 must be equal");
    expect(() => shapeOf("Concat", [[2, 3], [2]], { attributes: { axis: 0 } })).toThrow(
      "differ in their number of axes",
    );
  });

  it("refuses parts and axes that are not there", () => {
    expect(() => shapeOf("Split", [[7]], { outputs: 2 })).toThrow("an axis of 7 cannot be split into 2 equal parts");
    expect(() => shapeOf("Split", [[7], ints(3, 3)], { outputs: 2 })).toThrow("sum to 6, the axis has 7");
    expect(() => shapeOf("Transpose", [[2, 3]], { attributes: { perm: [0, 0] } })).toThrow("perm [0, 0]");
    expect(() => shapeOf("Pad", [[2], ints(-2, -1)])).toThrow("the padded length would be -1");
    expect(() => shapeOf("DepthToSpace", [[1, 6, 2, 2]], { attributes: { blocksize: 2 } })).toThrow(
      "6 is not divisible by 4",
    );
  });

  it("folds numbers along", () => {
    const table = { dtype: "int64", shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } as const;
    expect(foldOf("Transpose", [table])).toEqual({ dtype: "int64", shape: [3, 2], data: [1, 4, 2, 5, 3, 6] });
    expect(foldOf("Tile", [ints(1, 2), ints(2)])?.data).toEqual([1, 2, 1, 2]);
    expect(foldOf("Expand", [ints(7), ints(2, 2)])).toEqual({ dtype: "int64", shape: [2, 2], data: [7, 7, 7, 7] });
    expect(foldOf("Concat", [table, table], { attributes: { axis: 1 } })?.data).toEqual([
      1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6,
    ]);
    expect(foldOf("Split", [ints(1, 2, 3), ints(1, 2)], { outputs: 2 })?.data).toEqual([1]);
    expect(foldOf("Unsqueeze", [int(5), ints(0)])).toEqual(ints(5));
  });
});
