// Networks made narrower: fewer MACs, the same question and answer, and a clear word where that cannot be.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../../test/support/run-graph.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { countGraph } from "../../work/count-graph.ts";
import { findNetwork } from "../../zoo/catalogue.ts";
import { narrowed } from "./shrink.ts";

const zoo = (name: string): Graph => findNetwork(name).build();
const macs = (graph: Graph): number => countGraph(graph, { batch: 1 }).total.macs;
const params = (graph: Graph): number => countGraph(graph, { batch: 1 }).total.params;

/** The numbers that a network gives for one sample. */
async function answer(graph: Graph): Promise<number[]> {
  const input = graph.inputs[0]!;
  const shape = graph.tensors.get(input)!.shape!.map((dim) => (typeof dim === "number" ? dim : 1));
  const bound: Graph = { ...graph, tensors: new Map(graph.tensors).set(input, { dtype: "float32", shape }) };
  const count = shape.reduce((a, b) => a * b, 1);
  const results = await (await openGraph(bound)).run({ [input]: Array.from({ length: count }, (_, i) => (i % 7) / 7) });
  return results[graph.outputs[0]!]!;
}

describe("narrowed", () => {
  it("is the zoo's own narrow network where the zoo has one", () => {
    for (const width of [0.5, 0.25]) {
      const own = countGraph(findNetwork("mnist-cnn").build({ width }), { batch: 1 }).total;
      const made = countGraph(narrowed(zoo("mnist-cnn"), width), { batch: 1 }).total;
      expect(made).toEqual(own);
    }
  });

  it.each([
    "cifar/resnet18",
    "cifar/mobilenet-v2",
    "cifar/densenet121",
    "cifar/senet18",
    "cifar/vgg16",
    "cifar/googlenet",
  ])("halves %s, which still runs and answers in its own shape", async (name) => {
    const whole = zoo(name);
    const half = narrowed(whole, 0.5);
    expect(macs(half) / macs(whole)).toBeGreaterThan(0.15);
    expect(macs(half) / macs(whole)).toBeLessThan(0.45);
    expect(params(half)).toBeLessThan(0.5 * params(whole));
    expect(half.inputs).toEqual(whole.inputs);
    expect(half.tensors.get(half.inputs[0]!)).toEqual(whole.tensors.get(whole.inputs[0]!));
    const given = await answer(half);
    expect(given).toHaveLength(10);
    expect(given.every(Number.isFinite)).toBe(true);
  });

  it("is as wide as before with ratio 1, and fresh for another seed", () => {
    const whole = zoo("cifar/resnet18");
    expect(countGraph(narrowed(whole, 1), { batch: 1 }).total).toEqual(countGraph(whole, { batch: 1 }).total);
    const seedOf = (graph: Graph) => JSON.stringify([...graph.weights]);
    expect(seedOf(narrowed(whole, 0.5, 1))).not.toBe(seedOf(narrowed(whole, 0.5, 2)));
    expect(seedOf(narrowed(whole, 0.5, 1))).toBe(seedOf(narrowed(whole, 0.5, 1)));
  });

  it("keeps what is done to the data before the first layer", async () => {
    const b = new NetworkBuilder("normalised");
    const x = b.input("x", ["batch", 4]);
    const centred = b.layer("Sub", [x, b.constant("mean", "float32", [1, 2, 3, 4], [4])]);
    const hidden = b.layer("MatMul", [centred, b.weight("w1", [4, 6], { kind: "constant", value: 1 })]);
    const shifted = b.layer("Add", [hidden, b.weight("b1", [6], { kind: "constant", value: 1 })]);
    b.output(b.layer("MatMul", [shifted, b.weight("w2", [6, 2], { kind: "constant", value: 1 })]));
    const half = narrowed(b.graph(), 0.5);
    expect(half.weights.get("mean")).toEqual(b.graph().weights.get("mean"));
    expect(half.tensors.get("w1")!.shape).toEqual([4, 3]);
    expect(half.tensors.get("b1")!.shape).toEqual([3]);
    expect(half.tensors.get("w2")!.shape).toEqual([3, 2]);
  });

  it("says which layer does not allow it", () => {
    expect(() => narrowed(zoo("transformer-encoder"), 0.5)).toThrow(/cannot be narrowed as it is: layer ".*reshape"/);
    expect(() => narrowed(zoo("cifar/shufflenet-v2"), 0.5)).toThrow(/layer ".*(split|shuffle|reshape).*"/);
    expect(() => narrowed(zoo("mnist-cnn"), 0)).toThrow(/above 0/);
    const b = new NetworkBuilder("half");
    const x = b.input("x", ["batch", 4], "float16");
    b.output(b.layer("MatMul", [x, b.constant("w", "float16", [1, 2, 3, 4], [4, 1])], { name: "dense" }));
    expect(() => narrowed(b.graph(), 0.5)).toThrowError(
      expect.objectContaining({ code: "cannot-narrow", message: expect.stringMatching(/"dense".*float16/) }),
    );
  });
});
