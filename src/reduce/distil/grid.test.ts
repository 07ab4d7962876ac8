// The grid, the paired difference and the pay-back.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { bestOf, type GridAxes, gridPoints, spreadOf } from "./grid.ts";
import { pairedDifference } from "./paired.ts";
import { payBack } from "./pay-back.ts";

const axes: GridAxes = { teacher: ["big", "huge"], student: ["s"], alpha: [0.1, 1], temperature: [1, 4] };

describe("gridPoints", () => {
  it("has every combination once, and plain training once per student", () => {
    const points = gridPoints(axes, 3);
    expect(points).toHaveLength(5);
    expect(points.filter(({ alpha }) => alpha === 1)).toHaveLength(1);
    expect(points[1]).toEqual({ teacher: "big", student: "s", alpha: 0.1, temperature: 4 });
  });

  it("is refused when it is too large, with its size", () => {
    expect(() => gridPoints(axes, 21)).toThrow(
      /105 trainings \(2 teachers × 1 student × .* × 21 seeds\), .*at most 100/,
    );
    expect(gridPoints(axes, 20)).toHaveLength(5);
    const alpha = Array.from({ length: 1000 }, (_, i) => i / 2000);
    const temperature = alpha.map((value) => value + 1);
    expect(() => gridPoints({ ...axes, alpha, temperature }, 10)).toThrow(/20000000 trainings/);
  });
});

describe("the best point", () => {
  const scores = (...values: number[]) => values.map((accuracy) => ({ loss: 1 - accuracy, accuracy }));
  const losses = (...values: number[]) => values.map((loss) => ({ loss, accuracy: undefined }));
  it("has the highest mean accuracy, else the lowest mean loss", () => {
    expect(bestOf([scores(0.9, 0.8), scores(0.86, 0.88), scores(0.99, 0.1)])).toBe(1);
    expect(bestOf([losses(2, 1), losses(1, 1), losses(1, 1)])).toBe(1);
    expect(bestOf([[undefined], [undefined]])).toBe(0);
  });
  it("has a spread over its seeds, if it has several", () => {
    expect(spreadOf(scores(0.8, 0.9))!.mean).toBeCloseTo(0.85, 12);
    expect(spreadOf(scores(0.8, 0.9))!.deviation).toBeCloseTo(Math.SQRT1_2 / 10, 12);
    expect(spreadOf(scores(0.8))).toEqual({ mean: 0.8, deviation: undefined });
    expect(spreadOf([undefined])).toBeUndefined();
  });
});

describe("pairedDifference", () => {
  it("is Student's t of the differences", () => {
    const found = pairedDifference([3, 5, 7], [1, 2, 3]);
    expect(found).toMatchObject({ mean: 3, pairs: 3, verdict: "a" });
    // differences 2, 3, 4: s = 1, t(0.975, 2) = 4.302653
    expect(found.high! - 3).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
    expect(pairedDifference([1, 2, 3], [3, 5, 7]).verdict).toBe("b");
    expect(pairedDifference([1, 2, 3], [2, 1, 3]).verdict).toBe("no difference");
    expect(pairedDifference([1], [0])).toMatchObject({ verdict: "refused", low: undefined });
    expect(() => pairedDifference([1], [])).toThrow(RangeError);
  });

  it("sees none where there is none, about 95 times of 100", () => {
    const random = seededRandom(4);
    let none = 0;
    for (let i = 0; i < 1000; i++) {
      const draw = () => Array.from({ length: 5 }, () => random.normal());
      if (pairedDifference(draw(), draw()).verdict === "no difference") none++;
    }
    expect(none).toBeGreaterThan(930);
    expect(none).toBeLessThan(970);
  });
});

describe("payBack", () => {
  it("is spent over saved, and never where nothing is saved", () => {
    expect(payBack(100, 3, 1)).toEqual({ spentJ: 100, savedJ: 2, inferences: 50 });
    expect(payBack(101, 3, 1)!.inferences).toBe(51);
    expect(payBack(100, 1, 3)).toEqual({ spentJ: 100, savedJ: -2, inferences: undefined });
    expect(payBack(undefined, 3, 1)).toBeUndefined();
  });
});
