import { describe, expect, it } from "vitest";
import { floats, ints, of, shapeOf } from "../../../../test/support/one-layer.ts";

describe("other resolutions", () => {
  it("keeps symbols of axes that are not scaled", () => {
    expect(shapeOf("Resize", [["N", 3, 10, "w"], undefined, floats(1, 1, 2, 2)])).toEqual(["N", 3, 20, "?"]);
    expect(shapeOf("Resize", [["N", 3, "h", "w"], floats(), floats(), ints(1, 3, 20, 30)])).toEqual([1, 3, 20, 30]);
    expect(shapeOf("Resize", [["N", 3, 10, 10], undefined, of("float32", 4)])).toEqual(["?", "?", "?", "?"]);
  });

  it("takes the region kept by tf_crop_and_resize into account, as the specification says", () => {
    const attributes = { coordinate_transformation_mode: "tf_crop_and_resize" };
    const roi = floats(0, 0, 0.25, 0.25, 1, 1, 0.75, 0.5);
    expect(shapeOf("Resize", [[1, 3, 8, 8], roi, floats(1, 1, 2, 2)], { attributes })).toEqual([1, 3, 8, 4]);
  });

  it("refuses scales that do not match the axes", () => {
    expect(() => shapeOf("Resize", [[1, 3, 8, 8], undefined, floats(2, 2)])).toThrow("2 scales for 4 axes");
    expect(() => shapeOf("Upsample", [[1, 3, 8, 8], floats(2, 2)], { opset: 9 })).toThrow("2 scales for 4 axes");
    expect(() =>
      shapeOf("GridSample", [
        [1, 3, 8, 8],
        [1, 4, 2],
      ]),
    ).toThrow("differ in their number of axes");
  });
});
