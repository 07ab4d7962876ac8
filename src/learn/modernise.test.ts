// Networks of old operator sets: the same numbers in set 17, or a refusal that names the layer.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../test/support/run-graph.ts";
import { wave } from "../../test/support/wave.ts";
import type { Attribute, Graph, Layer } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { modernised } from "./modernise.ts";

const ints = (...value: number[]): Attribute => ({ kind: "ints", value });
const float = (value: number): Attribute => ({ kind: "float", value });

/** Layers in a row, each reading the one before. */
function chain(
  opset: number,
  steps: readonly (readonly [op: string, attributes: Readonly<Record<string, Attribute>>])[],
): Graph {
  const layers = steps.map(([op, attributes], i): Layer => {
    const inputs = [i === 0 ? "x" : `t${i - 1}`];
    return {
      name: `${op}${i}`,
      op,
      domain: "",
      inputs,
      outputs: [`t${i}`],
      attributes: new Map(Object.entries(attributes)),
    };
  });
  const graph: Graph = {
    name: "old",
    inputs: ["x"],
    outputs: [`t${steps.length - 1}`],
    layers,
    tensors: new Map([["x", { dtype: "float32", shape: [2, 3, 4] }]]),
    weights: new Map(),
    opsets: new Map([["", opset]]),
  };
  return inferShapes(graph).graph;
}

const STEPS = [
  ["Pad", { pads: ints(0, 1, 0, 0, 0, 2), value: float(0.25) }],
  ["Slice", { starts: ints(1, 0), ends: ints(4, 5), axes: ints(1, 2) }],
  ["Clip", { min: float(-0.5), max: float(0.75) }],
  ["Unsqueeze", { axes: ints(0) }],
  ["Squeeze", { axes: ints(0) }],
  ["ReduceSum", { axes: ints(1), keepdims: { kind: "int", value: 0 } }],
  ["Dropout", { ratio: float(0.5) }],
  ["Softmax", {}],
] as const;

describe("modernised", () => {
  it("computes the same", async () => {
    const old = chain(9, STEPS);
    const fresh = modernised(old);
    expect(fresh.opsets.get("")).toBe(17);
    const feeds = { x: wave("x", [2, 3, 4]) };
    const [before, after] = [await (await openGraph(old)).run(feeds), await (await openGraph(fresh)).run(feeds)];
    expect(after).toEqual(before);
    expect(inferShapes(fresh).graph.tensors.get("t7")).toEqual(old.tensors.get("t7"));
  });

  it("leaves newer networks alone", () => {
    const graph = chain(13, [["Relu", {}]]);
    expect(modernised(graph)).toBe(graph);
  });

  it("refuses what changed its meaning, by layer", () => {
    expect(() => modernised(chain(11, [["Softmax", {}]]))).toThrow(/layer "Softmax0" .*axis is 1, expected the last/);
    expect(() => modernised({ ...chain(9, [["Relu", {}]]), opsets: new Map([["", 5]]) })).toThrow(/operator set 5/);
    expect(() => modernised(chain(10, [["Resize", {}]]))).toThrow(/layer "Resize0"/);
  });
});
