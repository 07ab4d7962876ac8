// Worked examples of work rules: recurrent cells, attention, experts, losses and signals, with the arithmetic written out.
import { describe, expect, it } from "vitest";
import { backward, contextOf, forward, none } from "../../../test/support/one-rule.ts";
import { plus } from "../extent.ts";
import { WORK_TABLE } from "../table.ts";
import { flopsOf } from "../total.ts";

describe("recurrent cells", () => {
  // 7 steps, batch 2, 3 inputs, 5 hidden
  const steps = 7 * 2;
  it("LSTM: four gates over input and state", () => {
    const count = forward(
      "LSTM",
      [
        [7, 2, 3],
        [1, 20, 3],
        [1, 20, 5],
        [1, 40],
      ],
      [[7, 1, 2, 5]],
    );
    expect(count.macs).toBe(steps * (20 * 3 + 20 * 5));
    // biases 40, joins 20; per hidden: sigmoids 3 × (1 mul, 1 add, 1 exp), tanh 2, cell 3 mul 1 add
    expect(count.adds).toBe(steps * (40 + 20 + 5 * (3 + 1)));
    expect(count.muls).toBe(steps * 5 * (3 + 3));
    expect(count.others).toBe(steps * 5 * (3 + 2));
  });
  it("GRU and RNN: three gates and one; two directions double", () => {
    expect(
      forward(
        "GRU",
        [
          [7, 2, 3],
          [2, 15, 3],
          [2, 15, 5],
        ],
        [[7, 2, 2, 5]],
      ).macs,
    ).toBe(steps * 2 * 15 * 8);
    expect(
      forward(
        "RNN",
        [
          [7, 2, 3],
          [1, 5, 3],
          [1, 5, 5],
        ],
        [[7, 1, 2, 5]],
      ),
    ).toEqual({
      macs: steps * 5 * 8,
      muls: 0,
      adds: steps * 5,
      others: steps * 5,
    });
  });
  it("com.microsoft's quantised LSTM has transposed weights and quantises input and state", () => {
    const plain = forward(
      "LSTM",
      [
        [7, 2, 3],
        [1, 20, 3],
        [1, 20, 5],
      ],
      [[7, 1, 2, 5]],
    );
    const count = forward(
      "com.microsoft.DynamicQuantizeLSTM",
      [
        [7, 2, 3],
        [1, 3, 20],
        [1, 5, 20],
      ],
      [[7, 1, 2, 5]],
    );
    const states = steps * 5;
    expect(count).toEqual(plus(plain, { muls: 42 + states + 8 * states, adds: 4 * (42 + states) }));
  });
  it("backward: the recurrent product twice, the input product per wanted side", () => {
    const shapes = [
      [
        [7, 2, 3],
        [1, 5, 3],
        [1, 5, 5],
      ],
      [[7, 1, 2, 5]],
    ] as const;
    expect(backward("RNN", ...shapes, [false, true, true]).macs).toBe(steps * (15 + 2 * 25));
    expect(backward("RNN", ...shapes, [true, true, true]).macs).toBe(steps * (2 * 15 + 2 * 25));
  });
});

describe("attention", () => {
  // batch 2, 4 heads, 6 queries, 9 keys, head size 8, values 10: 432 scores
  const scores = 2 * 4 * 6 * 9;
  const four = [
    [2, 4, 6, 8],
    [2, 4, 9, 8],
    [2, 4, 9, 10],
  ];
  it("ONNX Attention: scores × (head size + value size); softmax and scale per score", () => {
    expect(forward("Attention", four, [[2, 4, 6, 10]])).toEqual({
      macs: scores * (8 + 10),
      muls: scores * (1 + 1),
      adds: scores * 3,
      others: scores,
    });
  });
  it("3-D operands with head attributes count the same; a mask is one addition per score", () => {
    const inputs = [
      [2, 6, 32],
      [2, 9, 32],
      [2, 9, 40],
      [6, 9],
    ];
    const attributes = { q_num_heads: 4, kv_num_heads: 4 };
    const flat = forward("Attention", inputs, [[2, 6, 40]], { attributes });
    expect(flat).toEqual(plus(forward("Attention", four, [[2, 4, 6, 10]]), { adds: scores }));
  });
  it("cached keys count", () => {
    const inputs = [[2, 4, 1, 8], [2, 4, 1, 8], [2, 4, 1, 8], undefined, [2, 4, 8, 8], [2, 4, 8, 8]];
    expect(forward("Attention", inputs, [[2, 4, 1, 8]]).macs).toBe(2 * 4 * 1 * 9 * 16);
  });
  it("com.microsoft.Attention projects first", () => {
    const attributes = { num_heads: 2 };
    const count = forward("com.microsoft.Attention", [[1, 5, 8], [8, 24], [24]], [[1, 5, 8]], { attributes });
    // 5 tokens × 8 × 24, then 2 × 5 × 5 scores of head size 4, twice
    expect(count.macs).toBe(5 * 8 * 24 + 50 * (4 + 4));
    expect(count.adds).toBe(5 * 24 + 3 * 50);
  });
  it("MultiHeadAttention and GroupQueryAttention do the products of their query heads", () => {
    const multi = forward(
      "com.microsoft.MultiHeadAttention",
      [
        [1, 6, 32],
        [1, 9, 32],
        [1, 9, 32],
      ],
      [[1, 6, 32]],
      {
        attributes: { num_heads: 4 },
      },
    );
    expect(multi.macs).toBe(4 * 6 * 9 * 16);
    const inputs = [
      [1, 3, 32],
      [1, 3, 16],
      [1, 3, 16],
      [1, 2, 5, 8],
      [1, 2, 5, 8],
    ];
    const outputs = [
      [1, 3, 32],
      [1, 2, 8, 8],
      [1, 2, 8, 8],
    ];
    const group = forward("com.microsoft.GroupQueryAttention", inputs, outputs, {
      attributes: { num_heads: 4, kv_num_heads: 2 },
    });
    expect(group.macs).toBe(4 * 3 * 8 * 16);
  });
  it("RotaryEmbedding: two multiplications and one addition per element", () => {
    expect(
      forward(
        "RotaryEmbedding",
        [
          [1, 2, 3, 8],
          [3, 4],
          [3, 4],
        ],
        [[1, 2, 3, 8]],
      ),
    ).toEqual({
      ...none,
      muls: 96,
      adds: 48,
    });
  });
  it("backward: both products once per operand", () => {
    expect(backward("Attention", four, [[2, 4, 6, 10]], [true, true, true]).macs).toBe(2 * scores * 18);
  });
});

describe("mixture of experts", () => {
  it("every token runs k of E experts; few tokens read few experts", () => {
    // 3 tokens, k = 2 of 8 experts of 4 → 10 → 4 with biases, ReLU between
    const attributes = { k: 2, activation_type: "relu" };
    const inputs = [
      [3, 4],
      [3, 8],
      [8, 4, 10],
      [8, 10],
      [8, 10, 4],
      [8, 4],
    ];
    expect(forward("com.microsoft.MoE", inputs, [[3, 4]], { attributes })).toEqual({
      macs: 6 * (40 + 40),
      muls: 6 * 4,
      adds: 6 * (10 + 4) + 3 * 8 + 6 * 10 + 6 * 4,
      others: 0,
    });
    const read = WORK_TABLE["com.microsoft.MoE"]!.elementsRead!;
    expect(read(contextOf("com.microsoft.MoE", inputs, [[3, 4]], { attributes }), 2)).toBe((320 * 6) / 8);
  });
});

describe("losses and matrix functions", () => {
  it("SoftmaxCrossEntropyLoss: log-softmax of every score, one pick per target", () => {
    expect(forward("SoftmaxCrossEntropyLoss", [[5, 10], [5]], [[]])).toEqual({
      ...none,
      adds: 4 * 50 + 5,
      others: 50 + 5,
    });
  });
  it("Det and Inverse grow with the cube", () => {
    expect(forward("Det", [[2, 6, 6]], [[2]])).toEqual({ ...none, muls: 2 * 72, adds: 2 * 72 });
    expect(forward("com.microsoft.Inverse", [[6, 6]], [[6, 6]])).toEqual({ ...none, muls: 216, adds: 216 });
  });
});

describe("signals and images", () => {
  it("DFT: 5·N·log2 N per complex transform, half for real input", () => {
    const complex = forward("DFT", [[3, 16, 2]], [[3, 16, 2]], { attributes: { axis: 1 } });
    expect(flopsOf(complex)).toBe(3 * 5 * 16 * 4);
    const real = forward("DFT", [[3, 16, 1], undefined, []], [[3, 16, 2]], { opset: 20, constants: { 2: [1] } });
    expect(2 * flopsOf(real)).toBe(flopsOf(complex));
  });
  it("STFT: a window and a transform per frame", () => {
    const inputs = [[1, 64, 1], [], [16], []];
    const count = forward("STFT", inputs, [[1, 4, 9, 2]], { constants: { 3: [16] } });
    expect(count).toEqual({ ...none, muls: 4 * (2 * 32 + 16), adds: 4 * 3 * 32 });
  });
  it("Resize: neighbours by mode and by the axes that change", () => {
    const resize = (mode: string) =>
      forward("Resize", [[1, 2, 4, 4], undefined, [4]], [[1, 2, 8, 8]], { attributes: { mode } });
    expect(resize("nearest")).toEqual(none);
    expect(resize("linear")).toEqual({ ...none, muls: 128 * 4, adds: 128 * 3 });
    expect(resize("cubic")).toEqual({ ...none, muls: 128 * 16, adds: 128 * 15 });
  });
});
