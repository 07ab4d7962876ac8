import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { of, shapeOf, typesOf } from "../../../../test/support/one-layer.ts";
import { parseEquation } from "./einsum.ts";

fc.configureGlobal({ seed: 1 });

describe("matrix products", () => {
  it("keeps symbols on every axis that is not summed", () => {
    expect(
      shapeOf("MatMul", [
        ["N", "seq", 64],
        [64, 128],
      ]),
    ).toEqual(["N", "seq", 128]);
    expect(
      shapeOf("MatMul", [
        ["N", 12, "seq", 64],
        ["N", 12, 64, "seq"],
      ]),
    ).toEqual(["N", 12, "seq", "seq"]);
    expect(shapeOf("Gemm", [["N", 64], [10, 64], [10]], { attributes: { transB: 1 } })).toEqual(["N", 10]);
  });

  it("names both sides of a product that does not fit", () => {
    expect(() =>
      shapeOf("MatMul", [
        [2, 3],
        [4, 5],
      ]),
    ).toThrow("[2, 3] and [4, 5] do not fit: 3 columns, 4 rows");
    expect(() =>
      shapeOf("Gemm", [
        [2, 3],
        [4, 5],
      ]),
    ).toThrow("3 columns, 4 rows");
    expect(() => shapeOf("Gemm", [[2, 3], [3, 5], [4]])).toThrow(/\[2, 5\] and \[4\] do not broadcast/);
    expect(() =>
      shapeOf("Gemm", [
        [2, 3],
        [3, 5],
        [7, 1, 1],
      ]),
    ).toThrow("C [7, 1, 1] does not broadcast");
  });

  it("is associative in its shapes", () => {
    const n = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(n, n, n, n, (a, b, c, d) => {
        const left = shapeOf("MatMul", [
          shapeOf("MatMul", [
            [a, b],
            [b, c],
          ])!,
          [c, d],
        ]);
        const right = shapeOf("MatMul", [
          [a, b],
          shapeOf("MatMul", [
            [b, c],
            [c, d],
          ])!,
        ]);
        expect(left).toEqual(right);
      }),
    );
  });

  it("takes 4-bit weights from its attributes", () => {
    const setting = { domain: "com.microsoft", attributes: { K: 64, N: 10 } };
    expect(shapeOf("MatMulNBits", [[2, "seq", 64], of("uint8", 10, 2, 16)], setting)).toEqual([2, "seq", 10]);
    expect(() => shapeOf("MatMulNBits", [[2, 3, 32], of("uint8", 10, 2, 16)], setting)).toThrow("expected K = 64");
  });

  it("multiplies bytes into int32", () => {
    expect(typesOf("MatMulInteger", [of("uint8", 2, 3), of("int8", 3, 4)])).toEqual([of("int32", 2, 4)]);
  });
});

describe("Einsum", () => {
  const einsum = (equation: string, ...shapes: (readonly (number | string)[])[]) =>
    shapeOf("Einsum", shapes, { attributes: { equation } });

  it("reads subscripts, ellipses and implicit outputs", () => {
    expect(einsum("bhid,bhjd->bhij", ["N", 8, "q", 64], ["N", 8, "k", 64])).toEqual(["N", 8, "q", "k"]);
    expect(einsum("...ij,...jk", [5, 2, 3], [1, 3, 4])).toEqual([5, 2, 4]);
    expect(einsum("ba", [2, 3])).toEqual([3, 2]);
    expect(einsum("i...->...", [2, 3, 4])).toEqual([3, 4]);
  });

  it("agrees with MatMul and Transpose", () => {
    const n = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(n, n, n, n, (b, i, j, k) => {
        expect(einsum("bij,bjk->bik", [b, i, j], [b, j, k])).toEqual(
          shapeOf("MatMul", [
            [b, i, j],
            [b, j, k],
          ]),
        );
        expect(einsum("bij->jib", [b, i, j])).toEqual(
          shapeOf("Transpose", [[b, i, j]], { attributes: { perm: [2, 1, 0] } }),
        );
      }),
    );
  });

  it("refuses what is no equation for its inputs", () => {
    expect(parseEquation("i->j->k")).toBeUndefined();
    expect(parseEquation("i1->i")).toBeUndefined();
    expect(() => einsum("ij,jk->ik", [2, 3])).toThrow('equation "ij,jk->ik" does not fit 1 inputs');
    expect(() => einsum("ij->ik", [2, 3])).toThrow('asks for "k"');
    expect(() => einsum("ij->ij", [2, 3, 4])).toThrow("2 subscripts (ij) for the shape [2, 3, 4]");
    expect(() => einsum("ij,jk->ik", [2, 3], [4, 5])).toThrow("lengths 3 and 4 do not broadcast");
  });
});
