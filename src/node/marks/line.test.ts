import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMark } from "./line.ts";

describe("parseMark", () => {
  it.each([
    ["epoch 3", { name: "epoch", value: 3 }],
    ["epoch -1.5e3\r", { name: "epoch", value: -1500 }],
    ["start", { name: "start" }],
    ["version v1.2.3", { name: "version", value: "v1.2.3" }],
    ["note  two words", { name: "note", value: "two words" }],
    ["window-open 7", { name: "window-open", value: "7" }],
    ['{"name":"loss","value":0.25}', { name: "loss", value: 0.25 }],
    ['{"name":"two words","value":"x"}', { name: "two words", value: "x" }],
    ['{"name":"start","value":null}', { name: "start" }],
  ])("%j", (line, mark) => {
    expect(parseMark(line)).toEqual(mark);
  });

  it.each([
    "{not json",
    '{"value":1}',
    '{"name":3}',
    '{"name":"a","value":{}}',
    "window-open",
    "window-close ",
    `${"n".repeat(101)} 1`,
    `epoch ${"v".repeat(501)}`,
    "a\u0001b",
  ])("%j is no mark", (line) => {
    expect(parseMark(line)).toEqual({ problem: expect.any(String) });
  });

  it("takes an empty line for nothing", () => {
    expect(parseMark("  ")).toBeUndefined();
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const said = parseMark(text);
        expect(said === undefined || "problem" in said || said.name.length > 0).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
