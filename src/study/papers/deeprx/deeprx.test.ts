import { describe, expect, it } from "vitest";
import { countGraph } from "../../../work/count-graph.ts";
import { deepRxOfSize } from "../../../zoo/deeprx-size.ts";
import { PUBLISHED_RECIPE, rateOf, SMALL_RECIPE } from "./recipe.ts";
import { type BerPoint, berFloor, curveOf, logMeanBer, sinrAt, spreadOf } from "./result.ts";
import { SCALES } from "./scale.ts";
import { pointsOf, scratch, taught, trainingsOf } from "./trainings.ts";

const point = (sinrDb: number, ber: number, pilots = 1): BerPoint => ({
  sinrDb,
  pilots,
  ber,
  lowBer: 0,
  highBer: 1,
  bits: 1e6,
  errors: ber * 1e6,
});

describe("the recipe", () => {
  it.each([PUBLISHED_RECIPE, SMALL_RECIPE])("rises, stays and falls, never to 0", (recipe) => {
    const rates = Array.from({ length: recipe.steps }, (_, i) => rateOf(recipe, i + 1));
    expect(Math.max(...rates)).toBe(recipe.rate);
    expect(rates[0]).toBeCloseTo(recipe.rate / recipe.warmUp, 12);
    expect(rates[Math.floor(0.2 * recipe.steps)]).toBe(recipe.rate);
    expect(rates.at(-1)).toBeGreaterThan(0);
    expect(rates.at(-1)).toBeLessThan(0.01 * recipe.rate);
  });
});

describe("the trainings", () => {
  it.each(Object.values(SCALES))("of scale $id are each once, teachers before students", (scale) => {
    const points = pointsOf(scale);
    const all = trainingsOf(points);
    const at = new Map(all.map(({ id }, i) => [id, i]));
    expect(at.size).toBe(all.length);
    for (const [i, { teacher }] of all.entries()) if (teacher) expect(at.get(teacher.of)).toBeLessThan(i);
    for (const { point: own } of [
      ...points.sizes,
      ...points.teachers,
      ...points.alphas,
      ...points.temperatures,
      ...points.forms,
    ]) {
      expect(own).toHaveLength(scale.seeds);
      for (const { id } of own) expect(at.has(id)).toBe(true);
    }
    expect(scale.id === "smoke" || scale.seeds >= 5).toBe(true);
  });

  it("share what is the same: α = 1 is training from scratch", () => {
    expect(taught({ middle: 1 }, 3, { middle: 2, alpha: 1, temperature: 4 })).toEqual(scratch({ middle: 1 }, 3));
    const { alphas, compared } = pointsOf(SCALES.small);
    expect(alphas.find(({ alpha }) => alpha === SCALES.small.alpha)!.point).toEqual(compared.taught);
  });
});

describe("bit error ratios", () => {
  it("have a geometric mean in which no error counts as half an error", () => {
    expect(logMeanBer([point(0, 1e-1), point(4, 1e-3)])).toBeCloseTo(-2, 12);
    expect(logMeanBer([point(0, 0)])).toBeCloseTo(Math.log10(berFloor(1e6)), 12);
  });

  it("are crossed where the line in log BER says", () => {
    const curve = [point(0, 1e-1), point(10, 1e-3), point(20, 0)];
    expect(sinrAt(curve, 1e-2)).toBeCloseTo(5, 9);
    expect(sinrAt(curve, 0.5)).toBe(0);
    expect(sinrAt(curve, 1e-9)).toBeUndefined();
    const both = [point(4, 0.1), point(0, 0.2), point(0, 0.3, 2)];
    expect(curveOf(both, 1).map(({ sinrDb }) => sinrDb)).toEqual([0, 4]);
  });

  it("spread over seeds, of which one says nothing", () => {
    expect(spreadOf([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2, low: 1, high: 3, n: 2 });
    expect(spreadOf([1])!.deviation).toBeUndefined();
    expect(spreadOf([])).toBeUndefined();
  });
});

describe("a DeepRx of a size", () => {
  const count = (graph: Parameters<typeof countGraph>[0]) => countGraph(graph, { batch: 1 }).total.flops;
  it("comes as near as whole channels let it", () => {
    const base = { subcarriers: 24, width: 0.5, depth: 5, bits: 4 };
    for (const flops of [1e7, 2e7, 4e7]) {
      const sized = deepRxOfSize(flops, base, count);
      expect(count(sized.graph)).toBe(sized.flops);
      expect(Math.abs(sized.flops / flops - 1)).toBeLessThan(0.1);
    }
    expect(() => deepRxOfSize(1e15, base, count)).toThrow(/cannot be had/);
  });
});
