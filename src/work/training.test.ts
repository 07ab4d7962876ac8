// Training steps by hand: where gradients run, what the optimiser does, what is kept.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { InputError } from "../units/input-error.ts";
import { batchNorm, conv, flatten, linear, relu } from "../zoo/pieces.ts";
import { countWork } from "./count.ts";
import { OPTIMISERS, type Optimiser, optimiserNamed, optimiserStep } from "./training.ts";

function shapedOf(make: (b: NetworkBuilder) => string) {
  const b = new NetworkBuilder("net");
  b.output(make(b));
  return inferShapes(b.graph());
}

const train = (make: (b: NetworkBuilder) => string, optimiser: Optimiser = "sgd") =>
  countWork(shapedOf(make), { phase: "training", optimiser });

describe("a training step", () => {
  it("makes no gradient for the data: the first layer costs twice, the later ones three times", () => {
    const { layers } = train((b) => linear(b, linear(b, b.input("x", [5, 8]), 6, "a", false), 4, "b", false));
    expect(layers.map(({ macs }) => macs)).toEqual([2 * 5 * 8 * 6, 3 * 5 * 6 * 4]);
  });
  it("costs as much as inference where nothing is trained", () => {
    const net = (b: NetworkBuilder) => relu(b, b.input("x", [5, 8]));
    const { assumptions: said, phase, ...rest } = train(net);
    const { assumptions: unsaid, phase: other, peakActivationBytes, ...inference } = countWork(shapedOf(net));
    expect(rest).toMatchObject(inference);
    expect([phase, other]).toEqual(["training", "inference"]);
    expect(said.length).toBeGreaterThan(unsaid.length);
  });
  it("bytes of a dense layer: forward, gradient, optimiser", () => {
    const { layers } = train((b) => linear(b, b.input("x", [5, 8]), 6, "a", false));
    const [x, w, y] = [4 * 40, 4 * 48, 4 * 30];
    // forward reads x, w and writes y; backward reads dy, x, w and writes dw; sgd reads w, dw and writes w
    expect(layers[0]).toMatchObject({ readBytes: x + w + (y + x + w) + 2 * w, writtenBytes: y + w + w });
    expect(layers[0]).toMatchObject({ muls: 48, adds: 48 });
  });
  it("keeps every activation but views", () => {
    const { peakActivationBytes } = train((b) => {
      const x = relu(b, conv(b, b.input("x", [1, 1, 6, 6]), 2, { kernel: 3 }));
      return linear(b, flatten(b, x), 3);
    });
    expect(peakActivationBytes).toBe(4 * (36 + 32 + 32 + 3));
  });
  it("batch normalisation takes the batch's statistics", () => {
    const net = (b: NetworkBuilder) => batchNorm(b, b.input("x", [2, 3, 4, 4]));
    const { layers } = train(net);
    // forward 3·96 + 21 muls, 4·96 + 9 adds, 3 roots; gradients of scale and shift only: 2 muls, 3 adds; sgd on 6
    expect(layers[0]).toMatchObject({ muls: 3 * 96 + 21 + 2 * 96 + 6, adds: 4 * 96 + 9 + 3 * 96 + 6, others: 3 });
  });
  it("dropout moves and computes only in training", () => {
    const net = (b: NetworkBuilder) => b.layer("Dropout", [linear(b, b.input("x", [1, 4]), 4, "a", false)]);
    const inference = countWork(shapedOf(net)).layers[1]!;
    expect(inference).toMatchObject({ flops: 0, readBytes: 0, writtenBytes: 0 });
    // draw, compare, scale; and the gradient's scale
    expect(train(net).layers[1]).toMatchObject({ muls: 8, adds: 4, others: 4 });
  });
  it("stops where no gradient can run: after ArgMax, and before layers that nothing comes of", () => {
    const { layers } = train((b) => {
      const x = linear(b, b.input("x", [2, 4]), 3, "used", false);
      linear(b, x, 3, "dead", false);
      return b.layer("ArgMax", [x], { attributes: { axis: 1, keepdims: 0 } });
    });
    expect(layers.map(({ macs }) => macs)).toEqual([2 * 24, 18, 0]);
  });
});

describe("optimisers", () => {
  it.each([
    ["sgd", 2, 0],
    ["sgd-momentum", 4, 1],
    ["adam", 12, 2],
    ["adamw", 14, 2],
  ] as const)("%s: %i operations and %i numbers kept per weight", (name, operations, states) => {
    const { muls, adds, others } = OPTIMISERS[name].perParam;
    expect([muls + adds + others, OPTIMISERS[name].statesPerParam]).toEqual([operations, states]);
  });
  it("reads weight, gradient and state, writes weight and state", () => {
    expect(optimiserStep("adam", 10, 40)).toMatchObject({ readBytes: 4 * 40, writtenBytes: 3 * 40 });
  });
  it("a misspelt name gets the nearest", () => {
    expect(optimiserNamed("adamw")).toBe("adamw");
    expect(() => optimiserNamed("adm")).toThrow(InputError);
    expect(() => optimiserNamed("adm")).toThrow(/nearest: adam/);
    expect(() => optimiserNamed("toString")).toThrow(InputError);
  });
});
