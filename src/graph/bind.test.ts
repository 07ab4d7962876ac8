import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { type BindOptions, batchOf, bindDimensions } from "./bind.ts";
import type { Attribute, Dim, Graph, Layer, TensorType } from "./graph.ts";

/** A graph of inputs only, with one declared inner tensor. */
function graphOf(inputs: Readonly<Record<string, readonly Dim[] | undefined>>, inner: readonly Dim[] = []): Graph {
  const type = (shape: readonly Dim[] | undefined): TensorType => ({ dtype: "float32", shape });
  const tensors = new Map(Object.entries(inputs).map(([name, shape]) => [name, type(shape)]));
  tensors.set("inner", type(inner));
  return {
    name: "g",
    inputs: Object.keys(inputs),
    outputs: [],
    layers: [],
    tensors,
    weights: new Map(),
    opsets: new Map([["", 17]]),
  };
}

/** Shapes of all tensors after binding. */
const bound = (graph: Graph, options: BindOptions = {}) =>
  Object.fromEntries([...bindDimensions(graph, options).graph.tensors].map(([name, { shape }]) => [name, shape]));

function errorOf(graph: Graph, options: BindOptions = {}): InputError {
  try {
    bindDimensions(graph, options);
  } catch (error) {
    if (error instanceof InputError) return error;
  }
  throw new Error("no InputError");
}

describe("bindDimensions", () => {
  it("takes one sample where nothing is said, and says so", () => {
    const graph = graphOf({ images: ["batch", 3, 224, 224] }, ["batch", 1000]);
    expect(bound(graph)).toEqual({ images: [1, 3, 224, 224], inner: [1, 1000] });
    expect(bindDimensions(graph).assumptions).toEqual(['batch = 1 (input images, axis "batch")']);
  });

  it("binds the batch everywhere it stands, also in inputs of one axis", () => {
    const graph = graphOf({ ids: ["N", 128], lengths: ["N"] }, ["N", 128, 768]);
    expect(bound(graph, { batch: 8 })).toEqual({ ids: [8, 128], lengths: [8], inner: [8, 128, 768] });
  });

  it("finds the batch by its name when it is not the first axis", () => {
    const graph = graphOf({ x: ["seq", "batch_size", 80] });
    expect(bound(graph, { batch: 2, dims: { seq: 50 } })).toEqual({ x: [50, 2, 80], inner: [] });
  });

  it("binds symbols by name and axes by place", () => {
    const graph = graphOf({ ids: ["N", "seq"], mask: ["N", "?"] });
    expect(bound(graph, { dims: { seq: 128, "mask.1": 64 } })).toEqual({ ids: [1, 128], mask: [1, 64], inner: [] });
  });

  it("overwrites a fixed batch, says so, and forgets what the file declares inside", () => {
    const graph = graphOf({ x: [1, 3, 8, 8] }, [1, 16]);
    expect(bound(graph, { batch: 4 })).toEqual({ x: [4, 3, 8, 8], inner: undefined });
    expect(bindDimensions(graph, { batch: 4 }).assumptions).toEqual([
      "batch = 4 instead of the file's 1 (input x, axis 0)",
    ]);
    expect(bound(graph, { batch: 1 })).toEqual({ x: [1, 3, 8, 8], inner: [1, 16] });
    expect(bindDimensions(graph).assumptions).toEqual([]);
  });

  it("says which axis it takes for the batch when the file fixes it", () => {
    const graph = graphOf({ x: [10, 2, 16], y: [7, 3] });
    expect(bindDimensions(graph).assumptions).toEqual(["batch = 10 (input x, axis 0, fixed in the file)"]);
    expect(bindDimensions(graph, { batch: 10 }).assumptions).toEqual([]);
    expect(bindDimensions(graph, { dims: { "x.0": 5 } }).assumptions).toEqual([]);
  });

  it("refuses a batch of 0, also when the file fixes it", () => {
    expect(errorOf(graphOf({ x: [0, 16] })).message).toBe(
      "batch (input x, axis 0) is 0, expected a whole number from 1 to 2147483648",
    );
    expect(errorOf(graphOf({ x: [3, 16] }), { dims: { "x.0": 0 } }).code).toBe("bad-dimension");
    expect(bound(graphOf({ x: [0, 16] }), { batch: 2 }).x).toEqual([2, 16]);
    expect(bound(graphOf({ x: [2, 0] })).x).toEqual([2, 0]);
  });

  it("leaves fixed first axes alone where another input leaves its batch open", () => {
    const graph = graphOf({ x: ["batch", 10], anchors: [100, 4] });
    expect(bound(graph, { batch: 4 })).toEqual({ x: [4, 10], anchors: [100, 4], inner: [] });
  });

  it("leaves a graph without open axes as it is", () => {
    const graph = graphOf({ x: [1, 3], scalar: [] });
    const settled = { ...graph, bound: { batch: 1, chosen: false } };
    expect(bindDimensions(graph)).toEqual({ graph: settled, assumptions: [] });
  });

  it("says that a shape is not in the file", () => {
    expect(bindDimensions(graphOf({ x: undefined })).assumptions).toEqual(["input x: the file does not say its shape"]);
  });

  it("names all unbound symbols with the options to add", () => {
    const error = errorOf(graphOf({ ids: ["N", "seq"], past: ["N", 12, "past", "?"] }));
    expect(error.code).toBe("unbound-dimension");
    expect(error.message).toContain('"seq" (input ids, axis 1), "past" (input past, axis 2), "?" (input past, axis 3)');
    expect(error.hint).toContain("--dim seq=… --dim past=… --dim past.3=…");
  });

  it("computes lengths that follow from others", () => {
    const graph = graphOf({ ids: ["batch", "seq"], mask: ["batch", "past + seq"], cache: ["batch*12", "past", 64] });
    expect(bound(graph, { dims: { seq: 5, past: 7 } })).toEqual({
      ids: [1, 5],
      mask: [1, 12],
      cache: [12, 7, 64],
      inner: [],
    });
    const error = errorOf(graph, { dims: { seq: 5 } });
    expect(error.hint).toContain('--dim "past + seq=…" --dim past=…');
  });

  it("suggests names for one that is not there", () => {
    const error = errorOf(graphOf({ ids: ["batch", "sequence"] }), { dims: { sequense: 4 } });
    expect(error.code).toBe("unknown-dimension");
    expect(error.message).toBe('unknown dimension "sequense"; nearest: sequence');
    expect(error.hint).toContain("batch, sequence");
  });

  it("lets an axis be empty, as a decoder's past is at first, but not the batch", () => {
    const graph = graphOf({ x: ["N", "past"] });
    expect(bound(graph, { dims: { past: 0 } }).x).toEqual([1, 0]);
    expect(errorOf(graph, { dims: { N: 0 } }).message).toContain("batch");
    expect(errorOf(graph, { batch: 0 }).code).toBe("bad-dimension");
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31 + 1])("refuses a length of %s", (length) => {
    const graph = graphOf({ x: ["N", "k"] });
    expect(errorOf(graph, { batch: length }).code).toBe("bad-dimension");
    expect(errorOf(graph, { dims: { k: length } }).message).toContain(`dimension k is ${length}`);
  });

  it("refuses more elements than any machine holds, and lengths that cannot be", () => {
    expect(errorOf(graphOf({ x: ["N", 2 ** 30] }), { batch: 2 ** 20 }).message).toContain("elements, expected at most");
    expect(errorOf(graphOf({ x: [1, -3] })).message).toContain("input x has the shape [1, -3]");
  });

  it("refuses a batch where no input has one", () => {
    expect(errorOf(graphOf({ wave: [16000] }), { batch: 4 }).message).toContain("no input has a batch axis");
    expect(bound(graphOf({ wave: [16000] }), { batch: 1 })).toEqual({ wave: [16000], inner: [] });
  });

  it("refuses two different batches", () => {
    const error = errorOf(graphOf({ x: ["N", 3] }), { batch: 2, dims: { N: 3 } });
    expect(error.message).toBe('the batch is 2 by --batch and 3 by --dim (input x, axis "N")');
    expect(bound(graphOf({ x: ["N", 3] }), { batch: 2, dims: { N: 2 } })).toEqual({ x: [2, 3], inner: [] });
  });
});

describe("the batch axis of what a recurrent layer reads", () => {
  const layer = (
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Layer => {
    const domain = op === "DynamicQuantizeLSTM" ? "com.microsoft" : "";
    return { name: op, op, domain, inputs, outputs: [`${op}:out`], attributes: new Map(Object.entries(attributes)) };
  };
  const read = (shape: readonly Dim[], ...layers: readonly Layer[]): Graph => ({ ...graphOf({ x: shape }), layers });
  const batch = (graph: Graph, options?: BindOptions) => batchOf(bindDimensions(graph, options).graph);

  it.each(["RNN", "LSTM", "GRU", "DynamicQuantizeLSTM"])("%s of layout 0: the second", (op) => {
    const graph = read([10, 2, 16], layer("Shape", ["x"]), layer(op, ["x", "w", "r"]));
    expect(batch(graph)).toBe(2);
    expect(batchOf(graph)).toBe(2);
    expect(bindDimensions(graph).assumptions).toEqual(["batch = 2 (input x, axis 1, fixed in the file)"]);
    expect(bound(graph, { batch: 5 }).x).toEqual([10, 5, 16]);
  });

  it("also where the axes have other names, and not the length", () => {
    const graph = read(["T", "N", 16], layer("LSTM", ["x", "w", "r"]));
    expect(bound(graph, { batch: 4, dims: { T: 50 } }).x).toEqual([50, 4, 16]);
    expect(batch(graph, { batch: 4, dims: { T: 50 } })).toBe(4);
    expect(errorOf(graph).hint).toContain("--dim T=…");
  });

  it("layout 1, or another layer before it: the first", () => {
    const lstm = layer("LSTM", ["x", "w", "r"], { layout: { kind: "int", value: 1 } });
    expect(batch(read([10, 2, 16], lstm))).toBe(10);
    expect(batch(read([10, 2, 16], layer("Transpose", ["x"]), layer("LSTM", ["x", "w", "r"])))).toBe(10);
  });

  it("batchOf finds what was bound, by name or where another input leaves it open", () => {
    expect(batch(graphOf({ x: ["seq", "batch_size", 80] }), { batch: 2, dims: { seq: 50 } })).toBe(2);
    expect(batch(graphOf({ anchors: [100, 4], x: ["batch", 10] }), { batch: 3 })).toBe(3);
    expect(batch(graphOf({ wave: [16000] }))).toBe(1);
    expect(batchOf(graphOf({ x: ["N", 3] }))).toBe(1);
  });
});
