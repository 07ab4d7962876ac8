import { describe, expect, it } from "vitest";
import { COMPLETE, deviceOf, layerOf, PROCESS_45NM, workOf } from "../../test/small-work.ts";
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
    for (const { assumptions, complete } of estimates) {
      expect(complete).toBe(false);
      expect(assumptions).toContain("1 layer is not counted: a lower bound (NonMaxSuppression)");
    }
    const whole = estimateAll(workOf(work.layers), [COMPLETE], METRICS).estimates;
    expect(whole.every(({ complete }) => complete)).toBe(true);
  });

  it("is missing, not 0 J, when nothing at all could be counted", () => {
    const options = { process: PROCESS_45NM };
    const uncounted = estimateAll(workOf([], { unknown: work.unknown }), [COMPLETE], METRICS, options);
    expect(uncounted.estimates).toEqual([]);
    expect(uncounted.missing).toHaveLength(METRICS.length);
    for (const { needs } of uncounted.missing)
      expect(needs).toEqual(["operators that can be counted: 1 of 1 layers unknown"]);
    const view = estimateAll(workOf([layerOf("view")], { unknown: work.unknown }), [COMPLETE], METRICS, options);
    expect(view.missing[0]?.needs).toEqual(["operators that can be counted: 1 of 2 layers unknown"]);
    const empty = estimateAll(workOf([layerOf("view")]), [COMPLETE], METRICS, options);
    expect(empty.estimates.map(({ energyJ }) => energyJ)).toEqual(METRICS.map(() => 0));
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
