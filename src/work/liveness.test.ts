import { describe, expect, it } from "vitest";
import { keptBytes, peakBytes, type Step } from "./liveness.ts";

const sizes: Readonly<Record<string, number>> = { x: 10, a: 40, b: 30, c: 20, d: 5 };
const sizeOf = (tensor: string) => sizes[tensor] ?? 0;
const step = (inputs: readonly string[], outputs: readonly string[], extra: Partial<Step> = {}): Step => ({
  inputs,
  outputs,
  view: false,
  insideBytes: 0,
  ...extra,
});

describe("peakBytes", () => {
  it("is the largest sum of input and output in a chain", () => {
    // x+a = 50, a+b = 70, b+c = 50
    expect(peakBytes(["x"], ["c"], [step(["x"], ["a"]), step(["a"], ["b"]), step(["b"], ["c"])], sizeOf)).toBe(70);
  });
  it("keeps a skipped tensor alive to its last reader", () => {
    // x+a = 50; x+a+b = 80; x+b+c = 60
    const steps = [step(["x"], ["a"]), step(["a"], ["b"]), step(["b", "x"], ["c"])];
    expect(peakBytes(["x"], ["c"], steps, sizeOf)).toBe(80);
  });
  it("keeps graph outputs to the end", () => {
    // a is an output: x+a, a+b = 70, a+b+c = 90
    const steps = [step(["x"], ["a"]), step(["a"], ["b"]), step(["b"], ["c"])];
    expect(peakBytes(["x"], ["a", "c"], steps, sizeOf)).toBe(90);
  });
  it("counts a view with its source", () => {
    // b is a under another name: x+a = 50, a+c = 60
    const steps = [step(["x"], ["a"]), step(["a"], ["b"], { view: true }), step(["b"], ["c"])];
    expect(peakBytes(["x"], ["c"], steps, sizeOf)).toBe(60);
  });
  it("drops what nobody reads after its step, and adds what lives inside a step", () => {
    // x+a+d = 55; a+b+100 = 170
    const steps = [step(["x"], ["a", "d"]), step(["a"], ["b"], { insideBytes: 100 })];
    expect(peakBytes(["x"], ["b"], steps, sizeOf)).toBe(170);
    expect(peakBytes(["x"], ["b"], [steps[0]!, step(["a"], ["b"])], sizeOf)).toBe(70);
  });
  it("of nothing is the inputs", () => {
    expect(peakBytes(["x"], ["x"], [], sizeOf)).toBe(10);
  });
});

describe("keptBytes", () => {
  it("sums inputs and all outputs but views", () => {
    const steps = [step(["x"], ["a"]), step(["a"], ["b"], { view: true }), step(["b"], ["c", "d"])];
    expect(keptBytes(["x"], steps, sizeOf)).toBe(10 + 40 + 20 + 5);
  });
});
