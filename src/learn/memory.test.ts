// Bytes of a step worked out by hand, and what is said of a machine that has fewer.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import { linear } from "../zoo/pieces.ts";
import { differentiate } from "./differentiate.ts";
import { checkMemory, stepMemory } from "./memory.ts";

function needs(batch: number, kind: "sgd" | "adam") {
  const b = new NetworkBuilder("dense");
  b.output(linear(b, b.input("x", ["batch", 1000]), 10));
  return stepMemory(differentiate(b.graph(), { loss: { kind: "mse" }, batch, optimiser: { kind } }));
}

describe("stepMemory", () => {
  it("counts state twice, and activations by the batch", () => {
    const parameterBytes = 4 * (1000 * 10 + 10);
    expect(needs(8, "sgd").stateBytes).toBe(2 * parameterBytes);
    expect(needs(8, "adam").stateBytes).toBe(3 * 2 * parameterBytes);
    const [few, many] = [needs(8, "sgd"), needs(1008, "sgd")];
    const perSample = (many.peakActivationBytes - few.peakActivationBytes) / 1000;
    // the data, and outputs, labels, difference and its gradient, not all at once
    expect(perSample).toBeGreaterThanOrEqual(4 * (1000 + 2 * 10));
    expect(perSample).toBeLessThanOrEqual(4 * (1000 + 5 * 10));
    expect(many.totalBytes).toBe(many.stateBytes + many.weightBytes + many.peakActivationBytes);
  });
});

describe("checkMemory", () => {
  const step = { stateBytes: 3e9, weightBytes: 0, peakActivationBytes: 6e9, totalBytes: 9e9 };
  it("refuses what no machine of that size can do", () => {
    expect(() => checkMemory(step, { totalBytes: 8e9, freeBytes: 8e9 })).toThrow(
      expect.objectContaining({
        code: "too-little-memory",
        message: expect.stringMatching(/at least 9.00 GB.*has 8.00 GB/),
      }),
    );
  });

  it("doubts what is not free, and is silent else", () => {
    expect(checkMemory(step, { totalBytes: 16e9, freeBytes: 4e9 })).toMatch(
      /at least 9.00 GB of memory, 4.00 GB are free/,
    );
    expect(checkMemory(step, { totalBytes: 16e9, freeBytes: 10e9 })).toBeUndefined();
  });
});
