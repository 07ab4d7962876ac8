// The reader against what Python's onnx sees in the same files (test/fixtures/onnx/make.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesInMemory } from "../graph/byte-source.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeNumbers } from "../graph/numbers.ts";
import { WIRE_DTYPES } from "./dtype.ts";
import { readOnnx } from "./read.ts";
import { decodeStrings } from "./strings.ts";
import { weightsOf } from "./weights.ts";

interface Expected {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly operators: readonly string[];
  readonly weights: Readonly<
    Record<string, { dtype: string; shape: number[]; raw?: string | null; sum?: number | null }>
  >;
}

const folder = new URL("../../test/fixtures/onnx/", import.meta.url);
const expected: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8"));
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, folder));
const read = (name: string): Promise<Graph> => readOnnx(bytesInMemory(bytesOf(name)), name);

function operators(graph: Graph): string[] {
  return graph.layers.flatMap((layer) => [
    layer.op,
    ...[...layer.attributes.values()].flatMap((each) => (each.kind === "graph" ? operators(each.value) : [])),
  ]);
}

/** Wire names of element types are those of TensorProto.DataType; ours differ for the IEEE floats and bfloat. */
const PYTHON_NAMES: Readonly<Record<string, string>> = { FLOAT: "float32", DOUBLE: "float64" };

describe.each(Object.keys(expected))("%s.onnx", (name) => {
  const want = expected[name]!;

  it("has the inputs, outputs and operators that Python sees", async () => {
    const graph = await read(name);
    expect(graph.inputs).toEqual(want.inputs);
    expect(graph.outputs).toEqual(want.outputs);
    // An output that is an input costs us an Identity that Python's inliner does without.
    const ours = operators(graph)
      .filter((op) => op !== "Identity")
      .sort();
    expect(ours).toEqual(want.operators.filter((op) => op !== "Identity"));
    expect(new Set(graph.layers.map((layer) => layer.name)).size).toBe(graph.layers.length);
  });

  it("has the weights that Python sees", async () => {
    const graph = await read(name);
    for (const [weight, { dtype, shape, raw, sum }] of Object.entries(want.weights)) {
      const type = graph.tensors.get(weight)!;
      const ref = graph.weights.get(weight)!;
      expect(type, weight).toEqual({ dtype: PYTHON_NAMES[dtype] ?? dtype.toLowerCase(), shape });
      expect(type.dtype in WIRE_DTYPES).toBe(true);
      if (typeof raw === "string") {
        expect(ref.kind, weight).toBe("inline");
        expect(Buffer.from((ref as { bytes: Uint8Array }).bytes).toString("hex"), weight).toBe(raw);
      }
      if (typeof sum === "number") {
        const bytes = await weightsOf(bytesInMemory(bytesOf(name)))(ref, type);
        const numbers = decodeNumbers(
          type.dtype,
          bytes,
          shape.reduce((product, dim) => product * dim, 1),
        );
        expect(
          numbers.reduce((total, each) => total + each, 0),
          weight,
        ).toBeCloseTo(sum, 6);
      }
    }
  });
});

describe("readOnnx", () => {
  it("keeps names, symbols and declared types", async () => {
    const graph = await read("cnn");
    expect(graph.layers.map((layer) => layer.name)).toEqual([
      "/layer1/conv1/Conv",
      "/layer1/bn1/BatchNormalization",
      "/layer1/relu/Relu",
      "/layer2/conv2/Conv",
      "/pool",
      "Flatten_5",
      "Gemm_6",
    ]);
    expect(graph.tensors.get("x")).toEqual({ dtype: "float32", shape: ["batch", 3, 16, 16] });
    expect(graph.tensors.get("r1")).toEqual({ dtype: "float32", shape: ["batch", 8, 16, 16] });
    expect(graph.opsets).toEqual(new Map([["", 17]]));
    expect(graph.layers[1]!.attributes.get("epsilon")).toEqual({ kind: "float", value: Math.fround(1e-5) });
    expect(graph.layers[0]!.attributes.get("pads")).toEqual({ kind: "ints", value: [1, 1, 1, 1] });
    expect(graph.weights.get("big.weight")).toMatchObject({ kind: "range", file: undefined, length: 16 * 8 * 9 * 4 });
  });

  it("takes weights among the inputs of old files for weights", async () => {
    const graph = await read("old");
    expect(graph.inputs).toEqual(["x"]);
    expect(graph.opsets.get("")).toBe(7);
    expect(graph.layers.map((layer) => layer.name)).toEqual(["MatMul_0", "Relu_1", "Add_2"]);
  });

  it("refers to external data without opening them", async () => {
    const graph = await read("external");
    expect(graph.weights.get("big.weight")).toEqual({
      kind: "range",
      file: "weights/cnn.data",
      offset: 0,
      length: 4608,
    });
    expect(graph.weights.get("bn.bias")!.kind).toBe("inline");
  });

  it("inlines functions: names, references, defaults, overloads, bodies", async () => {
    const graph = await read("functions");
    expect(graph.layers.map((layer) => layer.name)).toEqual([
      "block1/If_0",
      "block1/leaky_1/neg",
      "block1/leaky_1/LeakyRelu_1",
      "block1/Identity_3",
      "block1_1/If_0",
      "block1_1/leaky_1/neg",
      "block1_1/leaky_1/LeakyRelu_1",
      "scale_2/Add_0",
      "scale_3/Mul_0",
    ]);
    expect(graph.layers.map((layer) => layer.op)).not.toContain("leaky");
    expect(graph.layers[2]!.attributes.get("alpha")).toEqual({ kind: "float", value: 0.25 });
    const branch = graph.layers[0]!.attributes.get("else_branch")!;
    if (branch.kind !== "graph") throw new Error("no body");
    expect(branch.value.layers.map((layer) => layer.op)).toEqual(["Neg", "LeakyRelu"]);
    expect(branch.value.layers[1]!.attributes.get("alpha")).toEqual({ kind: "float", value: 0.5 });
    expect(branch.value.layers[1]!.inputs).toEqual(["x"]);
    expect(graph.opsets).toEqual(new Map([["", 18]]));
  });

  it("reads bodies that capture tensors of the graph around them", async () => {
    const graph = await read("control");
    const [branch, loop, scan] = graph.layers;
    expect(branch!.attributes.get("then_branch")).toMatchObject({
      kind: "graph",
      value: { outputs: ["t"], inputs: [] },
    });
    expect(loop!.inputs).toEqual(["trips", "", "x"]);
    expect(scan!.attributes.get("num_scan_inputs")).toEqual({ kind: "int", value: 1 });
  });

  it("reads Constants of every kind", async () => {
    const graph = await read("typed");
    const attribute = (output: string, name: string) =>
      graph.layers.find((layer) => layer.outputs[0] === output)!.attributes.get(name)!;
    const value = attribute("k_value", "value");
    if (value.kind !== "tensor" || value.value.kind !== "inline") throw new Error("not inline");
    expect(decodeNumbers("int64", value.value.bytes, 2)).toEqual([3, -1]);
    expect(attribute("k_large", "value")).toMatchObject({ kind: "tensor", value: { kind: "range", length: 8000 } });
    expect(attribute("k_int", "value_int")).toEqual({ kind: "int", value: 2 ** 63 });
    expect(attribute("k_ints", "value_ints")).toEqual({ kind: "ints", value: [1, -2, 3] });
    expect(attribute("k_float", "value_float")).toEqual({ kind: "float", value: Math.fround(0.1) });
    expect(attribute("k_floats", "value_floats")).toEqual({ kind: "floats", value: [0.5, Math.fround(1e-3)] });
    expect(attribute("k_string", "value_string")).toEqual({ kind: "string", value: "größer" });
    expect(attribute("k_strings", "value_strings")).toEqual({ kind: "strings", value: ["a", "bc"] });
  });

  it("keeps large typed data where they are, and strings in their wire form", async () => {
    const graph = await read("typed");
    expect(graph.weights.get("large32")).toMatchObject({ kind: "field", field: 4, runs: [{ length: 4400 }] });
    expect(graph.weights.get("large64")!).toMatchObject({ kind: "field", field: 7 });
    expect(graph.weights.get("book")).toMatchObject({ kind: "field", field: 6, runs: [{ length: 600 * 13 }] });
    const words = graph.weights.get("words")!;
    expect(words.kind === "inline" && decodeStrings(words.bytes)).toEqual(["zwei", "äöü€"]);
    const book = await weightsOf(bytesInMemory(bytesOf("typed")))(
      graph.weights.get("book")!,
      graph.tensors.get("book")!,
    );
    expect(decodeStrings(book)[599]).toBe("word 000599");
  });

  it("makes small sparse weights dense and gives large ones their dense type", async () => {
    const graph = await read("sparse");
    const small = graph.weights.get("small")!;
    if (small.kind !== "inline") throw new Error("not inline");
    expect(decodeNumbers("float32", small.bytes, 12)).toEqual([0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3]);
    expect(graph.tensors.get("large")).toEqual({ dtype: "float32", shape: [4, 2000] });
  });
});
