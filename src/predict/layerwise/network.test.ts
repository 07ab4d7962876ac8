import { describe, expect, it } from "vitest";
import { csvOf, macsOf, madeConvs, madeRelus } from "../../../test/support/made-layers.ts";
import { bindDimensions } from "../../graph/bind.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { countWork } from "../../work/count.ts";
import { conv, flatten, linear, maxPool, relu } from "../../zoo/pieces.ts";
import { fitOp } from "./fit.ts";
import { conv as convKind } from "./kinds/conv.ts";
import { slide } from "./kinds/kind.ts";
import { pool as poolKind } from "./kinds/pool.ts";
import { makePredictor } from "./layerwise-predictor.ts";
import { parseTarget } from "./measured.ts";
import { predictNetwork } from "./network.ts";
import { readSamples } from "./samples.ts";

const target = parseTarget("energy_j");
const fitOf = (op: string, rows: readonly object[]) =>
  fitOp(op, readSamples({ name: "s.csv", text: csvOf(rows), op }), { target }).model;
const predictor = makePredictor([fitOf("conv2d", madeConvs(200, 1)), fitOf("relu", madeRelus(80, 2))], "");

function network(batch: number) {
  const b = new NetworkBuilder("two-convs");
  let x = b.input("input", ["batch", 3, 32, 32]);
  x = relu(b, conv(b, x, 16, { name: "conv1", kernel: 3, pad: 1 }), "relu1");
  x = maxPool(b, x, { name: "pool1", kernel: 2, stride: 2 });
  x = relu(b, conv(b, x, 32, { name: "conv2", kernel: 3, stride: 2, pad: 1 }), "relu2");
  b.output(linear(b, flatten(b, x), 10, "fc"));
  const shaped = inferShapes(bindDimensions(b.graph(), { batch }).graph);
  return predictNetwork(predictor, shaped.graph, countWork(shaped));
}

describe("predictNetwork", () => {
  const answer = network(8);

  it("finds each layer's parameters from shapes and attributes", () => {
    const conv2 = answer.layers.find(({ name }) => name === "conv2")!;
    const layer = {
      batch_size: 8,
      image_size: 16,
      kernel_size: 3,
      in_channels: 16,
      out_channels: 32,
      stride: 2,
      padding: 1,
    };
    expect(conv2.energyJ / (2e-9 * macsOf(layer) + 1e-3)).toBeGreaterThan(0.85);
    expect(conv2.energyJ / (2e-9 * macsOf(layer) + 1e-3)).toBeLessThan(1.15);
    expect(conv2.model).toBe("conv2d");
  });

  it("is the sum of its layers", () => {
    expect(answer.layers.map(({ name }) => name)).toEqual(["conv1", "relu1", "conv2", "relu2"]);
    expect(answer.energyJ).toBeCloseTo(
      answer.layers.reduce((sum, { energyJ }) => sum + energyJ, 0),
      12,
    );
  });

  it("names layers without a model, and none that costs nothing", () => {
    expect(answer.uncovered.map(({ name, op }) => [name, op])).toEqual([
      ["pool1", "MaxPool"],
      ["fc", "Gemm"],
    ]);
  });

  it("names what lies outside of the samples", () => {
    expect(answer.layers.every(({ inRange }) => inRange)).toBe(true);
    const large = network(512);
    expect(large.inRange).toBe(false);
    expect(large.layers[0]!.outside.join()).toContain("batch_size 512 above 64");
    expect(large.layers[0]!.highJ / large.layers[0]!.energyJ).toBeGreaterThanOrEqual(
      answer.layers[0]!.highJ / answer.layers[0]!.energyJ,
    );
  });
});

describe("counts of work", () => {
  /** By brute force over every output and kernel position. */
  function counted(size: number, kernel: number, stride: number, padding: number) {
    const outputs = Math.floor((size + 2 * padding - kernel) / stride) + 1;
    const seen = new Set<number>();
    let taps = 0;
    for (let i = 0; i < outputs; i++)
      for (let j = 0; j < kernel; j++) {
        const at = i * stride - padding + j;
        if (at < 0 || at >= size) continue;
        seen.add(at);
        taps++;
      }
    return { outputs, taps, touched: seen.size };
  }

  it("slides as a loop does", () => {
    for (const size of [4, 5, 9, 16])
      for (const kernel of [1, 2, 3, 4])
        for (const stride of [1, 2, 3, 5])
          for (const padding of [0, 1, 3])
            expect(slide(size, kernel, stride, padding)).toEqual(counted(size, kernel, stride, padding));
    expect(slide(3, 9, 1, 1)).toBeUndefined();
  });

  const layer = {
    batch_size: 2,
    image_size: 8,
    kernel_size: 3,
    in_channels: 32,
    out_channels: 20,
    stride: 1,
    padding: 1,
  };

  it("counts a convolution: 20 output channels are computed as 32", () => {
    const work = convKind.derive(layer)!;
    expect(work.macs).toBe(2 * 64 * 9 * 32 * 20);
    expect(work.blockMacs).toBe(2 * 22 * 22 * 32 * 32);
    expect(work.inputSweeps).toBe(2 * 32 * 64 * 2);
    expect(work.weightReads).toBe(2 * 9 * 32 * 20);
    expect(work.outputFresh).toBe(0);
    expect(convKind.derive({ ...layer, groups: 4 })!.macs).toBe(work.macs! / 4);
  });

  it("counts pooling: the second of two random numbers is a new maximum half of the time", () => {
    const work = poolKind.derive({ ...layer, kernel_size: 2, stride: 2, padding: 0, kernel_width: 1 })!;
    expect(work.outputElements).toBe(2 * 32 * 4 * 4);
    expect(work.newMaxima).toBeCloseTo(1.5 * work.outputElements!, 9);
  });

  it("has every count that its feature sets name", () => {
    for (const kind of [convKind, poolKind])
      for (const names of Object.values(kind.sets))
        for (const name of names) expect(Object.keys(kind.derive(layer)!)).toContain(name);
  });
});
