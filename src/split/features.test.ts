// Representations in fewer bits, and a bottleneck where they are sent: what is exact, how far off the rest can be, what is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindDimensions } from "../graph/bind.ts";
import { NetworkBuilder } from "../graph/build.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { countWork } from "../work/count.ts";
import { DECODER, ENCODER, insertBottleneck } from "./bottleneck.ts";
import { findCut, prefixCut } from "./cuts.ts";
import { FEATURE_BITS, featureBytes, packFeatures, unpackFeatures } from "./features.ts";
import { splitNetwork } from "./split-network.ts";

const floats = fc.float32Array({
  minLength: 0,
  maxLength: 40,
  noNaN: true,
  noDefaultInfinity: true,
  min: -1e4,
  max: 1e4,
});

describe("features", () => {
  it("come back exactly in 32 bits, within half a step in 8 and 4, within rounding in 16", () => {
    fc.assert(
      fc.property(floats, (values) => {
        for (const bits of FEATURE_BITS) {
          const bytes = packFeatures(values, bits);
          expect(bytes.length).toBe(featureBytes(values.length, bits));
          const back = unpackFeatures(bytes, values.length, bits);
          const span = values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
          values.forEach((value, i) => {
            const off = Math.abs(back[i]! - value);
            if (bits === 32) expect(Object.is(back[i], value)).toBe(true);
            else if (bits === 16) expect(off).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25);
            else expect(off).toBeLessThanOrEqual((span / (2 ** bits - 1)) * 0.5001 + Math.abs(value) * 1e-6);
          });
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
  it("of one value take no step, and what is no number becomes the least", () => {
    expect([...unpackFeatures(packFeatures(Float32Array.of(3, 3), 4), 2, 4)]).toEqual([3, 3]);
    expect([...unpackFeatures(packFeatures(Float32Array.of(1, Number.NaN, 2), 8), 3, 8)]).toEqual([1, 1, 2]);
    expect([...unpackFeatures(packFeatures(Float32Array.of(0, 1, Number.POSITIVE_INFINITY), 8), 3, 8)]).toEqual([
      0, 1, 1,
    ]);
  });
  it("of another length are refused", () => {
    expect(() => unpackFeatures(new Uint8Array(7), 2, 32)).toThrow(/7 bytes for 2 elements, expected 8/);
  });
});

describe("bottleneck", () => {
  const b = new NetworkBuilder("net");
  const x = b.input("x", ["batch", 3, 8, 8]);
  const w = b.weight("w", [6, 3, 1, 1], { kind: "constant", value: 1 });
  const conv = b.layer("Conv", [x, w], { name: "conv" });
  const relu = b.layer("Relu", [conv], { name: "relu" });
  const skip = b.layer("Add", [relu, conv], { name: "add" });
  b.output(skip);
  const graph = b.graph();
  const shaped = inferShapes(bindDimensions(graph).graph);
  const network = splitNetwork(shaped, countWork(shaped));
  const cutAt = (count: number) => prefixCut(network, count);

  it("sends fewer channels, and gives the layers behind it what they had", () => {
    const narrow = insertBottleneck(network, graph, cutAt(1), 2);
    const own = inferShapes(bindDimensions(narrow).graph);
    expect(own.graph.tensors.get(narrow.outputs[0]!)?.shape).toEqual([1, 6, 8, 8]);
    expect(narrow.layers.map(({ name }) => name)).toEqual(["conv", ENCODER, DECODER, "relu", "add"]);
    const after = splitNetwork(own, countWork(own));
    const cuts = after.layers.map((_, i) => prefixCut(after, i + 1));
    expect(findCut(cuts, ENCODER).sentBits).toBe((cutAt(1).sentBits * 2) / 6);
    // every reader behind the cut reads the spread tensor
    expect(narrow.layers.at(-1)!.inputs).toEqual(["relu:out", `${DECODER}:out`]);
  });
  it("is refused where more than one tensor crosses, or nothing would be saved", () => {
    expect(() => insertBottleneck(network, graph, cutAt(2), 2)).toThrow(/no single tensor/);
    expect(() => insertBottleneck(network, graph, cutAt(0), 1)).toThrow(/no single tensor/);
    expect(() => insertBottleneck(network, graph, cutAt(1), 6)).toThrow(/6 channels in place of 6/);
    expect(() => insertBottleneck(network, graph, cutAt(1), 0)).toThrow(/0 channels/);
  });
});
