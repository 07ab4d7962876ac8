import { describe, expect, it } from "vitest";
import { floats, foldOf, int, ints, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

describe("tensors from shapes and from nothing", () => {
  it("Shape folds once its slice has numbers, symbols elsewhere or not", () => {
    expect(foldOf("Shape", [[2, 3]])).toEqual(ints(2, 3));
    expect(foldOf("Shape", [["N", 3]])).toBeUndefined();
    expect(foldOf("Shape", [["N", 3]], { attributes: { start: 1 } })).toEqual(ints(3));
    expect(shapeOf("Shape", [["N", 3, 4]])).toEqual([3]);
  });

  it("Range counts as its definition says", () => {
    expect(foldOf("Range", [int(1), int(10), int(4)])).toEqual(ints(1, 5, 9));
    expect(foldOf("Range", [int(3), int(3), int(1)])).toEqual(ints());
    expect(shapeOf("Range", [int(0), of("int64"), int(1)])).toEqual(["?"]);
    expect(() => shapeOf("Range", [int(0), int(1), int(0)])).toThrow("delta is 0");
  });

  it("Range of com.microsoft steps by 1 when no step is given", () => {
    expect(foldOf("Range", [int(2), int(5)], { domain: "com.microsoft" })).toEqual(ints(2, 3, 4));
    expect(shapeOf("Range", [int(0), int(9), int(2)], { domain: "com.microsoft" })).toEqual([5]);
  });

  it("ConstantOfShape fills small tensors and only types large ones", () => {
    expect(foldOf("ConstantOfShape", [ints(2)])).toEqual(floats(0, 0));
    expect(foldOf("ConstantOfShape", [ints(4096)])).toBeUndefined();
    expect(shapeOf("ConstantOfShape", [ints(4096)])).toEqual([4096]);
    expect(() => shapeOf("ConstantOfShape", [ints(-1)])).toThrow("would be -1");
  });

  it("Constant reads every form", () => {
    const value = {
      kind: "tensor",
      type: of("int64", 1),
      value: { kind: "inline", bytes: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0) },
    } as const;
    expect(foldOf("Constant", [], { attributes: { value } })).toEqual(ints(9));
    expect(foldOf("Constant", [], { attributes: { value_int: 4 } })).toEqual(int(4));
    expect(foldOf("Constant", [], { attributes: { value_floats: { kind: "floats", value: [1.5] } } })).toEqual(
      floats(1.5),
    );
    expect(typesOf("Constant", [], { attributes: { value_string: "a" } })).toEqual([of("string")]);
    const far = { ...value, value: { kind: "range", file: "w.bin", offset: 0, length: 8 } } as const;
    expect(foldOf("Constant", [], { attributes: { value: far } })).toBeUndefined();
  });

  it("refuses element types that do not exist", () => {
    expect(() => shapeOf("Cast", [[2]], { attributes: { to: 99 } })).toThrow("to is 99");
  });
});
