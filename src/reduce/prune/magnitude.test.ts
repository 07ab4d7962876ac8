// Which weights become zero, how many are left, and what is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { drawnWeights } from "../../node/model.ts";
import { countGraph } from "../../work/count-graph.ts";
import { batchNorm, conv, flatten, linear, relu } from "../../zoo/pieces.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { cubicSparsity, nonzeroSteps } from "./gradual.ts";
import { pruneByThreshold, pruneToNonzero } from "./magnitude.ts";
import { parametersOf } from "./parameters.ts";
import { compressionRatio, countNonzero } from "./sparsity.ts";

function small(): Graph {
  const b = new NetworkBuilder("small", 3);
  const x = relu(b, batchNorm(b, conv(b, b.input("input", ["batch", 1, 4, 4]), 3, { name: "conv", kernel: 3 }), "bn"));
  b.output(linear(b, flatten(b, x), 5, "fc"));
  return b.graph();
}

const network: WeightedNetwork = { graph: small(), weights: drawnWeights };
const numbers = async (of: WeightedNetwork, name: string) =>
  Array.from((await readWeight(of, name)).data as Float32Array);

async function withNumbers(name: string, data: readonly number[]): Promise<WeightedNetwork> {
  const tensor = await readWeight(network, name);
  return withWeights(network, new Map([[name, { ...tensor, data: Float32Array.from(data) }]]));
}

describe("parametersOf", () => {
  it("counts what the work counts as parameters", () => {
    const found = parametersOf(network.graph);
    expect(found.reduce((sum, { elements }) => sum + elements, 0)).toBe(countGraph(network.graph).total.params);
    expect(Object.fromEntries(found.map(({ name, kind }) => [name, kind]))).toEqual({
      "conv/weight": "matrix",
      "conv/bias": "bias",
      "bn/weight": "scale",
      "bn/bias": "scale",
      "fc/weight": "matrix",
      "fc/bias": "bias",
    });
  });
});

describe("pruneByThreshold", () => {
  it("makes smaller weights and biases zero, and nothing else", async () => {
    const threshold = 0.15;
    const pruned = await pruneByThreshold(network, threshold);
    for (const { name, kind } of parametersOf(network.graph)) {
      const before = await numbers(network, name);
      const expected = kind === "scale" ? before : before.map((value) => (Math.abs(value) < threshold ? 0 : value));
      expect(await numbers(pruned, name)).toEqual(expected);
    }
    expect((await countNonzero(pruned)).nonzero).toBeLessThan((await countNonzero(network)).nonzero);
  });

  it("refuses to remove a whole layer, and names it", async () => {
    const tiny = await withNumbers(
      "fc/weight",
      (await numbers(network, "fc/weight")).map((value) => value / 1000),
    );
    await expect(pruneByThreshold(tiny, 0.01)).rejects.toMatchObject({
      code: "layer-removed",
      message: expect.stringContaining('layer "fc"'),
    });
    const hint = await pruneByThreshold(tiny, 0.01).catch(({ hint }: { hint: string }) => hint);
    const [, offered] = /at most ([\d.e-]+)$/.exec(String(hint))!;
    const largest = Math.max(...(await numbers(tiny, "fc/weight")).map(Math.abs));
    expect(Number(offered)).toBeLessThanOrEqual(largest);
    expect(Number(offered)).toBeGreaterThan(0.99 * largest);
    await expect(pruneByThreshold(tiny, Number(offered))).resolves.toBeDefined();
    await expect(pruneByThreshold(tiny, 0)).rejects.toMatchObject({ code: "bad-threshold" });
  });
});

describe("pruneToNonzero", () => {
  it("keeps the largest weights, as many as asked for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: 90 }), fc.constantFrom("global", "layer"), async (nonzero, scope) => {
        const pruned = await pruneToNonzero(network, { nonzero, scope });
        const left = (await countNonzero(pruned)).nonzero;
        expect(left).toBeLessThanOrEqual(nonzero);
        // Rounding down leaves out less than one weight of each of the two matrices.
        expect(left).toBeGreaterThan(Math.min(nonzero, (await countNonzero(network)).nonzero) - 2);
        if (scope !== "global") return;
        const sizes = (await Promise.all(["conv/weight", "fc/weight"].map((name) => numbers(pruned, name)))).flat();
        const before = (await Promise.all(["conv/weight", "fc/weight"].map((name) => numbers(network, name)))).flat();
        const least = Math.min(...sizes.filter((value) => value !== 0).map(Math.abs));
        for (const [i, value] of before.entries()) if (Math.abs(value) > least) expect(sizes[i]).toBe(value);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it("keeps equal weights together and never leaves more than asked for", async () => {
    const equal = await withNumbers(
      "conv/weight",
      Array.from({ length: 27 }, (_, i) => (i < 4 ? 2 : 1)),
    );
    const pruned = await pruneToNonzero(equal, { nonzero: 28, scope: "layer" });
    expect((await numbers(pruned, "conv/weight")).filter((value) => value !== 0)).toEqual([2, 2, 2, 2]);
  });

  it("refuses a ratio that cannot be met", async () => {
    await expect(pruneToNonzero(network, { nonzero: 12 })).rejects.toMatchObject({
      code: "unreachable-ratio",
      message: expect.stringMatching(/ratio of 8\.17 \(12 of 98 parameters\).*11 biases and scales/),
      hint: expect.stringMatching(/^give a ratio of at most 7\.53,/),
    });
    await expect(pruneToNonzero(network, { nonzero: 12, original: 196 })).rejects.toMatchObject({
      message: expect.stringContaining("12 of 196"),
    });
    const tiny = await withNumbers(
      "fc/weight",
      (await numbers(network, "fc/weight")).map((value) => value / 1000),
    );
    await expect(pruneToNonzero(tiny, { nonzero: 20 })).rejects.toMatchObject({
      code: "unreachable-ratio",
      message: expect.stringContaining('layer "fc"'),
      hint: expect.stringMatching(/at most \d+(\.\d+)?, or compare within each layer/),
    });
    expect((await countNonzero(await pruneToNonzero(tiny, { nonzero: 20, scope: "layer" }))).nonzero).toBe(19);
  });

  it("gives the paper's ratio and what is left of each layer", async () => {
    const pruned = await pruneToNonzero(network, { nonzero: 28, scope: "layer" });
    const [before, after] = [await countNonzero(network), await countNonzero(pruned)];
    expect(before.nonzero).toBe(30 + 3 + 65);
    expect(compressionRatio(before, after)).toBe(before.nonzero / after.nonzero);
    expect(after.layers.map(({ layer, params }) => [layer, params])).toEqual([
      ["conv", 30],
      ["bn", 6],
      ["fc", 65],
    ]);
    expect(after.layers[1]).toEqual(before.layers[1]);
  });
});

describe("cubicSparsity", () => {
  it("begins and ends where it should and slows down", () => {
    const values = Array.from({ length: 6 }, (_, i) => cubicSparsity(0.1, 0.9, i, 5));
    expect(values[0]).toBeCloseTo(0.1, 12);
    expect(values[5]).toBe(0.9);
    const steps = values.slice(1).map((value, i) => value - values[i]!);
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
    expect(nonzeroSteps(1000, 20, 1000, 3)).toEqual([310, 56, 20]);
  });
});
