import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth, harmless, pad, shorten, wrap } from "./width.ts";

describe("width", () => {
  it.each([
    ["abc", 3],
    ["3.21 µJ", 7],
    ["low–high", 8],
    ["深層", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["🔋", 2],
    ["", 0],
  ])("%s takes %i columns", (text, width) => expect(displayWidth(text)).toBe(width));

  it("shortens in the middle and keeps more of the end, which tells names apart", () => {
    expect(shorten("block3/unit2/conv1", 11)).toBe("blo…2/conv1");
    expect(shorten("encoder/block12/pointwise1", 12)).toBe("enc…intwise1");
    expect(shorten("abcdef", 3)).toBe("…ef");
    expect(shorten("short", 5)).toBe("short");
  });

  it("shortens, pads and wraps to the width for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 50 }), (text, width) => {
        expect(displayWidth(shorten(text, width))).toBeLessThanOrEqual(width);
        expect(displayWidth(pad(shorten(text, width), width, "right"))).toBe(width);
        for (const line of wrap(text, width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(wrap(text, width).join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
      { seed: 3 },
    );
  });

  it("replaces what steers a terminal or the writing direction", () => {
    expect(harmless("a\u001b[31mb\u202ec\nd\ud800")).toBe("a�[31mb�c�d�");
    expect(harmless("µJ 深層 é")).toBe("µJ 深層 é");
  });
});
