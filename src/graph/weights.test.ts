import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import { mean, standardDeviation } from "../math/statistics.ts";
import { drawWeight, seededBytes } from "./weights.ts";

describe("seeded weights", () => {
  it("are constant, uniform within the bound, or normal, by their initialiser", () => {
    expect([...drawWeight({ kind: "constant", value: 2 }, 3, seededRandom)]).toEqual([2, 2, 2]);
    const uniform = [...drawWeight({ kind: "uniform", bound: 0.5, seed: 1 }, 4000, seededRandom)];
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(standardDeviation(uniform)).toBeCloseTo(0.5 / Math.sqrt(3), 1);
    const normal = [...drawWeight({ kind: "normal", std: 2, seed: 1 }, 4000, seededRandom)];
    expect(standardDeviation(normal)).toBeCloseTo(2, 0);
    expect(Math.abs(mean(normal))).toBeLessThan(0.15);
  });
  it("are the same for the same seed and pack as float32", () => {
    const type = { dtype: "float32", shape: [2, 3] } as const;
    const bytes = seededBytes({ kind: "uniform", bound: 1, seed: 9 }, type, seededRandom);
    expect(bytes).toEqual(seededBytes({ kind: "uniform", bound: 1, seed: 9 }, type, seededRandom));
    expect(bytes.length).toBe(24);
    expect(bytes).not.toEqual(seededBytes({ kind: "uniform", bound: 1, seed: 10 }, type, seededRandom));
  });
});
