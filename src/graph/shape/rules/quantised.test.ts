import { describe, expect, it } from "vitest";
import { of, typesOf } from "../../../../test/support/one-layer.ts";

const byte = (...shape: (number | string)[]) => of("uint8", ...shape);

describe("quantised", () => {
  it("takes the element type from the zero point, the scale or the attribute", () => {
    expect(typesOf("QuantizeLinear", [["N", 4], [], of("int8")])).toEqual([of("int8", "N", 4)]);
    expect(typesOf("QuantizeLinear", [["N", 4], []])).toEqual([byte("N", 4)]);
    expect(typesOf("QuantizeLinear", [["N", 4], []], { opset: 21, attributes: { output_dtype: 22 } })).toEqual([
      of("int4", "N", 4),
    ]);
    expect(typesOf("DequantizeLinear", [byte("N", 4), of("float16")])).toEqual([of("float16", "N", 4)]);
  });

  it("joins every third input of QLinearConcat", () => {
    const inputs = [[], byte(), byte("N", 3), [], byte(), byte("N", 5), [], byte()];
    expect(typesOf("QLinearConcat", inputs, { domain: "com.microsoft", attributes: { axis: 1 } })).toEqual([
      byte("N", 8),
    ]);
  });

  it("reads two 4-bit numbers from a byte", () => {
    const inputs = [byte(50000, 384), of("int64", "N", "seq"), of("float16", 50000, 24)];
    expect(typesOf("GatherBlockQuantized", inputs, { domain: "com.microsoft" })).toEqual([
      of("float16", "N", "seq", 768),
    ]);
  });
});
