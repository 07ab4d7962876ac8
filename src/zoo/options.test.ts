import { describe, expect, it } from "vitest";
import { countOf, scaled, widthOf } from "./options.ts";

describe("options of zoo networks", () => {
  it("scale channels to whole numbers, never to none", () => {
    expect(scaled(64, 0.5)).toBe(32);
    expect(scaled(10, 0.33)).toBe(3);
    expect(scaled(64, 0.001)).toBe(1);
  });

  it("have a width of 1 unless said", () => {
    expect(widthOf({})).toBe(1);
    expect(widthOf({ width: 0.25 })).toBe(0.25);
    for (const width of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => widthOf({ width })).toThrow(/width/);
  });

  it("count in whole numbers", () => {
    expect(countOf("depth", 3)).toBe(3);
    for (const depth of [0, 1.5, Number.NaN]) expect(() => countOf("depth", depth)).toThrow(/depth is .*whole number/);
  });

  it("have an upper bound, which the error states", () => {
    expect(widthOf({ width: 64 })).toBe(64);
    expect(() => widthOf({ width: 1e9 })).toThrow(/width is 1000000000, .*at most 64/);
    expect(countOf("depth", 1000)).toBe(1000);
    expect(() => countOf("depth", 1e9)).toThrow(/depth is 1000000000, .*at most 1000$/);
    expect(() => countOf("sequence", 131_073)).toThrow(/at most 131072/);
  });
});
