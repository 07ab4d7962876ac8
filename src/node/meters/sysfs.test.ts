import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNumber, parseNumberBytes } from "./sysfs.ts";

const bytesOf = (text: string) => parseNumberBytes(Buffer.from(`${text}left over`, "latin1"), text.length);

describe("parseNumberBytes", () => {
  it.each([
    ["123456789\n", 123456789],
    ["0", 0],
    [" -12.5 \n", -12.5],
    ["+7", 7],
    ["9007199254740991\n", 9007199254740991],
    ["", undefined],
    ["\n", undefined],
    ["12a", undefined],
    ["1 2", undefined],
  ])("reads %j as %j", (text, value) => expect(bytesOf(text)).toBe(value));

  it("agrees with the text's number, whatever the text", () => {
    const text = fc.oneof(
      fc.bigInt({ min: 0n, max: 1n << 64n }).map(String),
      fc.stringMatching(/^[ \n]?[-+\d.a]*\n?$/),
    );
    fc.assert(
      fc.property(text, (one) => {
        expect(bytesOf(one)).toBe(parseNumber(one));
      }),
      { seed: 1 },
    );
  });
});
