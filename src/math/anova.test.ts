import { describe, expect, it } from "vitest";
import { type Observation, twoWayAnova } from "./anova.ts";
import { fisherTail } from "./distribution.ts";
import { seededRandom } from "./random.ts";

const cells = (values: Readonly<Record<string, readonly number[]>>): Observation[] =>
  Object.entries(values).flatMap(([key, list]) => {
    const [a = "", b = ""] = key.split(" ");
    return list.map((value) => ({ a, b, value }));
  });

describe("two-way analysis of variance", () => {
  it("gives a textbook's table by hand", () => {
    // Cell means 2, 4, 6, 12 with residuals ±1: SS_A = 4·25/… computed by hand: grand mean 6, row means 3 and 9, column means 4 and 8.
    const made = twoWayAnova(cells({ "x u": [1, 3], "x v": [3, 5], "y u": [5, 7], "y v": [11, 13] }))!;
    expect(made.a.sumOfSquares).toBeCloseTo(2 * 2 * ((3 - 6) ** 2 + (9 - 6) ** 2), 9);
    expect(made.b.sumOfSquares).toBeCloseTo(2 * 2 * ((4 - 6) ** 2 + (8 - 6) ** 2), 9);
    expect(made.interaction.sumOfSquares).toBeCloseTo(2 * 4 * 1, 9);
    expect(made.residual.sumOfSquares).toBeCloseTo(8, 9);
    expect(made.a.f).toBeCloseTo(36, 9);
    expect(made.interaction.f).toBeCloseTo(4, 9);
    expect([made.a, made.b, made.interaction, made.residual].map(({ degrees }) => degrees)).toEqual([1, 1, 1, 4]);
    const shares = [made.a, made.b, made.interaction, made.residual].map(({ shareRatio }) => shareRatio);
    expect(shares.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 12);
  });

  it("finds an interaction rarely where there is none, and surely where there is one", () => {
    const random = seededRandom(3);
    const drawn = (together: number) =>
      twoWayAnova(
        ["a", "b", "c"].flatMap((a, i) =>
          ["u", "v"].flatMap((b, j) =>
            [0, 1, 2, 3].map(() => ({ a, b, value: i + 2 * j + together * i * j + random.normal() })),
          ),
        ),
      )!.interaction.p!;
    const none = Array.from({ length: 400 }, () => drawn(0));
    expect(none.filter((p) => p < 0.05).length / 400).toBeLessThan(0.09);
    expect(none.filter((p) => p < 0.05).length / 400).toBeGreaterThan(0.02);
    expect(drawn(10)).toBeLessThan(1e-6);
  });

  it("takes unequal cells, and says nothing where a combination or a second level is missing", () => {
    expect(twoWayAnova(cells({ "x u": [1, 3, 2], "x v": [3], "y u": [5, 7], "y v": [11, 13] }))).toBeDefined();
    expect(twoWayAnova(cells({ "x u": [1], "x v": [3], "y u": [5] }))).toBeUndefined();
    expect(twoWayAnova(cells({ "x u": [1, 2], "x v": [3, 4] }))).toBeUndefined();
    expect(twoWayAnova(cells({ "x u": [1], "x v": [3], "y u": [5], "y v": [8] }))!.a.p).toBeUndefined();
  });

  it("has the tail of F that tables print", () => {
    expect(fisherTail(4.964603, 1, 10)).toBeCloseTo(0.05, 6);
    expect(fisherTail(3.325835, 5, 10)).toBeCloseTo(0.05, 6);
  });
});
