import { describe, expect, it } from "vitest";
import { holeRemarks, holesOf } from "./holes.ts";

const every = (stepS: number, count: number, fromS = 0) => Array.from({ length: count }, (_, i) => fromS + i * stepS);
const trace = (timeS: readonly number[]) => ({ run: "a", timeS, powerW: timeS.map(() => 100) });

describe("holesOf", () => {
  it("finds steps over ten times the usual and over 10 s", () => {
    expect(holesOf(trace([...every(1, 100), ...every(1, 100, 129)]))).toEqual([30]);
    expect(holesOf(trace([...every(0.1, 100), 15]))).toEqual([]);
    expect(holesOf(trace([...every(60, 100), 6200]))).toEqual([]);
    expect(holesOf(trace([1]))).toEqual([]);
  });
});

describe("holeRemarks", () => {
  it("says how much, and that joules are interpolated when it is much", () => {
    expect(holeRemarks(trace(every(1, 100)), false)).toEqual([]);
    expect(holeRemarks(trace([...every(1, 1000), ...every(1, 1000, 1020)]), false)[0]).toMatch(
      /^a hole of 21 s .*drawn straight/,
    );
    const half = trace([...every(1, 100), ...every(1, 100, 199), ...every(1, 10, 400)]);
    expect(holeRemarks(half, false)[0]).toMatch(/^2 holes, up to 102 s, .*trueJ is interpolated/);
    expect(holeRemarks(half, true)[0]).toMatch(/joules of its epochs are interpolated/);
  });
});
