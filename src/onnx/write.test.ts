// What is written is read back as the same Graph; and what cannot be written is refused.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesInMemory } from "../graph/byte-source.ts";
import type { Attribute, Graph, TensorType, WeightRef } from "../graph/graph.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { InputError } from "../units/input-error.ts";
import { readOnnx } from "./read.ts";
import { concatenate } from "./repack.ts";
import { encodeStrings } from "./strings.ts";
import { type WeightBytes, weightsOf } from "./weights.ts";
import { writeOnnx } from "./write.ts";

const noWeights: WeightBytes = async (ref) => {
  if (ref.kind === "inline") return ref.bytes;
  throw new Error("not inline");
};

async function written(graph: Graph, weightBytes: WeightBytes = noWeights): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeOnnx(graph, weightBytes)) chunks.push(chunk);
  return concatenate(chunks);
}

const inline = (dtype: "float32" | "int64", data: readonly number[]): WeightRef => ({
  kind: "inline",
  bytes: encodeNumbers(dtype, data),
});

/** A graph with every kind of attribute and dimension. */
function sample(): Graph {
  const opsets = new Map([
    ["", 17],
    ["com.microsoft", 1],
  ]);
  const body: Graph = {
    name: "then",
    inputs: [],
    outputs: ["t"],
    layers: [{ name: "neg", op: "Neg", domain: "", inputs: ["x"], outputs: ["t"], attributes: new Map() }],
    tensors: new Map<string, TensorType>([
      ["t", { dtype: "float32", shape: ["batch", 3] }],
      ["k", { dtype: "int64", shape: [1] }],
    ]),
    weights: new Map([["k", inline("int64", [-7])]]),
    opsets,
  };
  const attributes = new Map<string, Attribute>([
    ["a_float", { kind: "float", value: Math.fround(0.1) }],
    ["a_int", { kind: "int", value: -3 }],
    ["a_long", { kind: "int", value: 2 ** 63 }],
    ["a_short", { kind: "int", value: -(2 ** 63) }],
    ["a_string", { kind: "string", value: "größer → ∞" }],
    ["a_floats", { kind: "floats", value: [0.5, -2] }],
    ["a_ints", { kind: "ints", value: [0, -1, 2 ** 40] }],
    ["none", { kind: "ints", value: [] }],
    ["a_strings", { kind: "strings", value: ["", "b"] }],
    ["a_tensor", { kind: "tensor", type: { dtype: "float32", shape: [2] }, value: inline("float32", [1, 2]) }],
    ["a_graph", { kind: "graph", value: body }],
  ]);
  return {
    name: "sample",
    inputs: ["x"],
    outputs: ["y"],
    layers: [
      { name: "block/one", op: "Odd", domain: "com.microsoft", inputs: ["x", "", "w"], outputs: ["h", ""], attributes },
      { name: "block/two", op: "Relu", domain: "", inputs: ["h"], outputs: ["y"], attributes: new Map() },
    ],
    tensors: new Map<string, TensorType>([
      ["x", { dtype: "float32", shape: ["batch", 3] }],
      ["h", { dtype: "float16", shape: ["batch", 4] }],
      ["y", { dtype: "float32", shape: undefined }],
      ["w", { dtype: "float32", shape: [3, 1] }],
      ["words", { dtype: "string", shape: [2] }],
    ]),
    weights: new Map<string, WeightRef>([
      ["w", inline("float32", [1, 2, 3])],
      ["words", { kind: "inline", bytes: encodeStrings(["ä", ""]) }],
    ]),
    opsets,
  };
}

describe("writeOnnx", () => {
  it("writes what readOnnx reads back as the same graph", async () => {
    expect(await readOnnx(bytesInMemory(await written(sample())), "sample")).toEqual(sample());
  });

  it("asks for a large weight once and puts it where the graph then says", async () => {
    const numbers = Array.from({ length: 5000 }, (_, i) => i / 3);
    const graph: Graph = {
      ...sample(),
      tensors: new Map<string, TensorType>([...sample().tensors, ["w", { dtype: "float32", shape: [5000] }]]),
      weights: new Map<string, WeightRef>([["w", { kind: "seeded", initialiser: { kind: "constant", value: 1 } }]]),
    };
    const asked: string[] = [];
    const bytes = await written(graph, async (ref) => {
      asked.push(ref.kind);
      return encodeNumbers("float32", numbers);
    });
    expect(asked).toEqual(["seeded"]);
    const source = bytesInMemory(bytes);
    const back = await readOnnx(source, "sample");
    const ref = back.weights.get("w")!;
    expect(ref).toMatchObject({ kind: "range", length: 20_000 });
    expect(await weightsOf(source)(ref, back.tensors.get("w")!)).toEqual(encodeNumbers("float32", numbers));
  });

  it("writes the IR version that the operator set came with", async () => {
    const irOf = async (opset: number) => (await written({ ...sample(), opsets: new Map([["", opset]]) }))[1];
    expect(await Promise.all([7, 17, 18, 19, 21, 23, 24, 25].map(irOf))).toEqual([8, 8, 8, 9, 10, 11, 12, 13]);
  });

  it("refuses more than 2 GiB before it asks for any weight", async () => {
    const graph: Graph = {
      ...sample(),
      tensors: new Map<string, TensorType>([...sample().tensors, ["w", { dtype: "float32", shape: [2 ** 29] }]]),
      weights: new Map<string, WeightRef>([["w", { kind: "seeded", initialiser: { kind: "constant", value: 1 } }]]),
    };
    await expect(written(graph)).rejects.toMatchObject({ name: "InputError", code: "model-too-large" });
  });

  it("refuses weights whose bytes or shape do not fit", async () => {
    const withShape = (shape: TensorType["shape"]): Graph => ({
      ...sample(),
      tensors: new Map<string, TensorType>([...sample().tensors, ["w", { dtype: "float32", shape }]]),
    });
    await expect(written(withShape([4]))).rejects.toMatchObject({ code: "contradictory-tensor" });
    await expect(written(withShape(["batch"]))).rejects.toMatchObject({ code: "contradictory-tensor" });
    await expect(written(withShape(undefined))).rejects.toBeInstanceOf(InputError);
  });
});

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, folder)));
const folder = new URL("../../test/fixtures/onnx/", import.meta.url);
const models = readdirSync(folder).filter((file) => file.endsWith(".onnx"));

describe.each(models.filter((file) => file !== "external.onnx" && file !== "sparse.onnx"))("%s", (file) => {
  it("is the same after writing and reading again, weights included", async () => {
    const source = bytesInMemory(bytesOf(file));
    const graph = await readOnnx(source, "m");
    const again = bytesInMemory(await written(graph, weightsOf(source)));
    const back = await readOnnx(again, "m");
    const { weights, ...rest } = back;
    const { weights: before, ...expected } = graph;
    const withoutTensors = (part: Omit<Graph, "weights">) => ({
      ...part,
      layers: part.layers.filter((layer) => layer.op !== "Constant"),
    });
    expect(withoutTensors(rest)).toEqual(withoutTensors(expected));
    expect([...weights.keys()]).toEqual([...before.keys()]);
    for (const [name, ref] of weights) {
      const type = back.tensors.get(name)!;
      expect(await weightsOf(again)(ref, type), name).toEqual(await weightsOf(source)(before.get(name)!, type));
    }
  });
});

describe("weights that cannot be had", () => {
  it("are said by name", async () => {
    const source = bytesInMemory(bytesOf("external.onnx"));
    const graph = await readOnnx(source, "m");
    await expect(written(graph, weightsOf(source))).rejects.toMatchObject({ code: "no-external-data" });
    const short = weightsOf(source, async () => bytesInMemory(new Uint8Array(16)));
    await expect(written(graph, short)).rejects.toMatchObject({ code: "truncated" });
    const whole = weightsOf(source, async () => bytesInMemory(new Uint8Array(100_000)));
    expect((await readOnnx(bytesInMemory(await written(graph, whole)), "m")).weights.size).toBe(8);
  });

  it("are refused when sparse and large", async () => {
    const source = bytesInMemory(bytesOf("sparse.onnx"));
    await expect(written(await readOnnx(source, "m"), weightsOf(source))).rejects.toMatchObject({
      code: "contradictory-tensor",
    });
  });
});
