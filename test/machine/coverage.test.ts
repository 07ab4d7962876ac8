import { expect, it } from "vitest";
import { countCoverage } from "./coverage.ts";

it("holds the truth in the stated interval in at least 94 % of 1,000 random scenarios, without being wide", () => {
  const count = countCoverage(1000, 20261120);
  expect(count.unmeasured).toBeLessThan(10);
  expect(count.coveredRatio).toBeGreaterThanOrEqual(0.94);
  expect(count.medianHalfWidthRatio).toBeLessThan(0.05);
  expect(count.rmsErrorPerHalfWidth).toBeGreaterThan(0.25);
});
