import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldOf, ints, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

fc.configureGlobal({ seed: 1 });

describe("reductions", () => {
  it("takes axes as attribute and as input alike", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1 }),
        fc.integer({ min: 0, max: 1 }),
        (axes, keepdims) => {
          const old = shapeOf("ReduceMean", [["N", 3, 4]], { opset: 13, attributes: { axes, keepdims } });
          const recent = shapeOf("ReduceMean", [["N", 3, 4], ints(...axes)], { opset: 18, attributes: { keepdims } });
          expect(recent).toEqual(old);
        },
      ),
    );
  });

  it("reduces everything, or nothing when told so, without axes", () => {
    expect(shapeOf("ReduceSum", [[2, 3]], { attributes: { keepdims: 0 } })).toEqual([]);
    expect(shapeOf("ReduceSum", [[2, 3]], { attributes: { noop_with_empty_axes: 1 } })).toEqual([2, 3]);
    expect(shapeOf("ReduceSum", [[2, 3], of("int64", 1)], { attributes: { keepdims: 0 } })).toEqual(["?"]);
    expect(() => shapeOf("ReduceSum", [[2, 3], ints(2)])).toThrow("axis 2 does not exist in a tensor of 2 axes");
  });

  it("reduces 8-bit tensors by the attribute alone: the other inputs are scales and zero points", () => {
    const inputs = [of("uint8", 2, 3, 4), of("float32"), of("uint8"), of("float32"), of("uint8")];
    const mean = (attributes: Readonly<Record<string, number | number[]>>) =>
      typesOf("QLinearReduceMean", inputs, { domain: "com.microsoft", attributes })[0];
    expect(mean({ axes: [-1], keepdims: 0 })).toEqual({ dtype: "uint8", shape: [2, 3] });
    expect(mean({ axes: [1, 2] })).toEqual({ dtype: "uint8", shape: [2, 1, 1] });
    expect(mean({ keepdims: 0 })).toEqual({ dtype: "uint8", shape: [] });
  });

  it("folds sums and products", () => {
    expect(foldOf("ReduceProd", [ints(2, 3, 4)], { attributes: { keepdims: 0 } })).toEqual({
      dtype: "int64",
      shape: [],
      data: [24],
    });
    const table = { dtype: "int64", shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } as const;
    expect(foldOf("ReduceSum", [table, ints(0)])).toEqual({ dtype: "int64", shape: [1, 3], data: [5, 7, 9] });
    expect(foldOf("ReduceMax", [table, ints(1)], { attributes: { keepdims: 0 } })).toEqual(ints(3, 6));
  });

  it("takes k of an axis, no more than it has", () => {
    const largest = typesOf("TopK", [["N", 1000], ints(5)], { outputs: 2 });
    expect(largest).toEqual([of("float32", "N", 5), of("int64", "N", 5)]);
    expect(() => shapeOf("TopK", [[2, 3], ints(4)])).toThrow("k is 4, expected 0 to 3");
  });

  it("checks the axis of a softmax by its opset's default", () => {
    expect(shapeOf("Softmax", [["N", 10]])).toEqual(["N", 10]);
    expect(() => shapeOf("Softmax", [[10]], { opset: 11 })).toThrow("axis 1 does not exist");
    expect(shapeOf("Softmax", [[10]], { opset: 13 })).toEqual([10]);
  });
});
