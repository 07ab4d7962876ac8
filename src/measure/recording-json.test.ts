import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { decodeRecording, encodeRecording, RECORDING_SCHEMA } from "./recording-json.ts";
import type { Recording } from "./trace.ts";

const RECORDING: Recording = {
  traces: [
    {
      info: {
        id: "rapl/package-0",
        name: "CPU package 0",
        domain: "package",
        kind: "measured",
        reads: "energy",
        wrapJ: 262143.328,
        provenance: "test",
      },
      timeS: Float64Array.of(0, 0.1, 0.2),
      values: Float64Array.of(1.5, Number.NaN, 2.5),
    },
    {
      info: {
        id: "nvml/x/power",
        name: "GPU",
        domain: "gpu",
        kind: "integrated",
        reads: "power",
        partOf: "nvml/x/total-energy",
        counted: false,
        dutyRatio: 0.25,
        provenance: "test",
      },
      timeS: Float64Array.of(),
      values: Float64Array.of(),
    },
  ],
  marks: [
    { timeS: 0.05, name: "epoch", value: 3 },
    { timeS: 0.06, name: "window-open", value: "train" },
    { timeS: 0.07, name: "bare" },
  ],
  load: [{ name: "cpu/0", timeS: Float64Array.of(0, 1), ratio: Float64Array.of(Number.NaN, 1) }],
};

// biome-ignore lint/suspicious/noExplicitAny: a document that is to be spoilt in ways its type forbids
type Loose = any;

const problemOf = (change: (document: Loose) => void) => {
  const document = JSON.parse(encodeRecording(RECORDING));
  change(document);
  try {
    decodeRecording(JSON.stringify(document), "trace.json");
  } catch (error) {
    if (error instanceof InputError) return `${error.code}: ${error.message} → ${error.hint}`;
    throw error;
  }
  return "nothing wrong";
};

describe("a recording as JSON", () => {
  it("comes back as it was, failed reads included", () => {
    expect(decodeRecording(encodeRecording(RECORDING), "x")).toEqual(RECORDING);
    expect(encodeRecording(RECORDING)).toContain("1.5,null,2.5");
  });

  it("keeps every double", () => {
    const doubles = fc.array(fc.double({ noDefaultInfinity: true }), { maxLength: 30 });
    fc.assert(
      fc.property(doubles, (values) => {
        const trace = {
          ...RECORDING.traces[0]!,
          timeS: new Float64Array(values.length),
          values: Float64Array.from(values),
        };
        const back = decodeRecording(encodeRecording({ traces: [trace], marks: [], load: [] }), "x");
        // −0 is written as 0: the one double JSON has not
        expect(Array.from(back.traces[0]!.values)).toEqual(values.map((value) => (value === 0 ? 0 : value)));
      }),
      { seed: 1 },
    );
  });

  it.each<[string, (document: Loose) => void, string]>([
    ["another schema", (d) => (d.schema = "x/1"), `has schema "x/1", expected "${RECORDING_SCHEMA}"`],
    [
      "a newer schema",
      (d) => (d.schema = "joulecast/recording/2"),
      "read it with the version of joulecast that wrote it",
    ],
    ["no traces", (d) => delete d.traces, "at traces has no list"],
    ["uneven columns", (d) => d.traces[0].values.pop(), "at traces[0] has 3 times and 2 values"],
    ["time going back", (d) => (d.traces[0].timeS[2] = 0.05), "goes back in time: 0.05 s after 0.1 s"],
    ["a missing time", (d) => (d.traces[0].timeS[1] = null), "at traces[0].timeS[1] has null, expected a number"],
    ["a word for a number", (d) => (d.traces[0].values[0] = "9"), 'at traces[0].values[0] has "9"'],
    ["an unknown domain", (d) => (d.traces[0].info.domain = "moon"), 'domain has "moon"'],
    ["an unknown kind", (d) => (d.traces[0].info.kind = "guessed"), 'kind has "guessed"'],
    ["a wrong reading", (d) => (d.traces[0].info.reads = "heat"), 'reads has "heat"'],
    ["no id", (d) => delete d.traces[0].info.id, "info.id has no text"],
    ["a text wrap", (d) => (d.traces[0].info.wrapJ = "big"), 'wrapJ has "big"'],
    ["a numeric container", (d) => (d.traces[1].info.partOf = 3), "partOf has no text"],
    ["a worded flag", (d) => (d.traces[1].info.counted = "no"), "counted is not true or false"],
    ["two of one id", (d) => (d.traces[1].info.id = "rapl/package-0"), "two traces of one id"],
    ["a mark without time", (d) => delete d.marks[0].timeS, "marks[0].timeS has no number"],
    ["a mark with a list", (d) => (d.marks[0].value = []), "neither text nor number"],
    ["a nameless load", (d) => delete d.load[0].name, "load[0].name has no text"],
  ])("refuses %s, saying where", (_, change, message) => {
    const problem = problemOf(change);
    expect(problem).toContain("bad-recording");
    expect(problem).toContain(message);
  });

  it("refuses what is no JSON or no object", () => {
    expect(() => decodeRecording("{", "t.json")).toThrow(/"t.json" is not JSON/);
    expect(() => decodeRecording("[]", "t.json")).toThrow(/is not an object/);
  });
});
