// What holds for every metric, whatever network and device: conservation, order of the range, scaling, no silent guess.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyWork, COMPLETE, deviceOf, PROCESS_45NM, workOf } from "../../test/small-work.ts";
import type { Hardware } from "../hardware/hardware.ts";
import type { WorkReport } from "../work/work.ts";
import { isMissing } from "./assemble.ts";
import type { EnergyEstimate, EnergyMetric, EstimateOptions } from "./metric.ts";
import { METRICS } from "./table.ts";

const RUNS = { numRuns: 100, seed: 20 };
const NUMBERS = ["peakFlopsPerS", "tdpW", "idleW", "cores", "clockHz", "flopsPerClockPerCore", "switchedCapacitance"];
const MORE = ["memoryBytesPerS", "memoryBytes", "macLinear", "arithmetic"];

const anyOptions: fc.Arbitrary<EstimateOptions> = fc
  .record(
    {
      utilisationRatio: fc.constant({ value: 0.5, low: 0.2, high: 0.9 }),
      durationS: fc.constant({ value: 2, low: 1, high: 3 }),
      usageRatio: fc.constant({ value: 0.5, low: 0, high: 1 }),
      pueRatio: fc.constantFrom(1, 1.2),
      chargeActivations: fc.boolean(),
      nonzeroRatio: fc.double({ min: 0, max: 1, noNaN: true }),
      memoryLevel: fc.constantFrom("DRAM", "by-size", "1 MB SRAM"),
      scaleToNm: fc.constantFrom(45, 7),
    },
    { requiredKeys: [] },
  )
  .map((options) => ({ ...options, process: PROCESS_45NM }));

/** The complete device without the fields named. */
function without(fields: readonly string[]): Hardware {
  const kept = Object.entries(COMPLETE).filter(([field]) => !fields.includes(field));
  return deviceOf(Object.fromEntries(kept));
}

const anyDevice = fc.subarray([...NUMBERS, ...MORE]).map(without);

function answer(metric: EnergyMetric, work: WorkReport, hardware: Hardware, options: EstimateOptions): EnergyEstimate {
  const result = metric.estimate(work, hardware, options);
  if (isMissing(result)) throw new Error(`${metric.id} misses ${result.needs.join(", ")}`);
  return result;
}

const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(a, b));

describe.each(METRICS.map((metric) => [metric.id, metric] as const))("%s", (_, metric) => {
  it("sums layers and parts to the total, with low ≤ energy ≤ high and nothing negative", () => {
    fc.assert(
      fc.property(anyWork, anyOptions, (work, options) => {
        const { energyJ, lowJ, highJ, layers, parts, assumptions } = answer(metric, work, COMPLETE, options);
        expect(layers.map((layer) => layer.name)).toEqual(work.layers.map((layer) => layer.name));
        close(
          layers.reduce((sum, layer) => sum + layer.energyJ, 0),
          energyJ,
        );
        close(
          Object.values(parts).reduce((sum, part) => sum + part, 0),
          energyJ,
        );
        for (const number of [...layers.map((layer) => layer.energyJ), ...Object.values(parts), lowJ])
          expect(number).toBeGreaterThanOrEqual(0);
        expect(lowJ).toBeLessThanOrEqual(energyJ);
        expect(highJ).toBeGreaterThanOrEqual(energyJ);
        expect(Number.isFinite(highJ)).toBe(true);
        expect(assumptions.length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it("is additive over layers and proportional to the work", () => {
    fc.assert(
      fc.property(anyWork, (work) => {
        const options = { process: PROCESS_45NM, memoryBytes: 1e9 };
        const whole = answer(metric, work, COMPLETE, options);
        const twice = workOf([...work.layers, ...work.layers], { phase: work.phase });
        close(answer(metric, twice, COMPLETE, options).energyJ, 2 * whole.energyJ);
        for (const [i, layer] of work.layers.entries())
          close(
            answer(metric, workOf([layer], { phase: work.phase }), COMPLETE, options).energyJ,
            whole.layers[i]!.energyJ,
          );
      }),
      RUNS,
    );
  });

  it("never answers with NaN when numbers are missing: it names them", () => {
    fc.assert(
      fc.property(anyWork, anyDevice, anyOptions, (work, hardware, options) => {
        const result = metric.estimate(work, hardware, options);
        if (isMissing(result)) {
          expect(result.needs.length).toBeGreaterThan(0);
          for (const need of result.needs) expect([...NUMBERS, ...MORE]).toContain(need.split(".")[0]);
        } else for (const number of [result.energyJ, result.lowJ, result.highJ]) expect(number).not.toBeNaN();
      }),
      RUNS,
    );
  });

  it("has nothing to say of a record without numbers", () => {
    expect(isMissing(metric.estimate(workOf([]), deviceOf({ kind: "memory" }), { process: PROCESS_45NM }))).toBe(true);
  });
});

describe("a training step", () => {
  it("is said in the assumptions of every metric", () => {
    const work = workOf([], { phase: "training" });
    for (const metric of METRICS)
      expect(answer(metric, work, COMPLETE, { process: PROCESS_45NM }).assumptions.join()).toContain("training");
  });
});
