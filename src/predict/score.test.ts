import { describe, expect, it } from "vitest";
import { scoreOf } from "./score.ts";

describe("scoreOf", () => {
  it("shows errors that cancel in the sum", () => {
    const score = scoreOf([
      { truthJ: 1, energyJ: 2, lowJ: 0.5, highJ: 3 },
      { truthJ: 3, energyJ: 2, lowJ: 1.5, highJ: 2.5 },
    ]);
    expect(score.bias).toBeCloseTo(0, 12);
    expect(score.absolute).toBeCloseTo(0.5, 12);
    expect(score.mape).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(score.mse).toBeCloseTo(1, 12);
    expect(score.r2).toBeCloseTo(0, 12);
    expect(score.coverage).toBe(0.5);
  });

  it("leaves a truth of 0 out of relative errors only", () => {
    const score = scoreOf([
      { truthJ: 0, energyJ: 1 },
      { truthJ: 2, energyJ: 3 },
    ]);
    expect(score.mape).toBeCloseTo(0.5, 12);
    expect(score.absolute).toBeCloseTo(1, 12);
    expect(score.coverage).toBeNaN();
  });
});
