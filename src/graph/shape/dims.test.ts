import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dim, Layer } from "../graph.ts";
import { addDims, broadcast, multiplyDims, productOf, sameDim } from "./dims.ts";
import type { ShapeContext } from "./rule.ts";

fc.configureGlobal({ seed: 1 });

const layer: Layer = { name: "n", op: "Add", domain: "", inputs: [], outputs: [], attributes: new Map() };
const c: ShapeContext = { layer, opset: 17, inputs: [], constant: () => undefined };

const dim = fc.oneof(fc.constantFrom<Dim>(1, "N", "M", "?"), fc.integer({ min: 0, max: 4 }));
const shape = fc.array(dim, { maxLength: 4 });

/** The broadcast, or "contradiction". */
function attempt(...shapes: (readonly Dim[])[]) {
  try {
    return broadcast(c, shapes);
  } catch {
    return "contradiction";
  }
}

describe("broadcast", () => {
  it("stretches 1, keeps symbols and lets numbers win", () => {
    expect(
      broadcast(c, [
        ["N", 1, 3],
        [5, 1],
      ]),
    ).toEqual(["N", 5, 3]);
    expect(broadcast(c, [["N"], ["N"]])).toEqual(["N"]);
    expect(broadcast(c, [["N"], ["M"]])).toEqual(["?"]);
    expect(broadcast(c, [["N"], [7]])).toEqual([7]);
    expect(broadcast(c, [["?"], [1]])).toEqual(["?"]);
    expect(broadcast(c, [[2], undefined])).toBeUndefined();
  });

  it("names both shapes when they do not fit", () => {
    expect(() =>
      broadcast(c, [
        [2, 3],
        [4, 3],
      ]),
    ).toThrow('layer "n" (Add): shapes [2, 3] and [4, 3] do not broadcast');
  });

  it("commutes", () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(attempt(a, b)).toEqual(attempt(b, a));
      }),
    );
  });

  it("is idempotent, and a scalar changes nothing", () => {
    fc.assert(
      fc.property(shape, (a) => {
        expect(attempt(a, a)).toEqual(a);
        expect(attempt(a, [])).toEqual(a);
      }),
    );
  });

  it("is associative where every length is a number", () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, d) => {
        const left = attempt(a, b);
        const right = attempt(b, d);
        const whole = attempt(a, b, d);
        if (left !== "contradiction" && left !== undefined) expect(attempt(left, d)).toEqual(whole);
        if (right !== "contradiction" && right !== undefined) expect(attempt(a, right)).toEqual(whole);
      }),
    );
  });
});

describe("arithmetic on dimensions", () => {
  it("keeps a symbol only where nothing is done to it", () => {
    expect(multiplyDims("N", 1)).toBe("N");
    expect(multiplyDims("N", 2)).toBe("?");
    expect(multiplyDims("N", 0)).toBe(0);
    expect(addDims("N", 0)).toBe("N");
    expect(addDims("N", 1)).toBe("?");
    expect(productOf([])).toBe(1);
    expect(productOf([2, 3, 4])).toBe(24);
    expect(productOf(["N", 1])).toBe("N");
  });

  it("takes the better known of two names for one length", () => {
    expect(sameDim(c, "?", "N", "axis")).toBe("N");
    expect(sameDim(c, "N", 4, "axis")).toBe(4);
    expect(sameDim(c, 4, "?", "axis")).toBe(4);
    expect(() => sameDim(c, 4, 5, "axis 1")).toThrow("axis 1: 4 and 5 must be equal");
  });
});
