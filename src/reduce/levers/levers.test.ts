import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalisedNetwork, plainNetwork } from "../../../test/support/quantisable.ts";
import { dataSet } from "../../learn/data/data-set.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { outputDifference } from "../difference.ts";
import { batchNormLever } from "./batch-norm.ts";
import { powerCapLever } from "./power-cap.ts";
import { sweep, type Trial } from "./sweep.ts";
import { threadCounts, threadLever } from "./threads.ts";

const trial = (perSampleJ: number | undefined, spread = 0.01, perSampleS = 1): Trial => ({
  perSampleS,
  lowS: perSampleS * (1 - spread),
  highS: perSampleS * (1 + spread),
  joules:
    perSampleJ === undefined
      ? undefined
      : { perSampleJ, lowJ: perSampleJ * (1 - spread), highJ: perSampleJ * (1 + spread), kind: "measured" },
});
const swept = (joules: readonly (number | undefined)[], spread?: number) =>
  sweep(
    "batch",
    joules.map((_, i) => i + 1),
    1,
    async (value) => trial(joules[value - 1], spread, value),
  );

describe("sweep", () => {
  it("follows the joules where all have them, not the clock", async () => {
    const { best, by, verdict, savedRatio, rows } = await swept([4, 2, 3]);
    expect([best.value, by, verdict, savedRatio]).toEqual([2, "joules", "do", 0.5]);
    expect(rows.map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it("follows the clock where one has none, and says so", async () => {
    const { best, by, why } = await swept([4, undefined, 3]);
    expect([best.value, by]).toEqual([1, "time"]);
    expect(why).toBe("batch 1 is the best of those tried already");
  });

  it("does not call overlapping intervals a saving", async () => {
    expect(await swept([1, 0.9], 0.2)).toMatchObject({ verdict: "perhaps" });
    expect(await swept([1, 0.98], 0.001)).toMatchObject({ verdict: "will not help" });
  });
});

describe("threads", () => {
  it("tries powers of two and all cores, all cores being what is in use", async () => {
    expect(threadCounts(6)).toEqual([1, 2, 4, 6]);
    expect(threadCounts(1)).toEqual([1]);
    const { best, current } = await threadLever(async ({ threads = 0 }) => trial(threads), 4);
    expect([best.value, current.value]).toEqual([1, 4]);
  });
});

describe("batch normalisation", () => {
  const plan = { runtime: onnxRuntime(), clock: { nowS: () => performance.now() / 1000 }, turns: 1, turnS: 0.001 };

  it("is folded with the answers kept", async () => {
    const network = { graph: normalisedNetwork(), weights: drawnWeights };
    const { folded, network: fused, before, after } = await batchNormLever(network, plan);
    expect(folded).toBe(3);
    expect([before?.passes, after?.passes].every((passes) => (passes ?? 0) > 0)).toBe(true);
    const values = Float32Array.from({ length: 3 * 64 * 4 }, (_, i) => Math.sin(i));
    const set = dataSet("waves", [{ role: "data", name: "x", shape: [3, 8, 8], values, scale: 1 }]);
    const { relativeRms } = await outputDifference(network, fused, { runtime: plan.runtime, set });
    expect(relativeRms).toBeLessThan(1e-5);
  });

  it("will not help where there is none", async () => {
    const result = await batchNormLever({ graph: plainNetwork(), weights: drawnWeights }, plan);
    expect(result).toMatchObject({ folded: 0, verdict: "will not help", before: undefined });
  });
});

describe("power cap", () => {
  it("is lowest where f³ = s / 2(1 − s), for a pass bound by arithmetic", () => {
    const { clockRatio, capW, slowdown, savedRatio, verdict } = powerCapLever({ activeW: 100, staticW: 30 });
    const clock = (0.3 / 1.4) ** (1 / 3);
    expect(clockRatio).toBeCloseTo(clock, 2);
    expect(capW).toBeCloseTo(30 + 70 * clock ** 3, 0);
    expect(slowdown).toBeCloseTo(1 / clock, 2);
    expect(savedRatio).toBeCloseTo(1 - (0.3 + 0.7 * clock ** 3) / clock, 3);
    expect(verdict).toBe("perhaps");
  });

  it("costs no time where memory binds, and nothing is to be had where power is static", () => {
    expect(powerCapLever({ activeW: 100, staticW: 30, memoryBoundRatio: 1 })).toMatchObject({ slowdown: 1 });
    expect(powerCapLever({ activeW: 100, staticW: 80 }).verdict).toBe("will not help");
    expect(powerCapLever({ activeW: 100, staticW: 30, maxSlowdown: 1.1 }).slowdown).toBeLessThanOrEqual(1.1);
    expect(() => powerCapLever({ activeW: 10, staticW: 30 })).toThrow(RangeError);
  });

  it("never costs energy, and static power never makes it more", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (a, b, bound) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const at = (s: number) => powerCapLever({ activeW: 1, staticW: s, memoryBoundRatio: bound }).savedRatio;
        expect(at(high)).toBeGreaterThanOrEqual(0);
        expect(at(low)).toBeGreaterThanOrEqual(at(high) - 1e-12);
      }),
    );
  });
});
