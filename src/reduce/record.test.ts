import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { findDevice } from "../hardware/find.ts";
import { readCatalogue } from "../node/catalogue.ts";
import { drawnWeights } from "../node/model.ts";
import type { WeightedNetwork } from "./network.ts";
import { recordNetwork, savedRatio } from "./record.ts";
import { zerosOf } from "./zeros.ts";

const catalogue = await readCatalogue();
const device = findDevice(catalogue, "xeon-gold-5220");
const process = catalogue.find(({ id }) => id === "horowitz-45nm");

/** Two dense layers; of the first weight two of six numbers are zero, of its bias one of two. */
function sparse(): WeightedNetwork {
  const b = new NetworkBuilder("sparse");
  const first = b.constant("first", "float32", [0, 1, 2, 0, -3, 4], [2, 3]);
  const bias = b.constant("bias", "float32", [0, 1]);
  const second = b.constant("second", "float32", [1, 2], [2, 1]);
  const x = b.layer("Gemm", [b.input("x", ["batch", 3]), first, bias], { name: "fc1", attributes: { transB: 1 } });
  b.output(b.layer("MatMul", [x, second], { name: "fc2" }));
  return { graph: b.graph(), weights: drawnWeights };
}

describe("zerosOf", () => {
  it("counts zeros by layer, biases in the sum only", async () => {
    const { count, nonzeroRatio } = await zerosOf(sparse());
    expect(count).toBe(3);
    expect(nonzeroRatio.get("fc1")).toBeCloseTo(4 / 6);
    expect(nonzeroRatio.get("fc2")).toBe(1);
  });

  it("looks through conversions to what is stored, and takes the zero point for zero", async () => {
    const b = new NetworkBuilder("stored");
    const scale = b.constant("scale", "float32", [0.5], []);
    const point = b.constant("point", "uint8", [128], []);
    const codes = b.constant("codes", "uint8", [128, 128, 0, 130], [2, 2]);
    const real = b.layer("DequantizeLinear", [codes, scale, point]);
    const turned = b.layer("Transpose", [real], { attributes: { perm: [1, 0] } });
    b.output(b.layer("MatMul", [b.input("x", ["batch", 2]), turned], { name: "product" }));
    const zeros = await zerosOf({ graph: b.graph(), weights: drawnWeights });
    expect(zeros.nonzeroRatio.get("product")).toBe(0.5);
  });

  it("knows both zeros of half precision", async () => {
    const b = new NetworkBuilder("half");
    const weight = b.constant("w", "float16", [0, 1, 2, 3], [2, 2]);
    b.output(b.layer("MatMul", [b.input("x", ["batch", 2], "float16"), weight], { name: "product" }));
    const graph: Graph = b.graph();
    const bytes = encodeNumbers("float16", [0, -0, 2, 3]);
    const signed = { ...graph, weights: new Map([[weight, { kind: "inline", bytes } as const]]) };
    expect((await zerosOf({ graph: signed, weights: drawnWeights })).nonzeroRatio.get("product")).toBe(0.5);
  });
});

describe("recordNetwork", () => {
  it("tells work with and without zeros, and joules by every metric that has its numbers", async () => {
    const { work, nonzero, energyJ, time, measured, score } = await recordNetwork(sparse(), { device, process });
    expect(work).toMatchObject({ macs: 8, params: 10 });
    expect(nonzero.params).toBe(7);
    expect(nonzero.macs).toBeCloseTo(6 * (4 / 6) + 2);
    expect(nonzero.energyJ["op-energy"]).toBeLessThan(energyJ["op-energy"]!);
    expect(nonzero.energyJ.roofline).toBeUndefined();
    expect(energyJ.roofline).toBeGreaterThan(0);
    expect([time, measured, score]).toEqual([undefined, undefined, undefined]);
  });

  it("estimates nothing without a device", async () => {
    const { energyJ, nonzero } = await recordNetwork(sparse());
    expect([energyJ, nonzero.energyJ]).toEqual([{}, {}]);
  });
});

describe("savedRatio", () => {
  it("is negative for what grew and undefined for what is not known", () => {
    expect(savedRatio(4, 1)).toBe(0.75);
    expect(savedRatio(4, 6)).toBe(-0.5);
    expect(savedRatio(undefined, 1)).toBeUndefined();
    expect(savedRatio(0, 1)).toBeUndefined();
  });
});
