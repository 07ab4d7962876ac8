// Local functions are inlined, however they are named and nested; those without an end are refused.
import { describe, expect, it } from "vitest";
import { model, node, read, refusal, value } from "../../test/support/hand-made-onnx.ts";
import { Message } from "./pieces.ts";

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
