import { describe, expect, it } from "vitest";
import { energiesOf, machineOf, parseTarget, timesOf, trustedTimes } from "./measured.ts";
import { numberOf, readSamples } from "./samples.ts";

const csv = (text: string) => readSamples({ name: "s.csv", text, op: "conv" });

describe("readSamples", () => {
  it("reads CSV and JSON lines alike, empty cells left out", () => {
    const [row] = readSamples({ name: "a.csv", text: 'op,a,b\r\nrelu,"1",\r\n' });
    expect([row!.op, [...row!.cells]]).toEqual([
      "relu",
      [
        ["op", "relu"],
        ["a", "1"],
      ],
    ]);
    const [line] = readSamples({ name: "a.jsonl", text: '{"op":"relu","layer":{"a":1},"b":null}\n' });
    expect([line!.op, line!.cells.get("a"), line!.cells.has("b")]).toEqual(["relu", "1", false]);
  });

  it("names the row of what it cannot read", () => {
    expect(() => csv("a,b\n1,2\n3\n")).toThrow("row 3: 1 cells for 2 columns");
    expect(() => readSamples({ name: "x", text: '{"op":"a"}\n{"op":' })).toThrow("row 2");
    expect(() => numberOf(csv("a\nnan\n")[0]!, "a")).toThrow('row 2: a is "nan"');
    expect(() => readSamples({ name: "x", text: "opp,a\nconv,1\n" })).toThrow("nearest: opp");
    expect(() => csv("a,b\n")).toThrow("no rows");
    expect(() => readSamples({ name: "x", text: "\u0000\u0001ab" })).toThrow("not a text file");
  });

  it("reads line breaks within quotes, and refuses a column that comes twice", () => {
    const rows = csv('a,note,b\n1,"two\nlines",3\n4,x,5\n');
    expect(rows.map(({ line, cells }) => [line, cells.get("note"), cells.get("b")])).toEqual([
      [2, "two\nlines", "3"],
      [4, "x", "5"],
    ]);
    expect(() => csv("a,b,a\n1,2,3\n")).toThrow('two columns "a"');
  });

  it("takes a square written as a pair as one number", () => {
    expect(numberOf(csv('k\n"(3, 3)"\n')[0]!, "k")).toBe(3);
  });
});

describe("what was measured", () => {
  it("turns units into joules", () => {
    expect(energiesOf(csv("e\n2\n"), parseTarget("e:kWh"))).toEqual([7.2e6]);
    expect(energiesOf(csv("e\n2\n"), parseTarget("e:mJ"))).toEqual([0.002]);
    expect(energiesOf(csv("e\n2\n"), parseTarget("e"))).toEqual([2]);
    expect(energiesOf(csv("e\n2\n"), parseTarget("e:MJ"))).toEqual([2e6]);
    expect(() => parseTarget("e:km")).toThrow('"km" is no unit');
  });

  it("names rows that hold no energy", () => {
    const rows = csv("e,f\n1,1\n-2,1\n0,1\n");
    expect(() => energiesOf(rows, parseTarget("e"))).toThrow("negative or 0 in s.csv, rows 3, 4");
    expect(() => energiesOf(csv("e,f\n,1\n2,1\n"), parseTarget("e"))).toThrow("no e in s.csv, row 2");
    expect(() => energiesOf(rows, parseTarget("ee"))).toThrow("nearest: e");
  });

  it("finds the time of a pass, or none", () => {
    expect(timesOf(csv("duration,forward_passes\n30,10\n"))).toEqual([3]);
    expect(timesOf(csv("duration_s,passes\n30,10\n"))).toEqual([3]);
    expect(timesOf(csv("time_s\n30\n"))).toEqual([30]);
    expect(timesOf(csv("duration\n30\n"))).toBeUndefined();
  });

  it("does not use times from which no power of a processor follows", () => {
    const rows = csv("duration_s\n2\n3\n");
    expect(trustedTimes(rows, [100, 90]).passS).toEqual([2, 3]);
    expect(trustedTimes(rows, [100, 0.9])).toEqual({
      passS: undefined,
      remark: expect.stringContaining("0.300 W in s.csv, row 3"),
    });
  });

  it("refuses two machines in one set", () => {
    expect(() => machineOf(csv("cpu,e\nA,1\nB,2\n"))).toThrow('cpu is "A" in s.csv, row 2, and "B" in s.csv, row 3');
    expect(machineOf(csv("cpu,e\nA,1\nA,2\n"))).toEqual({ cpu: "A" });
  });
});
