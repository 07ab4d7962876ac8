import { describe, expect, it } from "vitest";
import { floats, foldOf, int, ints, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

describe("elementwise", () => {
  it("broadcasts shapes and keeps the element type; comparisons answer bool", () => {
    expect(typesOf("Add", [of("float16", "N", 1, 4), of("float16", 3, 1)])).toEqual([of("float16", "N", 3, 4)]);
    expect(typesOf("Less", [["N"], [1]])).toEqual([of("bool", "N")]);
    expect(typesOf("Where", [of("bool", 2, 1), [3], [1]])).toEqual([of("float32", 2, 3)]);
    expect(shapeOf("Relu", [["N", "?"]])).toEqual(["N", "?"]);
  });

  it("divides integers towards zero and floats exactly", () => {
    expect(foldOf("Div", [ints(-7), ints(2)])?.data).toEqual([-3]);
    expect(foldOf("Div", [floats(-7), floats(2)])?.data).toEqual([-3.5]);
    expect(foldOf("Div", [ints(1), ints(0)])).toBeUndefined();
    expect(foldOf("Mod", [ints(-7), ints(3)])?.data).toEqual([2]);
  });

  it("computes float32 in float32", () => {
    expect(foldOf("Mul", [floats(Math.fround(0.1)), floats(3)])?.data).toEqual([Math.fround(Math.fround(0.1) * 3)]);
    expect(foldOf("Cast", [floats(2.9)], { attributes: { to: 7 } })).toEqual(ints(2));
  });

  it("folds with broadcasting", () => {
    expect(foldOf("Add", [ints(1, 2), int(10)])).toEqual(ints(11, 12));
    expect(foldOf("Where", [{ dtype: "bool", shape: [2], data: [1, 0] }, ints(1, 2), int(9)])).toEqual(ints(1, 9));
    expect(foldOf("Equal", [ints(1, 2), ints(1, 3)])).toEqual({ dtype: "bool", shape: [2], data: [1, 0] });
    expect(foldOf("Not", [{ dtype: "bool", shape: [], data: [0] }])?.data).toEqual([1]);
    expect(foldOf("Max", [ints(1, 5), ints(3), int(2)])).toEqual(ints(3, 5));
  });

  it("does not fold what is not known", () => {
    expect(foldOf("Add", [ints(1), of("int64", 1)])).toBeUndefined();
  });
});
