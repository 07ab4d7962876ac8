import { describe, expect, it } from "vitest";
import { logGamma, normalCdf, normalQuantile, regularisedBeta, studentCdf, studentQuantile } from "./distribution.ts";

describe("distribution", () => {
  it("has the quantiles of the printed t table", () => {
    const table: readonly (readonly [number, number])[] = [
      [1, 12.7062047],
      [2, 4.30265273],
      [4, 2.77644511],
      [9, 2.26215716],
      [29, 2.04522964],
      [120, 1.97993041],
    ];
    for (const [degrees, value] of table) expect(studentQuantile(0.975, degrees)).toBeCloseTo(value, 6);
    expect(studentQuantile(0.95, 5)).toBeCloseTo(2.01504837, 6);
    expect(studentQuantile(0.975, Number.POSITIVE_INFINITY)).toBeCloseTo(1.95996398, 7);
  });

  it("has the normal quantiles and their inverse, tails too", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.995)).toBeCloseTo(2.5758293, 6);
    expect(normalCdf(-6) / 9.865876450377e-10).toBeCloseTo(1, 8);
    for (const p of [1e-9, 0.001, 0.2, 0.7, 0.999]) expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 10);
  });

  it("is symmetric and inverts itself for every number of degrees", () => {
    for (const degrees of [0.7, 1, 3.5, 20, 1000]) {
      for (const p of [0.01, 0.3, 0.9, 0.999]) {
        expect(studentCdf(studentQuantile(p, degrees), degrees)).toBeCloseTo(p, 9);
        expect(studentQuantile(1 - p, degrees)).toBeCloseTo(-studentQuantile(p, degrees), 6);
      }
    }
  });

  it("agrees with closed forms", () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    expect(regularisedBeta(0.3, 1, 4)).toBeCloseTo(1 - 0.7 ** 4, 12);
    expect(studentCdf(1, 1)).toBeCloseTo(0.75, 12);
  });

  it("refuses probabilities outside (0, 1)", () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => normalQuantile(0)).toThrow(RangeError);
  });
});
