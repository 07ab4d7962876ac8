import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countGraph } from "../../work/count-graph.ts";
import { COLLECTED_KINDS, collectedKind } from "./kinds/table.ts";
import { networkLayers } from "./network-layers.ts";
import { drawPoint, drawPoints, LEAST_ELEMENTS, oneLayerNetwork, POINT_LIMITS } from "./points.ts";

const kinds = fc.constantFrom(...COLLECTED_KINDS);
const seeds = fc.integer({ min: 0, max: 1000 });
const indices = fc.integer({ min: 0, max: 5000 });

describe("drawPoint", () => {
  it("draws layers that exist, within the limits", () => {
    fc.assert(
      fc.property(kinds, indices, seeds, (kind, index, seed) => {
        const { parameters } = drawPoint(kind, index, seed);
        const graph = oneLayerNetwork(kind, parameters);
        const { total, unknown } = countGraph(graph);
        const elements = [...graph.tensors.values()].map(({ shape }) =>
          (shape as number[]).reduce((count, length) => count * length, 1),
        );
        expect(unknown).toEqual([]);
        expect(total.macs).toBeLessThanOrEqual(POINT_LIMITS.macs);
        expect(Math.max(...elements)).toBeLessThanOrEqual(POINT_LIMITS.elements);
        expect(Math.max(...elements)).toBeGreaterThanOrEqual(LEAST_ELEMENTS);
        expect(Object.values(parameters).every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
  it("reads from the network the parameters that it was built from", () => {
    fc.assert(
      fc.property(kinds, indices, (kind, index) => {
        const { parameters } = drawPoint(kind, index, 3);
        const [layer] = networkLayers(oneLayerNetwork(kind, parameters));
        expect(layer?.kind?.id).toBe(kind.id);
        expect(layer?.parameters).toEqual(parameters);
      }),
      { numRuns: 100, seed: 2 },
    );
  });
  it("gives the same for the same seed, another for another, whatever else is drawn", () => {
    const conv = collectedKind("conv");
    expect(drawPoint(conv, 7, 1)).toEqual(drawPoint(conv, 7, 1));
    expect(drawPoint(conv, 7, 2).parameters).not.toEqual(drawPoint(conv, 7, 1).parameters);
    const alone = drawPoints([{ kind: conv, count: 3 }], 1);
    const among = drawPoints(
      [
        { kind: collectedKind("relu"), count: 5 },
        { kind: conv, count: 3 },
      ],
      1,
    );
    expect(among.filter(({ kind }) => kind === conv)).toEqual(alone);
  });
  it("takes turns, in proportion", () => {
    const points = drawPoints(
      [
        { kind: collectedKind("conv"), count: 8 },
        { kind: collectedKind("relu"), count: 4 },
      ],
      0,
    );
    expect(points.slice(0, 6).filter(({ kind }) => kind.id === "conv")).toHaveLength(4);
    expect(new Set(points.map(({ id }) => id)).size).toBe(12);
  });
  it("names what a misspelt type could mean", () => {
    expect(() => collectedKind("convv")).toThrow(/conv/);
  });
});

describe("networkLayers", () => {
  it("tells which layers a runtime does inside others", async () => {
    const { NetworkBuilder } = await import("../../graph/build.ts");
    const b = new NetworkBuilder("net");
    const conv = collectedKind("conv");
    const y = conv.build(b, { ...drawPoint(conv, 0, 0).parameters });
    const first = b.layer("Relu", [y], { name: "inside" });
    const second = b.layer("Relu", [first], { name: "outside" });
    b.output(b.layer("Add", [first, second], { name: "sum" }));
    const runs = Object.fromEntries(networkLayers(b.graph()).map(({ name, runs }) => [name, runs]));
    expect(runs).toEqual({ conv: "alone", inside: "fused", outside: "alone", sum: "alone" });
  });
  it("does not fuse what two layers read", async () => {
    const { NetworkBuilder } = await import("../../graph/build.ts");
    const b = new NetworkBuilder("net");
    const conv = collectedKind("conv");
    const y = conv.build(b, { ...drawPoint(conv, 0, 0).parameters });
    b.output(b.layer("Add", [y, b.layer("Relu", [y], { name: "relu" })], { name: "sum" }));
    expect(networkLayers(b.graph()).every(({ runs }) => runs === "alone")).toBe(true);
  });
});
