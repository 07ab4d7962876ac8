// The reader on models encoded by hand: order and names, types, weights, operator sets.
import { describe, expect, it } from "vitest";
import { model, node, opset, read, refusal, relu, tensor, value } from "../../test/support/hand-made-onnx.ts";
import { WIRE_DTYPES } from "./dtype.ts";
import { Message } from "./pieces.ts";

describe("order and names", () => {
  it("sorts layers that come too early, and only those", async () => {
    const nodes = [
      node("C", ["b"], ["y"], "c"),
      node("A", ["x"], ["a"], "a"),
      node("B", ["a"], ["b"], "b"),
      node("D", ["x"], ["d"], "d"),
    ];
    const graph = await read(model({ nodes }));
    expect(graph.layers.map((layer) => layer.name)).toEqual(["a", "b", "c", "d"]);
  });

  it("sorts a long chain in reverse without running out of stack", async () => {
    const length = 20_000;
    const nodes = Array.from({ length }, (_, i) =>
      node("Relu", [i === length - 1 ? "x" : `t${i + 1}`], [i === 0 ? "y" : `t${i}`]),
    );
    const graph = await read(model({ nodes }));
    expect(graph.layers[0]!.inputs).toEqual(["x"]);
    expect(graph.layers.at(-1)!.outputs).toEqual(["y"]);
  });

  it("names layers without a name or with one that is taken", async () => {
    const nodes = [
      node("Relu", ["x"], ["a"], "Relu_1"),
      node("Relu", ["a"], ["b"]),
      node("Abs", ["b"], ["y"], "Relu_1"),
    ];
    const graph = await read(model({ nodes }));
    expect(graph.layers.map((layer) => layer.name)).toEqual(["Relu_1", "Relu_1_1", "Abs_2"]);
  });

  it("puts the module in front of the names of PyTorch's newer exporter", async () => {
    const from = (name: string, scopes: string): Message =>
      node("Relu", ["x"], [`${name}_${scopes.length}`], name)
        .message(9, new Message().text(1, "pkg.torch.onnx.fx_node").text(2, "['a', 'b']"))
        .message(9, new Message().text(1, "pkg.torch.onnx.name_scopes").text(2, scopes))
        .message(9, new Message().text(1, "pkg.torch.onnx.stack_trace").text(2, "File model.py, line 1"));
    const nodes = [
      from("node_conv2d", "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d']"),
      from("node_view", "['', 'view']"),
      from("node_size", "['_empty_nn_module_stack_from_metadata_hook', 'size']"),
      from("/own/name", "['', 'layer1', 'relu']"),
      from("node_odd", "no list"),
      relu,
    ];
    const graph = await read(model({ nodes }));
    expect(graph.layers.map((layer) => layer.name)).toEqual([
      "layer1/0/conv1/node_conv2d",
      "node_view",
      "node_size",
      "/own/name",
      "node_odd",
      "Relu_5",
    ]);
  });

  it("says which tensors go round in a circle", async () => {
    const error = await refusal(
      model({ nodes: [node("Add", ["x", "b"], ["a"], "first"), node("Relu", ["a"], ["b"]), relu] }),
    );
    expect(error.code).toBe("cyclic-graph");
    expect(error.message).toMatch(/tensor "(a|b)"/);
  });

  it("says which tensor nobody makes", async () => {
    const error = await refusal(model({ nodes: [node("Add", ["x", "gone"], ["y"], "add")] }));
    expect([error.code, error.message]).toEqual([
      "missing-tensor",
      'layer "add" reads tensor "gone", which no layer makes and no input or weight is',
    ]);
    expect((await refusal(model({ nodes: [relu], outputs: [value("z", [1])] }))).message).toContain('"z"');
  });

  it("says which tensor a body wants in vain", async () => {
    const body = new Message()
      .message(1, node("Neg", ["nowhere"], ["t"], "inner"))
      .text(2, "then")
      .message(12, value("t", []));
    const branch = node("If", ["x"], ["y"], "if").message(
      5,
      new Message().text(1, "then_branch").message(6, body).int(20, 5),
    );
    const error = await refusal(model({ nodes: [branch] }));
    expect([error.code, error.message]).toEqual([
      "missing-tensor",
      expect.stringContaining('"inner" reads tensor "nowhere"'),
    ]);
  });

  it("orders a layer after those whose tensors its body reads", async () => {
    const body = new Message().message(1, node("Neg", ["late"], ["t"])).message(12, value("t", []));
    const branch = node("If", ["x"], ["y"], "if").message(
      5,
      new Message().text(1, "then_branch").message(6, body).int(20, 5),
    );
    const graph = await read(model({ nodes: [branch, node("Abs", ["x"], ["late"], "abs")] }));
    expect(graph.layers.map((layer) => layer.name)).toEqual(["abs", "if"]);
  });

  it("refuses a tensor that is made twice", async () => {
    expect((await refusal(model({ nodes: [relu, node("Abs", ["x"], ["y"])] }))).code).toBe("duplicate-tensor");
    expect((await refusal(model({ nodes: [relu, node("Abs", ["y"], ["x"])] }))).code).toBe("duplicate-tensor");
  });
});

describe("types", () => {
  it("gives an axis without length or symbol the name of its place", async () => {
    const graph = await read(model({ nodes: [relu], inputs: [value("x", ["N", undefined, 3, ""])] }));
    expect(graph.tensors.get("x")).toEqual({ dtype: "float32", shape: ["N", "x.1", 3, "x.3"] });
  });

  it("keeps an unknown rank unknown", async () => {
    const type = new Message().message(1, new Message().int(1, 1));
    const graph = await read(model({ nodes: [relu], inputs: [new Message().text(1, "x").message(2, type)] }));
    expect(graph.tensors.get("x")).toEqual({ dtype: "float32", shape: undefined });
  });

  it("refuses negative and absurd lengths, and unknown element types", async () => {
    const negative = await refusal(model({ nodes: [relu], inputs: [value("x", [2, -1])] }));
    expect([negative.code, negative.message]).toEqual([
      "bad-dimension",
      'tensor "x": axis 1 has length -1, expected 0 or more, at most 9007199254740991',
    ]);
    const absurd = await refusal(model({ nodes: [relu], inputs: [value("x", [2 ** 60])] }));
    expect([absurd.code, absurd.message.split(", ")[2]]).toEqual(["bad-dimension", "at most 9007199254740991"]);
    expect((await refusal(model({ nodes: [relu], inputs: [value("x", [2], 77)] }))).code).toBe("unknown-dtype");
    const weights = [tensor("w", [1], 99).data(9, new Uint8Array(4))];
    expect((await refusal(model({ nodes: [relu], weights }))).message).toContain("99");
  });

  it("knows every element type by its number", async () => {
    for (const [dtype, { number }] of Object.entries(WIRE_DTYPES)) {
      const graph = await read(model({ nodes: [relu], inputs: [value("x", [1], number)] }));
      expect(graph.tensors.get("x")!.dtype).toBe(dtype);
    }
    expect(
      Object.values(WIRE_DTYPES)
        .map(({ number }) => number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
  });
});

describe("weights", () => {
  it("reads typed data that are not packed, in any field order", async () => {
    const weight = new Message().text(8, "w").ints(7, [5, -1]).int(2, 7).int(1, 2);
    const graph = await read(model({ nodes: [relu], weights: [weight] }));
    const ref = graph.weights.get("w")!;
    expect(ref).toEqual({ kind: "inline", bytes: new Uint8Array(new BigInt64Array([5n, -1n]).buffer) });
  });

  it("gives runs for long typed data that are not packed", async () => {
    const weight = tensor("w", [2000], 1).floats(4, new Array(2000).fill(1));
    const ref = (await read(model({ nodes: [relu], weights: [weight] }))).weights.get("w")!;
    expect(ref.kind === "field" && [ref.runs.length, ref.runs[1]!.offset - ref.runs[0]!.offset]).toEqual([2000, 5]);
  });

  it.each([
    ["raw data too short", tensor("w", [3], 1).data(9, new Uint8Array(8))],
    ["no data", tensor("w", [3], 1)],
    ["float_data too long", tensor("w", [1], 1).floats(4, [1, 2])],
    ["int32_data too long", tensor("w", [1], 6).ints(5, [1, 2])],
    ["int64_data too short", tensor("w", [3], 7).ints(7, [1, 2])],
    ["long typed data too short", tensor("w", [9000], 1).floats(4, new Array(2000).fill(1))],
    ["strings too few", tensor("w", [3], 8).texts(6, ["a"])],
  ])("refuses data that contradict the shape: %s", async (_, weight) => {
    const error = await refusal(model({ nodes: [relu], weights: [weight] }));
    expect([error.code, error.message]).toEqual(["contradictory-tensor", expect.stringContaining('"w"')]);
  });

  it("refuses shapes that no memory holds", async () => {
    const weights = [tensor("w", [2 ** 40, 2 ** 40], 1).data(9, new Uint8Array(4))];
    expect((await refusal(model({ nodes: [relu], weights }))).code).toBe("bad-dimension");
    expect((await refusal(model({ nodes: [relu], weights: [tensor("w", [-4], 1)] }))).code).toBe("bad-dimension");
  });

  const outside = (entries: Readonly<Record<string, string>>): Message => {
    const weight = tensor("w", [4], 1).int(14, 1);
    for (const [key, content] of Object.entries(entries))
      weight.message(13, new Message().text(1, key).text(2, content));
    return weight;
  };

  it("takes external data from inside the folder", async () => {
    const refOf = async (entries: Readonly<Record<string, string>>) =>
      (await read(model({ nodes: [relu], weights: [outside(entries)] }))).weights.get("w");
    expect(await refOf({ location: "m.data" })).toEqual({ kind: "range", file: "m.data", offset: 0, length: 16 });
    expect(await refOf({ location: "a/../b/./m.data", offset: "4294967296000", length: "16" })).toEqual({
      kind: "range",
      file: "b/m.data",
      offset: 4294967296000,
      length: 16,
    });
  });

  it.each([
    "/etc/passwd",
    "../m.data",
    "a/../../m.data",
    "a\\..\\..\\m.data",
    "C:\\m.data",
    "c:m.data",
    "\\\\host\\m",
    "",
    ".",
  ])("refuses external data at %j", async (location) => {
    const error = await refusal(model({ nodes: [relu], weights: [outside({ location })] }));
    expect([error.code, error.message]).toEqual(["external-data-outside", expect.stringContaining(`"${location}"`)]);
  });

  it("refuses external data of a wrong length or place", async () => {
    const codeOf = async (entries: Readonly<Record<string, string>>) =>
      (await refusal(model({ nodes: [relu], weights: [outside({ location: "m.data", ...entries })] }))).code;
    expect(await codeOf({ length: "15" })).toBe("contradictory-tensor");
    expect(await codeOf({ offset: "-1" })).toBe("bad-external-data");
    expect(await codeOf({ offset: "99999999999999999999" })).toBe("bad-external-data");
  });
});

describe("operator sets", () => {
  it("refuses those before 7 and reads those after 24", async () => {
    const old = await refusal(model({ nodes: [relu], opsets: [opset(6)] }));
    expect([old.code, old.message]).toEqual([
      "unsupported-opset",
      '"m.onnx" uses ONNX operator set 6, expected 7 to 24',
    ]);
    expect((await refusal(model({ nodes: [relu], opsets: [] }))).code).toBe("unsupported-opset");
    expect((await read(model({ nodes: [relu], opsets: [opset(31)] }))).opsets.get("")).toBe(31);
  });

  it("takes ai.onnx for the default domain", async () => {
    const nodes = [node("Relu", ["x"], ["y"]).text(7, "ai.onnx")];
    const graph = await read(model({ nodes, opsets: [opset(13, "ai.onnx"), opset(1, "com.microsoft")] }));
    expect([...graph.opsets]).toEqual([
      ["", 13],
      ["com.microsoft", 1],
    ]);
    expect(graph.layers[0]!.domain).toBe("");
  });
});
