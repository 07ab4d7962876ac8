import { describe, expect, it } from "vitest";
import { of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";

const ms = "com.microsoft";

describe("Attention of ai.onnx 23", () => {
  const headed = { opset: 23, outputs: 4 };

  it("takes headed tensors, with fewer heads for key and value", () => {
    const types = typesOf(
      "Attention",
      [
        ["N", 8, "q", 64],
        ["N", 2, "k", 64],
        ["N", 2, "k", 32],
      ],
      headed,
    );
    expect(types.map((type) => type?.shape)).toEqual([
      ["N", 8, "q", 32],
      ["N", 2, "k", 64],
      ["N", 2, "k", 32],
      ["N", 8, "q", "k"],
    ]);
  });

  it("takes flat tensors with heads as attributes, and a past", () => {
    const setting = { ...headed, attributes: { q_num_heads: 8, kv_num_heads: 2 } };
    const past = [2, 2, 10, 64];
    const types = typesOf("Attention", [[2, 3, 512], [2, 3, 128], [2, 3, 128], undefined, past, past], setting);
    expect(types.map((type) => type?.shape)).toEqual([
      [2, 3, 512],
      [2, 2, 13, 64],
      [2, 2, 13, 64],
      [2, 8, 3, 13],
    ]);
  });

  it("refuses heads that do not divide or agree", () => {
    const setting = { ...headed, attributes: { q_num_heads: 3, kv_num_heads: 2 } };
    expect(() =>
      shapeOf(
        "Attention",
        [
          [2, 3, 512],
          [2, 3, 128],
          [2, 3, 128],
        ],
        setting,
      ),
    ).toThrow("512 is not divisible by 3");
    expect(() =>
      shapeOf(
        "Attention",
        [
          [1, 2, 3, 64],
          [1, 2, 3, 32],
          [1, 2, 3, 32],
        ],
        headed,
      ),
    ).toThrow("64 numbers, of the key 32");
    expect(() =>
      shapeOf(
        "Attention",
        [
          [2, 3, 512],
          [2, 3, 128],
          [2, 3, 128],
        ],
        headed,
      ),
    ).toThrow("q_num_heads is 0");
  });
});

describe("fused attention of com.microsoft", () => {
  it("shares the buffer of past and present", () => {
    const inputs = [[2, 1, 8], [8, 24], [24], undefined, [2, 2, 2, 99, 4]];
    const attributes = { num_heads: 2, past_present_share_buffer: 1 };
    expect(typesOf("Attention", inputs, { domain: ms, outputs: 2, attributes })).toEqual([
      of("float32", 2, 1, 8),
      of("float32", 2, 2, 2, 99, 4),
    ]);
  });

  it("unpacks [batch, length, heads, 3, size]", () => {
    expect(shapeOf("MultiHeadAttention", [["N", 7, 4, 3, 16]], { domain: ms, attributes: { num_heads: 4 } })).toEqual([
      "N",
      7,
      64,
    ]);
  });

  it("adds the past to the present of a decoder step", () => {
    const past = [1, 2, "past", 8];
    const inputs = [[1, 1, 32], [1, 1, 16], [1, 1, 16], past, past];
    const setting = { domain: ms, outputs: 3, attributes: { num_heads: 4, kv_num_heads: 2 } };
    expect(typesOf("GroupQueryAttention", inputs, setting).map((type) => type?.shape)).toEqual([
      [1, 1, 32],
      [1, 2, "?", 8],
      [1, 2, "?", 8],
    ]);
  });
});
