// Device files: ours are complete and consistent; the user's mistakes become one clear line, whatever they are.
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { plainName } from "./find.ts";
import type { ArithmeticType, Hardware, Sourced } from "./hardware.ts";
import { parseHardware } from "./parse.ts";

const FOLDER = new URL("../../data/hardware/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
const DEVICES = FILES.map((file) => parseHardware(read(file), file));
const device = (id: string): Hardware => DEVICES.find((each) => each.id === id)!;

/** Every { value, source } inside a record, with its path. */
function numbersIn(value: unknown, path = ""): [string, Sourced][] {
  if (typeof value !== "object" || value === null) return [];
  if ("value" in value && "source" in value) return [[path, value as Sourced]];
  return Object.entries(value).flatMap(([key, each]) => numbersIn(each, `${path}/${key}`));
}

function problemOf(json: unknown): InputError {
  try {
    parseHardware(json, "./my.json");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("data/hardware", () => {
  it("holds the devices of the papers", () => {
    const papers = [
      ..."xeon-gold-5320 xeon-gold-5220 xeon-e5-2620-v4 core-i7-8650u coral-edge-tpu rtx-2080-ti".split(" "),
      ..."core-i7-8700k core-i9-11900kf core-i5-12500 rtx-3080 rtx-3090 rtx-a2000".split(" "),
      ..."ddr4-3600-4x16gb ddr4-3200-4x32gb ddr5-3200-2x16gb horowitz-45nm".split(" "),
    ];
    expect(DEVICES.map(({ id }) => id)).toEqual(expect.arrayContaining(papers));
  });

  it.each(DEVICES.map((each, i) => [FILES[i]!, each] as const))(
    "%s is named after its id and is sourced",
    (file, d) => {
      expect(`${d.id}.json`).toBe(file);
      const numbers = numbersIn(d);
      expect(numbers.length).toBeGreaterThan(2);
      for (const [path, number] of numbers) {
        expect(number.source, path).toMatch(/^\[[A-Za-z][A-Za-z0-9-]*\]/u);
        expect(number.low ?? number.value, path).toBeLessThanOrEqual(number.value);
        expect(number.high ?? number.value, path).toBeGreaterThanOrEqual(number.value);
      }
    },
  );

  it("has no name twice", () => {
    const names = DEVICES.flatMap((each) => [...new Set([each.id, each.name, ...each.aliases].map(plainName))]);
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    expect(twice).toEqual([]);
  });

  // A peak that is stated and one that follows from the instruction set are two sources: they must agree. Base-clock peaks
  // of processors with a high turbo (1.9 of 4.2 GHz) set the lower bound, rounding of data sheets the upper one.
  it("states peaks within 0.4 to 1.03 of cores × highest clock × operations per clock", () => {
    let checked = 0;
    for (const each of DEVICES) {
      for (const [type, perClock] of Object.entries(each.flopsPerClockPerCore) as [ArithmeticType, Sourced][]) {
        const peak = each.peakFlopsPerS[type];
        if (peak === undefined || each.cores === undefined || each.clockHz === undefined) continue;
        const clockHz = each.clockHz.high ?? each.clockHz.value;
        const bound = each.cores.value * clockHz * perClock.value;
        expect(peak.value / bound, `${each.id} ${type}`).toBeGreaterThan(0.4);
        expect(peak.value / bound, `${each.id} ${type}`).toBeLessThan(1.03);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(100);
  });

  it("lets no device do sparse arithmetic: int8 is at most twice float16, float16 at most 16 times float32", () => {
    for (const { id, peakFlopsPerS: peak } of DEVICES) {
      const half = peak.float16?.high ?? peak.float16?.value;
      if (peak.int8 && half) expect(peak.int8.value / half, id).toBeLessThan(2.05);
      if (half && peak.float32) expect(half / peak.float32.value, id).toBeLessThan(16.5);
    }
  });

  it("keeps absence absent: the Edge TPU has no float32, no idle power, no memory bandwidth", () => {
    const coral = device("coral-edge-tpu");
    expect(Object.keys(coral.peakFlopsPerS)).toEqual(["int8"]);
    expect(coral.peakFlopsPerS.int8!.value / coral.tdpW!.value).toBe(2e12);
    expect(coral).not.toHaveProperty("idleW");
    expect(coral.memoryBytesPerS).toBeUndefined();
  });

  it("has the energies of tables I and II of compression-and-splitting.txt, memory per bit", () => {
    const { arithmetic, memoryLevels } = device("horowitz-45nm");
    const picojoules = (number: Sourced): number => Number((number.value * 1e12).toPrecision(6));
    const pairs = Object.entries(arithmetic).map(([type, e]) => [type, picojoules(e.addJ), picojoules(e.mulJ)]);
    expect(pairs).toEqual([
      ["float32", 0.9, 3.7],
      ["float16", 0.4, 1.1],
      ["int8", 0.03, 0.2],
      ["int32", 0.1, 3.1],
    ]);
    const per64 = memoryLevels.map((level) => level.energyPerBitJ!.value * 64e12);
    expect(per64.map((pj) => Number(pj.toPrecision(6)))).toEqual([10, 20, 100, 1950]);
    expect(memoryLevels.at(-1)!.energyPerBitJ!.low! * 64e9).toBeCloseTo(1.3, 9);
    expect(memoryLevels.at(-1)!.energyPerBitJ!.high! * 64e9).toBeCloseTo(2.6, 9);
  });

  it("knows one AVX-512 unit from two", () => {
    expect(device("xeon-gold-5320").flopsPerClockPerCore.float32!.value).toBe(64);
    expect(device("xeon-gold-5220").flopsPerClockPerCore.float32!.value).toBe(32);
  });
});

describe("parseHardware", () => {
  const mine = {
    id: "my-device",
    name: "Mine",
    kind: "cpu",
    peakFlopsPerS: { float32: { value: 1e12, low: 9e11, high: 2e12, source: "my own stopwatch" } },
    tdpW: { value: 65, source: "the box" },
  };
  const withField = (changes: object): InputError => problemOf({ ...mine, ...changes });

  it("takes free text as a source and fills lists that are not given", () => {
    const parsed = parseHardware(mine, "./my.json");
    expect(parsed.tdpW).toEqual({ value: 65, source: "the box" });
    expect(parsed).toMatchObject({ aliases: [], memoryLevels: [], arithmetic: {}, flopsPerClockPerCore: {} });
    expect(parsed).not.toHaveProperty("idleW");
  });

  it.each([
    [{ tdp: { value: 65, source: "x" } }, './my.json: unknown field "tdp"; did you mean "tdpW"?'],
    [{ tdpW: { value: 65, soruce: "x" } }, 'unknown field "soruce" in tdpW; did you mean "source"?'],
    [{ peakFlopsPerS: { fp32: mine.tdpW } }, 'unknown field "fp32" in peakFlopsPerS; did you mean "tf32"?'],
    [{ tdpW: 65 }, "./my.json: tdpW is 65, expected an object { … }"],
    [{ tdpW: { value: "65", source: "x" } }, 'tdpW.value is "65", expected a number above 0'],
    [{ idleW: { value: 0, source: "x" } }, "idleW.value is 0, expected a number above 0 in SI units"],
    [{ tdpW: { value: 65 } }, "tdpW.source is nothing, expected a text"],
    [{ tdpW: { value: 65, low: 70, source: "x" } }, "tdpW.low is 70, expected at most the value, 65"],
    [{ tdpW: { value: 65, high: 60, source: "x" } }, "tdpW.high is 60, expected at least the value, 65"],
    [{ kind: "fpga" }, 'kind is "fpga", expected one of cpu, gpu'],
    [{ id: "My Device" }, 'id is "My Device", expected lower-case words'],
    [{ name: undefined }, "name is nothing"],
    [
      { memoryLevels: [{ name: "L1" }, { size: 3 }] },
      'unknown field "size" in memoryLevels.1; did you mean "sizeBytes"?',
    ],
    [{ memoryLevels: {} }, "memoryLevels is an object, expected a list"],
    [{ arithmetic: { int8: { addJ: mine.tdpW } } }, "arithmetic.int8.mulJ is nothing"],
  ])("%j says what is wrong", (changes, message) => {
    const problem = withField(changes);
    expect(problem.code).toBe("bad-device");
    expect(problem.message).toContain(message);
    expect(problem.message).not.toContain("\n");
    expect(problem.hint).not.toBe("");
  });

  it("refuses what is no object", () => {
    for (const json of [null, 3, "cpu", [], true]) expect(problemOf(json).message).toContain("the device is ");
  });

  it("throws nothing but one-line InputErrors, whatever is put in a field", () => {
    const valid = read("xeon-gold-5320.json") as Record<string, unknown>;
    const paths = numbersIn(valid).map(([path]) => path.slice(1).split("/"));
    const anyPath = fc.constantFrom(...paths, ...Object.keys(valid).map((key) => [key]));
    fc.assert(
      fc.property(anyPath, fc.option(fc.string(), { nil: undefined }), fc.anything(), (path, extra, junk) => {
        const copy = structuredClone(valid);
        const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, copy);
        parent[extra ?? path.at(-1)!] = junk;
        try {
          expect(parseHardware(copy, "fuzz").id).toMatch(/^[a-z0-9-]+$/u);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as InputError).message.split("\n")).toHaveLength(1);
        }
      }),
      { seed: 20240501, numRuns: 500 },
    );
  });
});
