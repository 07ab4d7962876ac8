import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutIntoEpochs, equalEpochs, equalParts, type PowerTrace, traceEnergy } from "./epochs.ts";

const trace = (powerW: readonly number[], epoch?: readonly (number | undefined)[]): PowerTrace => ({
  run: "a",
  timeS: powerW.map((_, i) => i),
  powerW,
  ...(epoch && { epoch }),
});
const anyTrace = fc
  .array(fc.record({ stepS: fc.integer({ min: 1, max: 5 }), powerW: fc.integer({ min: 0, max: 400 }) }), {
    minLength: 2,
    maxLength: 60,
  })
  .map((samples): PowerTrace => {
    let timeS = 0;
    return {
      run: "any",
      timeS: samples.map(({ stepS }) => {
        timeS += stepS;
        return timeS;
      }),
      powerW: samples.map(({ powerW }) => powerW),
    };
  });

describe("traceEnergy", () => {
  it("is the trapezoid, and exact inside a step where power is linear", () => {
    const energy = traceEnergy(trace([0, 10, 10]));
    expect([0, 0.5, 1, 1.5, 2].map(energy.energyJ)).toEqual([0, 1.25, 5, 10, 15]);
  });
  it("names a run that is too short", () => {
    expect(() => traceEnergy(trace([5]))).toThrow(/"a" has 1 samples/);
    expect(() => traceEnergy({ run: "b", timeS: [3, 3], powerW: [1, 2] })).toThrow(/over 0 s/);
  });
});

describe("epochs", () => {
  it("add up to the trapezoid, with what lies before and after them", () => {
    fc.assert(
      fc.property(anyTrace, fc.integer({ min: 1, max: 30 }), (given, count) => {
        const { epochs, before, after, totalJ, durationS } = equalEpochs(given, count);
        const all = [before, ...epochs, after];
        expect(epochs).toHaveLength(count);
        expect(all.reduce((sum, one) => sum + one.energyJ, 0)).toBeCloseTo(totalJ, 6);
        expect(all.reduce((sum, one) => sum + one.durationS, 0)).toBeCloseTo(durationS, 9);
      }),
    );
  });
  it("leave idle ends out of equal parts, half a part at most", () => {
    const loaded = trace([10, 10, ...Array.from({ length: 41 }, () => 200), 10, 10]);
    const { epochs, before, after } = equalEpochs(loaded, 4);
    expect(before.durationS).toBe(2);
    expect(after.durationS).toBe(2);
    for (const { energyJ } of epochs) expect(energyJ).toBeCloseTo(2000, 9);
    expect(equalParts(loaded, 4).before.durationS).toBe(0);
    const slow = trace([...Array.from({ length: 20 }, () => 10), ...Array.from({ length: 21 }, () => 200)]);
    expect(equalEpochs(slow, 4).before.durationS).toBeLessThanOrEqual(5);
  });
  it("follow the epoch column: each begins with its first sample", () => {
    const labels = [undefined, 0, 0, 1, 1, 1, 2, undefined];
    const { epochs, before, after } = cutIntoEpochs(trace([1, 2, 2, 4, 4, 4, 6, 6], labels));
    expect(epochs.map(({ durationS }) => durationS)).toEqual([2, 3]);
    expect(epochs.map(({ energyJ }) => energyJ)).toEqual([5, 13]);
    expect([before.energyJ, after.energyJ]).toEqual([1.5, 6]);
  });
  it("must be known somehow, and in order", () => {
    expect(() => cutIntoEpochs(trace([1, 2, 3]))).toThrow(/no epoch column/);
    expect(() => cutIntoEpochs(trace([1, 2, 3], [1, 2, 1]))).toThrow(/epoch 1 comes after epoch 2, at 2 s/);
    expect(cutIntoEpochs(trace([1, 1, 1]), 2).epochs).toHaveLength(2);
  });
});
