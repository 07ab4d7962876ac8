import { expect, it } from "vitest";
import { timeLeftText } from "./time-left.ts";

it("is the mean of what is done times what is left, by as many as work at once", () => {
  expect(timeLeftText([], 5)).toBe("");
  expect(timeLeftText([10], 0)).toBe("");
  expect(timeLeftText([50, 70], 5)).toBe(", about 5.00 min left");
  expect(timeLeftText([50, 70], 5, 5)).toBe(", about 1.00 min left");
});
