// What Q/DQ pairs around operators cost: as operators on codes where the pattern is whole, as written where it is not.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { countGraph } from "./count-graph.ts";
import type { LayerWork } from "./work.ts";

const IN = 4;
const OUT = 8;
const PIXELS = 36;
const MACS = OUT * IN * 9 * PIXELS;

/** x → Q → DQ → Conv (int8 weight, int32 bias) → ReLU → Q → DQ → y, with `after` on the last. */
function quantised(after: (b: NetworkBuilder, y: string) => string = (_b, y) => y): Graph {
  const b = new NetworkBuilder("codes");
  const scale = b.constant("scale", "float32", [0.1], []);
  const zero = b.constant("zero", "uint8", [0], []);
  const round = (x: string, name: string) =>
    b.layer("DequantizeLinear", [b.layer("QuantizeLinear", [x, scale, zero], { name: `q${name}` }), scale, zero], {
      name: `dq${name}`,
    });
  const x = round(b.input("x", [1, IN, 6, 6]), "1");
  const stored = b.constant("codes", "int8", Array(OUT * IN * 9).fill(1), [OUT, IN, 3, 3]);
  const bias = b.constant("bias", "int32", Array(OUT).fill(1), [OUT]);
  const weight = b.layer("DequantizeLinear", [stored, scale], { name: "dqw" });
  const offset = b.layer("DequantizeLinear", [bias, scale], { name: "dqb" });
  const y = b.layer("Conv", [x, weight, offset], { name: "conv", attributes: { pads: [1, 1, 1, 1] } });
  b.output(after(b, round(b.layer("Relu", [y], { name: "relu" }), "2")));
  return b.graph();
}

const layersOf = (graph: Graph): Readonly<Record<string, LayerWork>> =>
  Object.fromEntries(countGraph(graph).layers.map((layer) => [layer.name, layer]));

describe("Q/DQ pairs", () => {
  it("are one operator on codes with what they surround", () => {
    const report = countGraph(quantised());
    const { conv, dq1, q2, relu, dq2 } = layersOf(quantised()) as Record<string, LayerWork>;
    expect(conv).toMatchObject({ dtype: "uint8", macs: MACS, params: OUT * IN * 9 + OUT });
    expect(conv!.readBytes).toBe(IN * PIXELS + OUT * IN * 9 + 4 * OUT);
    expect(conv!.weightBytes).toBe(OUT * IN * 9 + 4 * OUT);
    expect(dq1).toMatchObject({ flops: 0, readBytes: 0, writtenBytes: 0 });
    expect(relu).toMatchObject({ writtenBytes: OUT * PIXELS });
    expect(q2).toMatchObject({ readBytes: 0, writtenBytes: 0, muls: OUT * PIXELS });
    // Handed out as real numbers: that is work.
    expect(dq2).toMatchObject({ muls: OUT * PIXELS, writtenBytes: 4 * OUT * PIXELS });
    expect(report.unknown).toEqual([]);
  });

  it("stay pairs where a reader knows no codes", () => {
    const layers = layersOf(quantised((b, y) => b.layer("Erf", [y], { name: "erf" })));
    expect(layers.dq2).toMatchObject({ muls: OUT * PIXELS, writtenBytes: 4 * OUT * PIXELS });
    expect(layers.erf).toMatchObject({ readBytes: 4 * OUT * PIXELS });
  });

  it("leave products of real numbers what they are", () => {
    const b = new NetworkBuilder("half done");
    const scale = b.constant("scale", "float32", [0.1], []);
    const weight = b.layer("DequantizeLinear", [b.constant("codes", "int8", [1, 2, 3, 4], [2, 2]), scale]);
    b.output(b.layer("MatMul", [b.input("x", [1, 2]), weight], { name: "product" }));
    expect(layersOf(b.graph()).product).toMatchObject({ dtype: "float32", weightBytes: 4, readBytes: 8 + 4 });
  });

  it("are counted as written in training", () => {
    const { layers } = countGraph(quantised(), { phase: "training" });
    expect(layers.find(({ name }) => name === "conv")).toMatchObject({ dtype: "float32" });
  });
});
