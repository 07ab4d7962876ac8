import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelRidge } from "./kernel.ts";
import { mean } from "./statistics.ts";

const rows = [[0], [1], [2], [3]];
const target = [10, 12, 13, 11];

describe("kernelRidge", () => {
  it("goes through the points with next to no penalty", () => {
    const fitted = kernelRidge(rows, target, { gamma: 1, ridge: 1e-9 });
    for (const [i, row] of rows.entries()) expect(fitted(row)).toBeCloseTo(target[i]!, 5);
  });
  it("goes to the mean far away when centred, and to 0 when not", () => {
    expect(kernelRidge(rows, target, { gamma: 1, ridge: 0.1 })([1e3])).toBeCloseTo(mean(target), 9);
    expect(kernelRidge(rows, target, { gamma: 1, ridge: 0.1, centred: false })([1e3])).toBeCloseTo(0, 9);
  });
  it("equals the closed form for one point: y·1/(1 + λ)", () => {
    expect(kernelRidge([[5]], [8], { gamma: 2, ridge: 3, centred: false })([5])).toBeCloseTo(2, 12);
  });
  it("keeps what one part tells when the row is far in the other", () => {
    const two = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const fitted = kernelRidge(two, [0, 10, 0, 10], { gamma: 2, ridge: 0.01, parts: [[0], [1]] });
    expect(fitted([1, 100]) - fitted([0, 100])).toBeGreaterThan(5);
  });
  it("moves with the target's level", () => {
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), (level) => {
        const plain = kernelRidge(rows, target, { gamma: 0.5, ridge: 0.2 });
        const moved = kernelRidge(
          rows,
          target.map((value) => value + level),
          { gamma: 0.5, ridge: 0.2 },
        );
        expect(moved([1.5])).toBeCloseTo(plain([1.5]) + level, 8);
      }),
    );
  });
  it("refuses what cannot be fitted", () => {
    expect(() => kernelRidge([], [], { gamma: 1, ridge: 1 })).toThrow(RangeError);
    expect(() => kernelRidge(rows, target, { gamma: 0, ridge: 1 })).toThrow(RangeError);
    expect(() => kernelRidge(rows, target, { gamma: 1, ridge: 0 })).toThrow(RangeError);
  });
});
