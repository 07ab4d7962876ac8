import { describe, expect, it } from "vitest";
import { COMPLETE, deviceOf, layerOf, workOf } from "../../test/small-work.ts";
import { estimateAll } from "./estimate.ts";
import { findMetric, METRICS } from "./table.ts";

const work = workOf([layerOf("conv", { macs: 1e6, readBytes: 1e6 })], {
  unknown: [{ layer: "nms", op: "NonMaxSuppression", reason: "no rule" }],
});

describe("estimateAll", () => {
  it("answers every device × metric with an estimate or with what is missing", () => {
    const devices = [COMPLETE, deviceOf({ id: "bare" })];
    const { estimates, missing } = estimateAll(work, devices, METRICS);
    expect(estimates.map(({ device, metric }) => [device, metric])).toEqual(
      METRICS.filter(({ id }) => id !== "op-energy").map(({ id }) => ["complete", id]),
    );
    expect(missing).toHaveLength(METRICS.length + 1);
    expect(missing).toContainEqual({ device: "complete", metric: "op-energy", needs: ["arithmetic"] });
    expect(missing).toContainEqual({
      device: "bare",
      metric: "roofline",
      needs: ["peakFlopsPerS", "memoryBytesPerS", "tdpW"],
    });
  });

  it("says which operators were left out", () => {
    const { estimates } = estimateAll(work, [COMPLETE], METRICS);
    for (const { assumptions } of estimates) expect(assumptions.join()).toContain("NonMaxSuppression");
  });

  it.each([
    [{ utilisationRatio: { value: 0.5, low: 0, high: 1 } }, /utilisationRatio: 0 ≤ 0.5 ≤ 1/u],
    [{ pueRatio: 0.9 }, /pueRatio: 0.9/u],
    [{ nonzeroRatio: 1.5 }, /nonzeroRatio: 1.5/u],
    [{ nonzeroRatio: new Map([["a", -1]]) }, /nonzeroRatio: -1/u],
    [{ durationS: { value: 1, low: 2, high: 3 } }, /durationS/u],
    [{ memoryBytes: Number.NaN }, /memoryBytes: NaN/u],
  ])("refuses options that cannot be meant: %o", (options, message) => {
    expect(() => estimateAll(work, [COMPLETE], METRICS, options)).toThrow(message);
  });
});

describe("findMetric", () => {
  it("finds every metric by its name", () => {
    for (const metric of METRICS) expect(findMetric(metric.id.toUpperCase())).toBe(metric);
  });

  it("offers the nearest names for a misspelt one", () => {
    expect(() => findMetric("rofline")).toThrow(/unknown metric "rofline"; nearest: roofline/u);
  });
});
