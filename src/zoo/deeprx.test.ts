import { describe, expect, it } from "vitest";
import type { Layer } from "../graph/graph.ts";
import { countGraph } from "../work/count-graph.ts";
import { buildDeepRx, DEEPRX } from "./deeprx.ts";

const ELEMENTS = 14 * 312;
const ints = (layer: Layer, name: string): readonly number[] => {
  const attribute = layer.attributes.get(name);
  return attribute?.kind === "ints" ? attribute.value : [];
};

describe("DeepRx", () => {
  const graph = DEEPRX.build();
  const report = countGraph(graph, { batch: 1 });

  it("has 1,232,776 parameters and 5.31 GMAC", () => {
    expect(report.unknown).toEqual([]);
    expect(report.total.params).toBe(1_232_776);
    expect(report.total.macs).toBe(5_314_283_520);
    expect(DEEPRX.published).toMatchObject({ params: 1_232_776, macs: 5_314_283_520 });
  });

  it("maps 10 planes to 8 bits per resource element and keeps the grid throughout", () => {
    expect(graph.tensors.get("input")!.shape).toEqual(["batch", 10, 14, 312]);
    expect(graph.tensors.get(graph.outputs[0]!)!.shape).toEqual(["batch", 8, 14, 312]);
    for (const layer of report.layers) expect(layer.outputShape!.slice(2)).toEqual([14, 312]);
  });

  it("has the published channels and (time, frequency) dilations in eleven blocks", () => {
    const dilations = Array.from({ length: 11 }, (_, i) =>
      ints(graph.layers.find(({ name }) => name === `block${i + 1}/depthwise2`)!, "dilations"),
    );
    // biome-ignore format: one row, as in the paper
    expect(dilations).toEqual([[1, 1], [1, 1], [2, 3], [2, 3], [2, 3], [3, 6], [2, 3], [2, 3], [2, 3], [1, 1], [1, 1]]);
    const channels = report.layers
      .filter(({ name }) => /block\d+\/add$/.test(name))
      .map((work) => work.outputShape![1]);
    expect(channels).toEqual([64, 64, 128, 128, 256, 256, 256, 128, 128, 64, 64]);
    const projections = graph.layers.filter(({ name }) => name.endsWith("/projection")).map(({ name }) => name);
    expect(projections).toEqual(["block3/projection", "block5/projection", "block8/projection", "block10/projection"]);
  });

  it("follows its options", () => {
    const small = countGraph(
      buildDeepRx({ width: 0.5, depth: 5, antennas: 1, bits: 2, subcarriers: 24, symbols: 7, seed: 3 }),
      { batch: 1 },
    );
    expect(small.layers[0]!.inputShape).toEqual([1, 6, 7, 24]);
    expect(small.layers.at(-1)!.outputShape).toEqual([1, 2, 7, 24]);
    const channels = small.layers.filter(({ name }) => /block\d+\/add$/.test(name)).map((work) => work.outputShape![1]);
    expect(channels).toEqual([32, 64, 128, 64, 32]);
  });

  it("is sized by its middle blocks, and dilated unless asked not to be", () => {
    const thin = buildDeepRx({ middle: 0.25, undilated: 1 });
    const channels = countGraph(thin, { batch: 1 })
      .layers.filter(({ name }) => /block\d+\/add$/.test(name))
      .map((work) => work.outputShape![1]);
    expect(channels).toEqual([64, 64, 32, 32, 64, 64, 64, 32, 32, 64, 64]);
    for (const layer of thin.layers.filter(({ op }) => op === "Conv"))
      expect(new Set(ints(layer, "dilations"))).not.toContain(2);
  });

  it("does work in proportion to the grid", () => {
    const quarter = countGraph(buildDeepRx({ subcarriers: 78 }), { batch: 1 });
    expect(quarter.total.macs).toBe(report.total.macs / 4);
    expect(report.total.macs % ELEMENTS).toBe(0);
  });

  it("is one block deep, or deeper than published", () => {
    const blocks = (depth: number): number =>
      buildDeepRx({ depth }).layers.filter(({ name }) => /^block\d+\/add$/.test(name)).length;
    expect([1, 2, 11, 15].map(blocks)).toEqual([1, 2, 11, 15]);
  });

  it.each([
    [{ depth: 0 }, /depth is 0/],
    [{ antennas: 1.5 }, /antennas is 1.5/],
    [{ width: Number.NaN }, /width is NaN/],
  ])("refuses %j", (options, message) => {
    expect(() => buildDeepRx(options)).toThrow(message);
  });
});
