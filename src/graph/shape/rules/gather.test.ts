import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldOf, int, ints, of, shapeOf } from "../../../../test/support/one-layer.ts";

fc.configureGlobal({ seed: 1 });

describe("Slice", () => {
  it("counts what JavaScript's slice keeps", () => {
    const at = fc.integer({ min: -12, max: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), at, at, (length, start, end) => {
        const numbers = Array.from({ length }, (_, i) => i);
        const kept = numbers.slice(start, end);
        expect(shapeOf("Slice", [[length], ints(start), ints(end), ints(0)])).toEqual([kept.length]);
        expect(foldOf("Slice", [ints(...numbers), ints(start), ints(end), ints(0)])?.data).toEqual(kept);
      }),
    );
  });

  it("walks backwards", () => {
    expect(foldOf("Slice", [ints(0, 1, 2, 3, 4), ints(-1), ints(-100), ints(0), ints(-2)])?.data).toEqual([4, 2, 0]);
  });

  it("keeps a symbol of which all is taken", () => {
    const all = [ints(0), ints(2 ** 63), ints(0)];
    expect(shapeOf("Slice", [["N", 4], ...all])).toEqual(["N", 4]);
    expect(shapeOf("Slice", [["N", 4], ints(1), ints(3), ints(0)])).toEqual(["?", 4]);
    expect(shapeOf("Slice", [["N", 4], of("int64", 1), of("int64", 1), ints(1)])).toEqual(["N", "?"]);
    expect(() => shapeOf("Slice", [[4], ints(0), ints(2), ints(0), ints(0)])).toThrow("step of axis 0 is 0");
  });
});

describe("Gather and Scatter", () => {
  it("replaces the axis by the indices' axes: a word embedding", () => {
    expect(shapeOf("Gather", [[30522, 768], of("int64", "N", "seq")])).toEqual(["N", "seq", 768]);
    expect(() => shapeOf("Gather", [[2, 3], int(5)])).toThrow("index 5 lies outside axis 0 of [2, 3]");
  });

  it("folds, also from the end", () => {
    expect(foldOf("Gather", [ints(5, 6, 7), int(-1)])).toEqual(int(7));
    const table = { dtype: "int64", shape: [2, 2], data: [1, 2, 3, 4] } as const;
    expect(foldOf("Gather", [table, ints(1)], { attributes: { axis: 1 } })).toEqual({
      dtype: "int64",
      shape: [2, 1],
      data: [2, 4],
    });
    const at = { dtype: "int64", shape: [1, 1], data: [-1] } as const;
    expect(foldOf("ScatterND", [ints(1, 2, 3), at, ints(9)])?.data).toEqual([1, 2, 9]);
  });

  it("addresses no more axes than there are", () => {
    expect(shapeOf("GatherND", [[2, 3, 4], of("int64", "k", 2)])).toEqual(["k", 4]);
    expect(shapeOf("GatherND", [[2, 3, 4], of("int64", 5, 2)], { domain: "com.microsoft" })).toEqual([5, 4]);
    expect(() => shapeOf("GatherND", [[2, 3], of("int64", 1, 3)])).toThrow("address 3 axes of [2, 3]");
  });

  it("cannot tell how much a condition keeps", () => {
    expect(shapeOf("Compress", [[5, 4], of("bool", 5)], { attributes: { axis: 0 } })).toEqual(["?", 4]);
    expect(shapeOf("NonZero", [[5, 4]])).toEqual([2, "?"]);
    expect(
      shapeOf("NonMaxSuppression", [
        [1, 9, 4],
        [1, 2, 9],
      ]),
    ).toEqual(["?", 3]);
  });
});
