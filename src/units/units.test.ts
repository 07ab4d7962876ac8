import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCount, formatDuration, formatNumber, formatQuantity, formatRatio } from "./format.ts";
import { InputError } from "./input-error.ts";
import { editDistance, nearest, unknownName } from "./nearest.ts";
import { parseCount, parseQuantity, parseWithin } from "./parse.ts";

describe("format", () => {
  it.each([
    [0.003214, "J", "3.21 mJ"],
    [0, "J", "0 J"],
    [5.3096e9, "", "5.31 G"],
    [999.96, "J", "1.00 kJ"],
    [1e-12, "J", "1.00 pJ"],
    [-0.5, "W", "-500 mW"],
    [123456, "W", "123 kW"],
    [Number.POSITIVE_INFINITY, "J", "∞"],
    [undefined, "J", "–"],
  ])("%s %s → %s", (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });
  it("keeps every digit of a count and three of a number", () => {
    expect(formatCount(11_173_962)).toBe("11,173,962");
    expect(formatNumber(1234.5)).toBe("1,230");
    expect(formatNumber(0.00012345)).toBe("0.000123");
    expect(formatRatio(0.1234)).toBe("12.3 %");
  });
  it("uses the units of time that people use", () => {
    expect(formatDuration(0.0021)).toBe("2.10 ms");
    expect(formatDuration(600)).toBe("10.0 min");
    expect(formatDuration(31_557_600 * 4)).toBe("4.00 years");
  });
});

describe("parse", () => {
  it.each([
    ["3.2 mJ", "J", 3.2e-3],
    ["15MHz", "Hz", 15e6],
    ["1mW", "W", 1e-3],
    ["0dBm", "W", 1e-3],
    ["30 dBm", "W", 1],
    ["2 kWh", "J", 7.2e6],
    ["4y", "s", 4 * 31_557_600],
    ["10s", "s", 10],
    ["50%", "ratio", 0.5],
    ["0.5", "ratio", 0.5],
    ["1e-9", "W/Hz", 1e-9],
    ["2MJ", "J", 2e6],
    ["500 µJ", "J", 5e-4],
    ["10 min", "s", 600],
  ])("%s → %s", (text, unit, value) => {
    expect(parseQuantity(text, unit)).toBeCloseTo(value, 12);
  });
  it.each([
    ["3 W", "J"],
    ["", "J"],
    ["five", "s"],
    ["1 MJs", "J"],
    ["1e999", "J"],
  ])("refuses %s for %s", (text, unit) => {
    expect(() => parseQuantity(text, unit, "--x")).toThrow(InputError);
  });
  it("names the unit where there is one, and no ratio where there is none", () => {
    expect(() => parseQuantity("x", "W", "--x")).toThrow(/is not a number of W$/);
    for (const unit of ["ratio", ""]) expect(() => parseQuantity("x", unit, "--x")).toThrow(/is not a number$/);
    const hinted = (text: RegExp) => expect.objectContaining({ hint: expect.stringMatching(text) });
    expect(() => parseWithin("2", "W", 0, 1)).toThrow(hinted(/between 0 and 1 \(W\)$/));
    expect(() => parseWithin("2", "ratio", 0, 1)).toThrow(hinted(/between 0 and 1$/));
  });
  it("reads back what it prints, to three digits", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-14, max: 1e14, noNaN: true }), (value) => {
        expect(parseQuantity(formatQuantity(value, "J").replaceAll(",", ""), "J") / value).toBeCloseTo(1, 2);
      }),
      { seed: 1 },
    );
  });
  it("holds ranges and whole numbers", () => {
    expect(parseWithin("0.5", "ratio", 0, 1)).toBe(0.5);
    expect(() => parseWithin("-1W", "W", 0, Number.POSITIVE_INFINITY)).toThrow(/out of range/);
    expect(parseCount("1e6", 1)).toBe(1_000_000);
    for (const bad of ["-3", "0", "1.5", "", "x"]) expect(() => parseCount(bad, 1, "--batch")).toThrow(/whole number/);
  });
});

describe("nearest", () => {
  it("counts edits, swaps as one", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("vgg61", "vgg16")).toBe(1);
  });
  it("puts the meant name first", () => {
    expect(nearest("rtx-2081", ["t4", "rtx-2080", "rtx-2080-ti", "rtx-3090"])[0]).toBe("rtx-2080");
    expect(unknownName("device", "rtx-2081", ["rtx-2080"], "list them").message).toContain("rtx-2080");
  });
});
