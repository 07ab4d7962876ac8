import { describe, expect, it } from "vitest";
import type { Mark, Recording } from "../../measure/trace.ts";
import { CLOSE, OPEN } from "../../measure/windows.ts";
import { analyseKilled } from "./killed-run.ts";

/** 10 W for ten seconds, then 60 W. */
function recordingWith(marks: readonly Mark[]): Recording {
  const timeS = Float64Array.from({ length: 301 }, (_, i) => i / 10);
  const values = timeS.map((time) => 10 * time + 50 * Math.max(0, time - 10));
  const info = {
    id: "package",
    name: "package",
    domain: "package",
    kind: "measured",
    reads: "energy",
    provenance: "test",
  } as const;
  return { traces: [{ info, timeS, values }], marks, load: [] };
}
const IDLE: readonly Mark[] = [
  { timeS: 0, name: OPEN, value: "idle" },
  { timeS: 10, name: CLOSE, value: "idle" },
];
const journal = {} as Parameters<typeof analyseKilled>[1];

describe("a killed run", () => {
  it("has the joules above idle up to its last reading", () => {
    const marks = [...IDLE, { timeS: 10, name: OPEN, value: "run/1" }];
    const { measurements, windows } = analyseKilled(recordingWith(marks), journal);
    expect(windows).toEqual([{ name: "run/1", fromS: 10, toS: 30 }]);
    expect(measurements[0]!.grossJ! / (60 * 20)).toBeCloseTo(1, 2);
    expect(measurements[0]!.netJ! / (50 * 20)).toBeCloseTo(1, 2);
  });

  it("of several rounds comes as a whole first, without warm-ups", () => {
    const marks = [
      ...IDLE,
      { timeS: 10, name: OPEN, value: "run/warm-up-1" },
      { timeS: 15, name: CLOSE, value: "run/warm-up-1" },
      { timeS: 15, name: OPEN, value: "run/1" },
      { timeS: 20, name: CLOSE, value: "run/1" },
      { timeS: 20, name: OPEN, value: "run/2" },
    ];
    const { measurements } = analyseKilled(recordingWith(marks), journal);
    expect(measurements.map(({ window }) => window)).toEqual(["run", "run/1", "run/2"]);
    const [whole, ...rounds] = measurements.map(({ netJ }) => netJ);
    expect(rounds.reduce((sum, netJ) => sum! + netJ!, 0)).toBeCloseTo(whole!, 6);
  });

  it("has none when it was killed while idle", () => {
    expect(analyseKilled(recordingWith(IDLE), journal)).toEqual({ measurements: [], windows: [] });
  });
});
