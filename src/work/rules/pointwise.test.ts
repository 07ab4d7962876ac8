// Worked examples of work rules: normalisation, pooling, elementwise operators and reductions, with the arithmetic written out.
import { describe, expect, it } from "vitest";
import { contextOf, type Extra, forward, none } from "../../../test/support/one-rule.ts";
import { plus } from "../extent.ts";
import { WORK_TABLE } from "../table.ts";

describe("normalisation", () => {
  it("BatchNormalization: one multiplication and one addition per element at inference", () => {
    expect(forward("BatchNormalization", [[2, 3, 4, 4], [3], [3], [3], [3]], [[2, 3, 4, 4]])).toEqual({
      ...none,
      muls: 96,
      adds: 96,
    });
  });
  it("BatchNormalization in training: own statistics, and two running averages per channel", () => {
    const context = contextOf("BatchNormalization", [[2, 3, 4, 4], [3], [3], [3], [3]], [[2, 3, 4, 4]]);
    // per element: square, 1/σ, scale; mean, deviation, sum, shift. Per channel: two means, reciprocal; ε; root; averages 4 and 2
    expect(plus(WORK_TABLE.BatchNormalization!.trainingForward!(context))).toEqual({
      macs: 0,
      muls: 3 * 96 + 3 * (3 + 4),
      adds: 4 * 96 + 3 * (1 + 2),
      others: 3,
    });
  });
  it("LayerNormalization over the last axis, with and without shift", () => {
    expect(forward("LayerNormalization", [[2, 5, 8], [8], [8]], [[2, 5, 8]])).toEqual({
      macs: 0,
      muls: 3 * 80 + 3 * 10,
      adds: 4 * 80 + 10,
      others: 10,
    });
    expect(forward("LayerNormalization", [[2, 5, 8], [8]], [[2, 5, 8]]).adds).toBe(3 * 80 + 10);
  });
  it("RMSNormalization needs no mean", () => {
    expect(forward("RMSNormalization", [[2, 8], [8]], [[2, 8]])).toEqual({
      macs: 0,
      muls: 3 * 16 + 2 * 2,
      adds: 16 + 2,
      others: 2,
    });
  });
  it("SkipLayerNormalization adds the skip first", () => {
    const inputs = [[2, 5, 8], [2, 5, 8], [8], [8]];
    const skip = forward("com.microsoft.SkipLayerNormalization", inputs, [[2, 5, 8]]);
    const layer = forward("LayerNormalization", [[2, 5, 8], [8], [8]], [[2, 5, 8]]);
    expect(skip).toEqual(plus(layer, { adds: 80 }));
  });
  it("InstanceNormalization and GroupNormalization count their groups", () => {
    expect(forward("InstanceNormalization", [[2, 3, 4, 4], [3], [3]], [[2, 3, 4, 4]]).others).toBe(2 * 3);
    const attributes = { num_groups: 2 };
    const group = forward("GroupNormalization", [[2, 6, 4, 4], [6], [6]], [[2, 6, 4, 4]], { attributes });
    expect(group.others).toBe(2 * 2);
  });
  it("LRN: a window of squares, scale, power, division", () => {
    const attributes = { size: 5, beta: { float: 0.75 } };
    expect(forward("LRN", [[1, 8, 2, 2]], [[1, 8, 2, 2]], { attributes })).toEqual({
      macs: 0,
      muls: 3 * 32,
      adds: 5 * 32,
      others: 32,
    });
  });
});

describe("pooling", () => {
  const attributes = { kernel_shape: [3, 3] };
  it("MaxPool: k − 1 comparisons; AveragePool: k additions and one multiplication per output", () => {
    expect(forward("MaxPool", [[1, 2, 9, 9]], [[1, 2, 3, 3]], { attributes })).toEqual({ ...none, adds: 18 * 8 });
    expect(forward("AveragePool", [[1, 2, 9, 9]], [[1, 2, 3, 3]], { attributes })).toEqual({
      ...none,
      adds: 18 * 9,
      muls: 18,
    });
  });
  it("global forms see the whole map", () => {
    expect(forward("GlobalAveragePool", [[2, 3, 5, 5]], [[2, 3, 1, 1]])).toEqual({ ...none, adds: 6 * 25, muls: 6 });
    expect(forward("GlobalMaxPool", [[2, 3, 5, 5]], [[2, 3, 1, 1]])).toEqual({ ...none, adds: 6 * 24 });
  });
  it("LpPool with p = 2: squares, sum, root", () => {
    expect(forward("LpPool", [[1, 1, 6, 6]], [[1, 1, 2, 2]], { attributes: { ...attributes, p: 2 } })).toEqual({
      macs: 0,
      muls: 36,
      adds: 36,
      others: 4,
    });
  });
  it("RoiAlign: ratio² bilinear samples and their mean", () => {
    const extra = { attributes: { sampling_ratio: 2 } };
    // 12 bins: 4 × (4 multiplications, 3 + 1 additions) + 1 division
    expect(forward("RoiAlign", [[1, 3, 8, 8], [1, 4], [1]], [[1, 3, 2, 2]], extra)).toEqual({
      ...none,
      muls: 12 * 17,
      adds: 12 * 16,
    });
  });
});

describe("activations and elementwise", () => {
  const cost = (op: string, extra?: Extra) => forward(op, [[10]], [[10]], extra);
  it.each([
    ["Relu", { adds: 10 }],
    ["Sigmoid", { muls: 10, adds: 10, others: 10 }],
    ["Tanh", { others: 10 }],
    ["HardSwish", { muls: 20, adds: 30 }],
    ["Gelu", { muls: 30, adds: 10, others: 10 }],
    ["Exp", { others: 10 }],
    ["Neg", { adds: 10 }],
    ["Reciprocal", { muls: 10 }],
    ["Softmax", { muls: 10, adds: 30, others: 10 }],
    ["QuantizeLinear", { muls: 10, adds: 40 }],
    ["Identity", {}],
    ["Cast", {}],
  ])("%s", (op, expected) => {
    expect(cost(op)).toEqual(plus(expected));
  });
  it("Gelu by its tanh form", () => {
    expect(cost("Gelu", { attributes: { approximate: "tanh" } })).toEqual(plus({ muls: 60, adds: 20, others: 10 }));
  });
  it("broadcasting counts output elements", () => {
    expect(
      forward(
        "Mul",
        [
          [4, 1],
          [1, 5],
        ],
        [[4, 5]],
      ),
    ).toEqual({ ...none, muls: 20 });
  });
  it("Sum and Mean join n inputs by n − 1 additions", () => {
    expect(forward("Sum", [[6], [6], [6]], [[6]])).toEqual({ ...none, adds: 12 });
    expect(forward("Mean", [[6], [6], [6]], [[6]])).toEqual({ ...none, adds: 12, muls: 6 });
  });
  it("Pow by a known whole exponent is multiplications", () => {
    expect(forward("Pow", [[6], []], [[6]], { constants: { 1: [2] } })).toEqual({ ...none, muls: 6 });
    expect(forward("Pow", [[6], []], [[6]], { constants: { 1: [0.3] } })).toEqual({ ...none, others: 6 });
    expect(forward("Pow", [[6], []], [[6]])).toEqual({ ...none, others: 6 });
  });
});

describe("reductions", () => {
  it("ReduceMean: n − 1 additions per output, one division", () => {
    expect(forward("ReduceMean", [[4, 5]], [[4, 1]])).toEqual({ ...none, adds: 4 * 4, muls: 4 });
  });
  it("QLinearReduceMean: as ReduceMean, each input brought to real numbers and each output back to 8 bits", () => {
    const expected = { ...none, adds: 4 * 4 + 20 + 4 * 4, muls: 4 + 20 + 4 };
    expect(forward("com.microsoft.QLinearReduceMean", [[4, 5], [], [], [], []], [[4, 1]])).toEqual(expected);
  });
  it("ReduceL2: squares, sum, root", () => {
    expect(forward("ReduceL2", [[4, 5]], [[4]])).toEqual({ macs: 0, muls: 20, adds: 16, others: 4 });
  });
  it("TopK compares each element log2 k times", () => {
    expect(
      forward(
        "TopK",
        [[2, 100], [1]],
        [
          [2, 8],
          [2, 8],
        ],
        { constants: { 1: [8] } },
      ).adds,
    ).toBe(200 * 3);
  });
  it("scattering with a reduction is one operation per update", () => {
    const scatter = (reduction: string) =>
      forward("ScatterND", [[9], [4, 1], [4]], [[9]], { attributes: { reduction } });
    expect(scatter("add")).toEqual({ ...none, adds: 4 });
    expect(scatter("mul")).toEqual({ ...none, muls: 4 });
    expect(scatter("none")).toEqual(none);
  });
});
