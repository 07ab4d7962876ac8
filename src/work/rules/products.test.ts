// Worked examples of work rules: matrix products and convolutions, with the arithmetic written out.
import { describe, expect, it } from "vitest";
import { backward, forward, none, type Shape } from "../../../test/support/one-rule.ts";
import { plus } from "../extent.ts";

describe("convolutions", () => {
  it("Conv: outputs × channels of the group × kernel, and one addition per output for the bias", () => {
    // 2×16×8×8 outputs, 4 channels, 3×3
    expect(forward("Conv", [[2, 4, 8, 8], [16, 4, 3, 3], [16]], [[2, 16, 8, 8]])).toEqual({
      ...none,
      macs: 2 * 16 * 8 * 8 * (4 * 3 * 3),
      adds: 2 * 16 * 8 * 8,
    });
  });
  it("Conv in groups costs the dense convolution divided by the groups", () => {
    const dense = forward(
      "Conv",
      [
        [1, 8, 5, 5],
        [8, 8, 3, 3],
      ],
      [[1, 8, 5, 5]],
    ).macs;
    for (const groups of [1, 2, 4, 8]) {
      const shape = [8, 8 / groups, 3, 3];
      expect(forward("Conv", [[1, 8, 5, 5], shape], [[1, 8, 5, 5]], { attributes: { group: groups } }).macs).toBe(
        dense / groups,
      );
    }
  });
  it("ConvTranspose: inputs × weights of one input channel", () => {
    // 3×4×4 inputs, each to 6 channels × 2×2; 6×8×8 outputs get the bias
    expect(forward("ConvTranspose", [[1, 3, 4, 4], [3, 6, 2, 2], [6]], [[1, 6, 8, 8]])).toEqual({
      ...none,
      macs: 3 * 4 * 4 * (6 * 2 * 2),
      adds: 6 * 8 * 8,
    });
  });
  it("QLinearConv: as Conv, and each output brought back to 8 bits (1 multiplication, 4 additions)", () => {
    const scalar: Shape = [];
    const inputs = [[1, 3, 4, 4], scalar, scalar, [5, 3, 1, 1], scalar, scalar, scalar, scalar, [5]];
    expect(forward("QLinearConv", inputs, [[1, 5, 4, 4]])).toEqual({
      ...none,
      macs: 5 * 16 * 3,
      muls: 80,
      adds: 80 + 4 * 80,
    });
  });
  it("FusedConv: Conv, addend and activation", () => {
    const inputs = [[1, 2, 4, 4], [3, 2, 1, 1], [3], [1, 3, 4, 4]];
    const extra = { attributes: { activation: "Sigmoid" } };
    expect(forward("com.microsoft.FusedConv", inputs, [[1, 3, 4, 4]], extra)).toEqual({
      macs: 48 * 2,
      muls: 48,
      adds: 48 + 48 + 48,
      others: 48,
    });
  });
  it("DeformConv: Conv, and a bilinear sample for every kernel position of every channel", () => {
    // 2×2 outputs, 1 channel, 1×1 kernel: 4 samples at 4 points
    expect(
      forward(
        "DeformConv",
        [
          [1, 1, 2, 2],
          [1, 1, 1, 1],
          [1, 2, 2, 2],
        ],
        [[1, 1, 2, 2]],
      ),
    ).toEqual({
      macs: 4,
      muls: 4 * 4 + 4 * 4,
      adds: 4 * 3 + 4 * 6,
      others: 0,
    });
  });
  it("backward: once for the data, once for the weights, as wanted", () => {
    const shapes = [[[2, 4, 8, 8], [16, 4, 3, 3], [16]], [[2, 16, 8, 8]]] as const;
    const { macs, adds } = forward("Conv", ...shapes);
    expect(backward("Conv", ...shapes, [false, true, true])).toEqual({ ...none, macs, adds });
    expect(backward("Conv", ...shapes, [true, true, true]).macs).toBe(2 * macs);
    expect(backward("Conv", ...shapes, [false, false, false])).toEqual(none);
  });
});

describe("dense layers and matrix products", () => {
  it("Gemm with bias = MatMul + Add", () => {
    const gemm = forward("Gemm", [[4, 10], [6, 10], [6]], [[4, 6]], { attributes: { transB: 1 } });
    const product = forward(
      "MatMul",
      [
        [4, 10],
        [10, 6],
      ],
      [[4, 6]],
    );
    const add = forward("Add", [[4, 6], [6]], [[4, 6]]);
    expect(gemm).toEqual({ ...none, macs: 4 * 6 * 10, adds: 4 * 6 });
    expect(plus(product, add)).toEqual(gemm);
  });
  it("Gemm: the summed axis is the first with transA; alpha and beta multiply", () => {
    const attributes = { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } };
    expect(forward("Gemm", [[10, 4], [10, 6], [6]], [[4, 6]], { attributes })).toEqual({
      ...none,
      macs: 240,
      muls: 24 + 6,
      adds: 24,
    });
  });
  it("MatMul in batches, and vectors", () => {
    expect(
      forward(
        "MatMul",
        [
          [3, 2, 5, 7],
          [7, 4],
        ],
        [[3, 2, 5, 4]],
      ).macs,
    ).toBe(3 * 2 * 5 * 4 * 7);
    expect(forward("MatMul", [[7], [7]], [[]]).macs).toBe(7);
  });
  it("FusedMatMul sums over the axis that transA moves", () => {
    const attributes = { transA: 1, alpha: { float: 0.125 } };
    expect(
      forward(
        "com.microsoft.FusedMatMul",
        [
          [2, 9, 3],
          [2, 9, 5],
        ],
        [[2, 3, 5]],
        { attributes },
      ),
    ).toEqual({
      ...none,
      macs: 2 * 3 * 5 * 9,
      muls: 30,
    });
  });
  it("MatMulNBits: N and K are attributes, each weight is de-quantised once", () => {
    const attributes = { N: 8, K: 32, bits: 4, block_size: 32 };
    expect(forward("com.microsoft.MatMulNBits", [[1, 5, 32], [8, 1, 16], [8]], [[1, 5, 8]], { attributes })).toEqual({
      ...none,
      macs: 5 * 8 * 32,
      muls: 256,
      adds: 256,
    });
  });
  it("DynamicQuantizeMatMul quantises its left side: range (2), divide, round, zero point, two bounds; then scales", () => {
    expect(forward("com.microsoft.DynamicQuantizeMatMul", [[2, 4], [4, 3], [3]], [[2, 3]])).toEqual({
      ...none,
      macs: 24,
      muls: 8 + 6,
      adds: 8 * 6,
    });
  });
});

describe("Einsum", () => {
  const einsum = (equation: string, inputs: readonly Shape[], output: Shape) =>
    forward("Einsum", inputs, [output], { attributes: { equation } });
  it("two operands with a summed axis: the product of all lengths", () => {
    expect(
      einsum(
        "bij,bjk->bik",
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
        [2, 3, 5],
      ),
    ).toEqual({ ...none, macs: 2 * 3 * 4 * 5 });
    expect(
      einsum(
        "...ij,...jk->...ik",
        [
          [7, 3, 4],
          [4, 5],
        ],
        [7, 3, 5],
      ).macs,
    ).toBe(7 * 3 * 4 * 5);
  });
  it("three operands: one more multiplication per point", () => {
    expect(einsum("i,i,i->", [[6], [6], [6]], [])).toEqual({ ...none, macs: 6, muls: 6 });
  });
  it("no summed axis: multiplications; one operand: additions; a transposition: nothing", () => {
    expect(einsum("i,j->ij", [[3], [4]], [3, 4])).toEqual({ ...none, muls: 12 });
    expect(einsum("ij->i", [[3, 4]], [3])).toEqual({ ...none, adds: 12 - 3 });
    expect(einsum("ij->ji", [[3, 4]], [4, 3])).toEqual(none);
  });
});
