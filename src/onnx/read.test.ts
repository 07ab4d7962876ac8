// The reader on models encoded by hand: what it refuses, and what it never reads.
import { describe, expect, it } from "vitest";
import { type ByteSource, bytesInMemory } from "../graph/byte-source.ts";
import type { Graph } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { WIRE_DTYPES } from "./dtype.ts";
import { Message } from "./pieces.ts";
import { readOnnx } from "./read.ts";
import { concatenate } from "./repack.ts";

const bytesOf = (message: Message): Uint8Array => concatenate(message.pieces() as Uint8Array[]);

const opset = (version: number, domain = ""): Message => new Message().text(1, domain).int(2, version);

function node(op: string, inputs: readonly string[], outputs: readonly string[], name = ""): Message {
  return new Message().texts(1, inputs).texts(2, outputs).text(3, name).text(4, op);
}

/** A ValueInfoProto; an axis of undefined has neither length nor symbol. */
function value(name: string, dims: readonly (number | string | undefined)[], dtype = 1): Message {
  const shape = new Message();
  for (const dim of dims) {
    const axis = new Message();
    if (typeof dim === "number") axis.int(1, dim);
    else if (dim !== undefined) axis.text(2, dim);
    shape.message(1, axis);
  }
  const type = new Message().message(1, new Message().int(1, dtype).message(2, shape));
  return new Message().text(1, name).message(2, type);
}

interface Parts {
  readonly nodes?: readonly Message[];
  readonly inputs?: readonly Message[];
  readonly outputs?: readonly Message[];
  readonly weights?: readonly Message[];
  readonly opsets?: readonly Message[];
  readonly functions?: readonly Message[];
}

function model(parts: Parts): Uint8Array {
  const graph = new Message();
  for (const each of parts.nodes ?? []) graph.message(1, each);
  for (const each of parts.weights ?? []) graph.message(5, each);
  for (const each of parts.inputs ?? [value("x", [2])]) graph.message(11, each);
  for (const each of parts.outputs ?? [value("y", [2])]) graph.message(12, each);
  const whole = new Message().int(1, 8).message(7, graph);
  for (const each of parts.opsets ?? [opset(17)]) whole.message(8, each);
  for (const each of parts.functions ?? []) whole.message(25, each);
  return bytesOf(whole);
}

const read = (bytes: Uint8Array, name = "m.onnx"): Promise<Graph> => readOnnx(bytesInMemory(bytes), name);

async function refusal(bytes: Uint8Array, name = "m.onnx"): Promise<InputError> {
  try {
    await read(bytes, name);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("was read");
}

const text = (content: string): Uint8Array => Uint8Array.from(content, (char) => char.charCodeAt(0));
const relu = node("Relu", ["x"], ["y"]);
const tensor = (name: string, dims: readonly number[], dtype: number): Message =>
  new Message().ints(1, dims).int(2, dtype).text(8, name);

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
    expect([old.code, old.message]).toEqual(["unsupported-opset", "m.onnx uses ONNX operator set 6, expected 7 to 24"]);
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

describe("functions", () => {
  const fn = (name: string, nodes: readonly Message[]): Message => {
    const message = new Message().text(1, name).text(4, "a").text(5, "b").text(10, "f");
    for (const each of nodes) message.message(7, each);
    return message;
  };
  const call = (name: string, from: string, to: string): Message => node(name, [from], [to]).text(7, "f");

  it("refuses recursion", async () => {
    const functions = [fn("one", [call("two", "a", "b")]), fn("two", [call("one", "a", "b")])];
    const error = await refusal(model({ nodes: [call("one", "x", "y")], functions }));
    expect([error.code, error.message]).toEqual(["recursive-function", expect.stringContaining('"one"')]);
  });

  it("refuses functions that multiply beyond measure", async () => {
    const functions = Array.from({ length: 40 }, (_, i) =>
      fn(`f${i}`, i === 0 ? [node("Relu", ["a"], ["b"])] : [call(`f${i - 1}`, "a", "t"), call(`f${i - 1}`, "t", "b")]),
    );
    expect((await refusal(model({ nodes: [call("f39", "x", "y")], functions }))).code).toBe("too-many-layers");
  });

  it("refuses a function whose default body calls it", async () => {
    const body = new Message().message(1, call("one", "a", "t")).message(12, value("t", []));
    const functions = [
      fn("one", [node("If", ["a"], ["b"]).message(5, new Message().text(1, "then_branch").text(21, "body"))]).message(
        11,
        new Message().text(1, "body").message(6, body).int(20, 5),
      ),
    ];
    expect((await refusal(model({ nodes: [call("one", "x", "y")], functions }))).code).toBe("recursive-function");
  });

  it("refuses functions that call one another in a long row", async () => {
    const functions = Array.from({ length: 5000 }, (_, i) =>
      fn(`f${i}`, [i === 0 ? node("Relu", ["a"], ["b"]) : call(`f${i - 1}`, "a", "b")]),
    );
    for (const nodes of [[call("f4999", "x", "y")], functions.map((_, i) => call(`f${i}`, "x", `y${i}`))])
      expect((await refusal(model({ nodes, functions }))).code).toBe("too-many-layers");
  });

  it("inlines thousands of calls with the same name", async () => {
    const functions = [fn("one", [node("Neg", ["a"], ["t"]), node("Abs", ["t"], ["b"])])];
    const length = 20_000;
    const nodes = Array.from({ length }, (_, i) =>
      node("one", [i === 0 ? "x" : `t${i}`], [i === length - 1 ? "y" : `t${i + 1}`], "same").text(7, "f"),
    );
    const graph = await read(model({ nodes, functions }));
    expect(graph.layers.length).toBe(2 * length);
    expect(graph.layers.at(-1)!.name).toBe(`same_${length - 1}/Abs_1`);
  });

  it("does not mix a function's tensors with those of its caller", async () => {
    const functions = [fn("one", [node("Neg", ["a"], ["y"]), node("Abs", ["y"], ["b"])])];
    const nodes = [call("one", "x", "one_0/y"), node("Relu", ["one_0/y"], ["y"])];
    const graph = await read(model({ nodes, functions }));
    expect(graph.layers.map((layer) => [layer.inputs[0], layer.outputs[0]])).toEqual([
      ["x", "one_0/y_1"],
      ["one_0/y_1", "one_0/y"],
      ["one_0/y", "y"],
    ]);
  });
});

describe("what is no ONNX", () => {
  const header = text('{"__metadata__":{}}');
  it.each([
    ["empty-file", "m.onnx", new Uint8Array(0), /export/],
    ["not-onnx", "m.pt", text("PK\x03\x04 a checkpoint"), /torch\.onnx\.export/],
    ["not-onnx", "m.pkl", Uint8Array.of(0x80, 2, 0x8a, 0x0a), /torch\.onnx\.export/],
    [
      "not-onnx",
      "m.safetensors",
      concatenate([Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0), header]),
      /optimum-cli export onnx/,
    ],
    ["not-onnx", "m.tflite", text("\x1c\0\0\0TFL3\x14\0\x20\0"), /python -m tf2onnx\.convert --tflite/],
    ["not-onnx", "m.h5", text("\x89HDF\r\n\x1a\n"), /model\.export/],
    ["not-onnx", "m.json", text('{"format": "graph-model"}'), /\.onnx/],
    ["not-onnx", "m.html", text("<!DOCTYPE html><html>"), /fetch/],
    ["not-onnx", "m.onnx", text("version https://git-lfs.github.com/spec/v1\noid"), /git lfs pull/],
    ["not-onnx", "m.gguf", text("GGUF\x03\0\0\0"), /optimum-cli/],
    ["not-onnx", "saved_model.pb", Uint8Array.of(8, 1), /--saved-model/],
    ["not-onnx", "m.onnx", Uint8Array.of(0x3a, 0), /export/],
    ["damaged-onnx", "m.onnx", Uint8Array.of(0x07), /export/],
    ["damaged-onnx", "m.onnx", Uint8Array.of(0, 0, 0, 0), /export/],
    [
      "damaged-onnx",
      "m.onnx",
      Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
      /export/,
    ],
    ["truncated", "m.onnx", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f), /export/],
    ["truncated", "m.onnx", Uint8Array.of(0x08), /export/],
  ])("is refused as %s: %s", async (code, name, bytes, hint) => {
    const error = await refusal(bytes, name);
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
    expect(error.hint).toMatch(hint);
  });

  it("is refused at every cut", async () => {
    const whole = model({ nodes: [relu], weights: [tensor("w", [4], 1).data(9, new Uint8Array(16))] });
    const graphEnd = whole.length - bytesOf(new Message().message(8, opset(17))).length;
    for (let length = 0; length < graphEnd; length++) {
      const error = await refusal(whole.subarray(0, length));
      expect(["empty-file", "truncated", "not-onnx"]).toContain(error.code);
    }
  });

  it("is refused when it nests without end", async () => {
    let body = new Message().message(1, relu);
    for (let i = 0; i < 300; i++)
      body = new Message().message(1, node("If", [], []).message(5, new Message().message(6, body)));
    const error = await refusal(bytesOf(new Message().message(7, body)));
    expect([error.code, error.message]).toEqual(["damaged-onnx", expect.stringContaining("deep")]);
  });
});

describe("large files", () => {
  /** A file with `weights` weights of `sizeBytes` each, of which only the heads exist; counts what is read. */
  function sparseFile(weights: number, elements: number): { source: ByteSource; bytesRead: () => number } {
    const raw = elements * 4;
    const heads: { at: number; bytes: Uint8Array }[] = [];
    let at = 0;
    const put = (bytes: Uint8Array) => {
      heads.push({ at, bytes });
      at += bytes.length;
    };
    const tag = (field: number, length: number): Uint8Array => {
      const bytes = [(field << 3) | 2];
      for (let rest = length; ; rest = Math.floor(rest / 128)) {
        bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
        if (rest < 128) return Uint8Array.from(bytes);
      }
    };
    const layer = (i: number): Uint8Array =>
      bytesOf(
        new Message().message(
          1,
          node("Add", [i === 0 ? "x" : `t${i - 1}`, `w${i}`], [i === weights - 1 ? "y" : `t${i}`]),
        ),
      );
    const head = (i: number): Uint8Array => {
      const start = bytesOf(tensor(`w${i}`, [elements], 1));
      return concatenate([tag(5, start.length + tag(9, raw).length + raw), start, tag(9, raw)]);
    };
    const ends = bytesOf(new Message().message(11, value("x", [elements])).message(12, value("y", [elements])));
    let total = ends.length;
    for (let i = 0; i < weights; i++) total += layer(i).length + head(i).length + raw;
    put(bytesOf(new Message().int(1, 8).message(8, opset(17))));
    put(tag(7, total));
    for (let i = 0; i < weights; i++) {
      put(head(i));
      at += raw;
    }
    for (let i = 0; i < weights; i++) put(layer(i));
    put(ends);
    let read = 0;
    const source: ByteSource = {
      size: at,
      read: async (offset, length) => {
        if (offset < 0 || offset + length > at) throw new RangeError("outside");
        read += length;
        const bytes = new Uint8Array(length);
        for (const each of heads) {
          const from = Math.max(each.at, offset);
          const to = Math.min(each.at + each.bytes.length, offset + length);
          if (from < to) bytes.set(each.bytes.subarray(from - each.at, to - each.at), from - offset);
        }
        return bytes;
      },
    };
    return { source, bytesRead: () => read };
  }

  it("reads 2 GB by reading less than a megabyte", async () => {
    const { source, bytesRead } = sparseFile(100, 5_400_000);
    expect(source.size).toBeGreaterThan(2 ** 31);
    const graph = await readOnnx(source, "large");
    expect(graph.layers.length).toBe(100);
    expect(bytesRead()).toBeLessThan(1_000_000);
    expect(graph.weights.get("w99")).toMatchObject({ kind: "range", length: 21_600_000 });
  });

  it("reads offsets beyond 2^32 and weights beyond 2^31", async () => {
    const { source, bytesRead } = sparseFile(6, 1_000_000_000);
    const graph = await readOnnx(source, "larger");
    const last = graph.weights.get("w5")!;
    expect(last.kind === "range" && last.offset > 5 * 4_000_000_000).toBe(true);
    expect(bytesRead()).toBeLessThan(100_000);
  });

  it("reads small weights and nodes across every window edge", async () => {
    const graph = await readOnnx(sparseFile(3000, 64).source, "many");
    expect(graph.weights.size).toBe(3000);
    expect(graph.layers.at(-1)!.inputs).toEqual(["t2998", "w2999"]);
    expect(graph.weights.get("w2999")).toEqual({ kind: "inline", bytes: new Uint8Array(256) });
  });
});
