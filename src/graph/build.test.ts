import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { BUILDER_OPSET, NetworkBuilder } from "./build.ts";
import { inferShapes } from "./shape/infer.ts";

const one = { kind: "constant", value: 1 } as const;

describe("NetworkBuilder", () => {
  it("infers the shape of every layer while it is written", () => {
    const b = new NetworkBuilder("tiny");
    const x = b.input("image", ["batch", 3, 32, 32]);
    const w = b.weight("w", [16, 3, 3, 3], one);
    const y = b.layer("Conv", [x, w], { attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } });
    expect(b.shapeOf(y)).toEqual(["batch", 16, 16, 16]);
    expect(b.length(y, 1)).toBe(16);
    expect(b.length(y, -1)).toBe(16);
  });

  it("names layers by scope and keeps names apart", () => {
    const b = new NetworkBuilder("names");
    const x = b.input("x", [1]);
    const [first, second] = b.scope("block1", () => [b.layer("Relu", [x]), b.layer("Relu", [x])]);
    expect([first, second]).toEqual(["block1/relu:out", "block1/relu_1:out"]);
    expect(b.graph().layers.map((layer) => layer.name)).toEqual(["block1/relu", "block1/relu_1"]);
  });

  it("leaves the scope when the body throws", () => {
    const b = new NetworkBuilder("scopes");
    const x = b.input("x", [1]);
    const failing = () =>
      b.scope("lost", () => {
        throw new Error("stop");
      });
    expect(failing).toThrow("stop");
    expect(b.layer("Relu", [x])).toBe("relu:out");
  });

  it("turns plain values into attributes", () => {
    const b = new NetworkBuilder("attributes");
    const x = b.input("x", [1, 4]);
    b.layer("LeakyRelu", [x], {
      attributes: { alpha: 0.5, beta: { float: 1 }, axis: 1, axes: [0, 1], mode: "linear", names: ["a"] },
    });
    const { attributes } = b.graph().layers[0]!;
    expect(Object.fromEntries(attributes)).toEqual({
      alpha: { kind: "float", value: 0.5 },
      beta: { kind: "float", value: 1 },
      axis: { kind: "int", value: 1 },
      axes: { kind: "ints", value: [0, 1] },
      mode: { kind: "string", value: "linear" },
      names: { kind: "strings", value: ["a"] },
    });
  });

  it("follows constants through shape arithmetic", () => {
    const b = new NetworkBuilder("chain");
    const x = b.input("x", [2, 3, 4]);
    const shape = b.layer("Shape", [x]);
    const rows = b.layer("Gather", [shape, b.constant("zero", "int64", [0])]);
    const target = b.layer("Concat", [rows, b.constant("rest", "int64", [-1])], { attributes: { axis: 0 } });
    expect(b.shapeOf(b.layer("Reshape", [x, target]))).toEqual([2, 12]);
  });

  it("gives every drawn weight a seed of its own, from the first", () => {
    const b = new NetworkBuilder("seeds", 7);
    expect([b.nextSeed(), b.nextSeed()]).toEqual([7, 8]);
  });

  it("returns a graph with inputs, outputs, weights and operator sets", () => {
    const b = new NetworkBuilder("whole");
    const x = b.input("x", [1, 4]);
    const y = b.layer("Gemm", [x, b.weight("w", [4, 2], one)]);
    b.layer("Gelu", [y], { domain: "com.microsoft" });
    b.output(y);
    const graph = b.graph();
    expect(graph.name).toBe("whole");
    expect(graph.inputs).toEqual(["x"]);
    expect(graph.outputs).toEqual([y]);
    expect([...graph.weights.keys()]).toEqual(["w"]);
    expect(graph.opsets).toEqual(
      new Map([
        ["", BUILDER_OPSET],
        ["com.microsoft", 1],
      ]),
    );
  });

  it("fails where a wrong network is written", () => {
    const b = new NetworkBuilder("wrong");
    const x = b.input("x", [1, 3, 8, 8]);
    const w = b.weight("w", [4, 5, 3, 3], one);
    expect(() => b.layer("Conv", [x, w])).toThrow(InputError);
    expect(() => b.layer("Conv", [x, w])).toThrow(/3 channels.*expects 5/);
    expect(() => b.layer("NoSuchOperator", [x])).toThrow(/no shape rule for NoSuchOperator/);
    expect(() => b.shapeOf("nowhere")).toThrow(/"nowhere" is not known/);
  });

  it("goes on from a graph that is there, under names that are free", () => {
    const first = new NetworkBuilder("first");
    const x = first.input("x", [2, 4]);
    first.output(first.layer("Relu", [x]));
    first.layer("Reshape", [x, first.constant("shape", "int64", [8])]);
    const graph = first.graph();
    const b = NetworkBuilder.from(inferShapes(graph), 21);
    expect(b.graph().layers).toEqual([]);
    for (const layer of graph.layers) b.append(layer);
    expect(b.graph().layers).toEqual(graph.layers);
    expect(b.graph().opsets.get("")).toBe(21);
    expect(b.valueOf("shape")?.data).toEqual([8]);
    expect(b.typeOf(graph.outputs[0]!)).toEqual({ dtype: "float32", shape: [2, 4] });
    expect(b.layer("Relu", [x])).toBe("relu_1:out");
    expect(b.constant("shape", "int64", [4])).toBe("shape_1");
    expect(() => b.typeOf("nowhere")).toThrow(/"nowhere" is not known/);
  });
});
