import { describe, expect, it } from "vitest";
import { int, of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

describe("signals", () => {
  it("frames speech: 1 s at 16 kHz, 25 ms windows each 10 ms, 201 bins", () => {
    expect(shapeOf("STFT", [["N", 16000, 1], int(160), [400], int(400)])).toEqual(["N", 98, 201, 2]);
    expect(shapeOf("STFT", [["N", "samples", 1], int(160), [400], int(400)])).toEqual(["N", "?", 201, 2]);
    expect(() => shapeOf("STFT", [[1, 100, 1], int(160), [400], int(400)])).toThrow("frames of 400 do not fit");
  });

  it("keeps one side of a real spectrum when told so", () => {
    expect(shapeOf("DFT", [["N", 512, 1]], { attributes: { onesided: 1 } })).toEqual(["N", 257, 2]);
    expect(shapeOf("DFT", [["N", 512, 1], undefined, of("int64")], { opset: 20 })).toEqual(["?", "?", 2]);
  });

  it("counts n-grams up to the largest index", () => {
    expect(shapeOf("TfIdfVectorizer", [["N", 9]], { attributes: { ngram_indexes: [0, 4, 2] } })).toEqual(["N", 5]);
  });

  it("tells nothing of sequences but their length", () => {
    expect(typesOf("SplitToSequence", [[4, 2]])).toEqual([undefined]);
    expect(typesOf("SequenceLength", [undefined])).toEqual([of("int64")]);
  });
});
