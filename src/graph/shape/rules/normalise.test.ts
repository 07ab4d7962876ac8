import { describe, expect, it } from "vitest";
import { of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

describe("normalisations", () => {
  it("keep their input's shape", () => {
    expect(shapeOf("BatchNormalization", [["N", 8, "h", "w"], [8], [8], [8], [8]])).toEqual(["N", 8, "h", "w"]);
    expect(shapeOf("InstanceNormalization", [["N", 8, 4], [8], [8]])).toEqual(["N", 8, 4]);
    expect(shapeOf("GroupNormalization", [["N", 8, 4], [2], [2]], { opset: 18 })).toEqual(["N", 8, 4]);
  });

  it("answer with running statistics in training", () => {
    const setting = { outputs: 3, attributes: { training_mode: 1 } };
    expect(typesOf("BatchNormalization", [["N", 8, 4], [8], [8], [8], [8]], setting)).toEqual([
      of("float32", "N", 8, 4),
      of("float32", 8),
      of("float32", 8),
    ]);
  });

  it("answer with mean and deviation, 1 on every normalised axis", () => {
    const setting = { outputs: 3, attributes: { axis: 1 } };
    const half = of("float16", "N", 5, 8);
    expect(typesOf("LayerNormalization", [half, of("float16", 5, 8)], setting)).toEqual([
      half,
      of("float32", "N", 1, 1),
      of("float32", "N", 1, 1),
    ]);
  });

  it("refuse numbers per channel that are too many or too few", () => {
    expect(() => shapeOf("BatchNormalization", [[1, 8, 4], [8], [8], [7], [8]])).toThrow(
      "has 8 channels, input 3 has 7 numbers",
    );
    expect(() => shapeOf("LayerNormalization", [[1, 8], [7]])).toThrow("[1, 8] and [7] do not broadcast");
    expect(() =>
      shapeOf("LayerNormalization", [
        [1, 8],
        [2, 8],
      ]),
    ).toThrow("scale or bias [2, 8] does not broadcast");
  });

  it("look embeddings up", () => {
    const ids = of("int32", "N", "seq");
    const types = typesOf("EmbedLayerNormalization", [ids, ids, [30522, 768], [512, 768]], {
      domain: "com.microsoft",
      outputs: 2,
    });
    expect(types).toEqual([of("float32", "N", "seq", 768), of("int32", "N")]);
  });
});
