// What cannot learn is refused before anything runs, with the weight's or layer's name.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import type { Attribute, Graph, Layer } from "../graph/graph.ts";
import { linear } from "../zoo/pieces.ts";
import { differentiate, evaluationGraph } from "./differentiate.ts";
import { checkTrainable } from "./trainable.ts";

const body = (reads: string): Graph => ({
  name: "body",
  inputs: [],
  outputs: ["y"],
  layers: [{ name: "twice", op: "Add", domain: "", inputs: [reads, reads], outputs: ["y"], attributes: new Map() }],
  tensors: new Map(),
  weights: new Map(),
  opsets: new Map(),
});

/** x·W, and an If beside it whose branches read `reads`. */
function branching(reads: string): Graph {
  const b = new NetworkBuilder("branching");
  linear(b, b.input("x", ["batch", 4]), 4);
  const graph = b.graph();
  const branch: Attribute = { kind: "graph", value: body(reads) };
  const attributes = new Map([["then_branch", branch] as const, ["else_branch", branch] as const]);
  const layer: Layer = { name: "choice", op: "If", domain: "", inputs: ["flag"], outputs: ["z"], attributes };
  return { ...graph, layers: [...graph.layers, layer] };
}
const FREED = [
  {
    name: "fc/weight",
    role: "parameter",
    type: { dtype: "float32", shape: [4, 4] },
    initial: { kind: "inline", bytes: new Uint8Array(64) },
  },
] as const;

describe("checkTrainable", () => {
  it("refuses branches that read what learns", () => {
    expect(() => checkTrainable(branching("fc/weight"), FREED)).toThrow(/layer "choice" \(If\) reads "fc\/weight"/);
    expect(() => checkTrainable(branching("fc:out"), FREED)).toThrow(/reads "fc:out"/);
    expect(() => checkTrainable(branching("x"), FREED)).not.toThrow();
  });

  it("refuses weights in half precision", () => {
    const b = new NetworkBuilder("half");
    const x = b.input("x", ["batch", 4], "float16");
    const w = b.constant("w", "float16", new Array<number>(20).fill(0.5), [4, 5]);
    b.output(b.layer("MatMul", [x, w]));
    const options = { loss: { kind: "mse" }, batch: 2 } as const;
    const half = /weight "w" is float16/;
    expect(() => differentiate(b.graph(), { ...options, optimiser: { kind: "sgd" } })).toThrow(half);
    expect(() => evaluationGraph(b.graph(), options)).toThrow(half);
  });
});
