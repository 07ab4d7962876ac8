// Which layers take the blocked form, and that names and shapes survive. What the operators compute is tested where they can
// run: node/runtime/convolution-block.test.ts.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import { type Graph, operatorKey } from "../../graph/graph.ts";
import { MNIST_CNN } from "../../zoo/mnist-cnn.ts";
import { differentiate } from "../differentiate.ts";
import { blockedConvolutions } from "./blocked.ts";

const BLOCK = 8;
const REORDER_IN = "com.microsoft.nchwc.ReorderInput";
const REORDER_OUT = "com.microsoft.nchwc.ReorderOutput";
const CONV = "com.microsoft.nchwc.Conv";

/** A graph from `write`, which is given a convolution with fed weights. */
function made(
  write: (b: NetworkBuilder, conv: (x: string, out: number, kernel?: number) => string, x: string) => string,
): Graph {
  const b = new NetworkBuilder("case");
  let count = 0;
  const conv = (x: string, out: number, kernel = 3): string => {
    const w = b.input(`w${count++}`, [out, b.length(x, 1), kernel, kernel]);
    return b.layer("Conv", [x, w], {
      attributes: { kernel_shape: [kernel, kernel], pads: new Array(4).fill(kernel >> 1) },
    });
  };
  b.output(write(b, conv, b.input("x", [2, 16, 6, 6])));
  return b.graph();
}

const keysOf = (graph: Graph): string[] => graph.layers.map(operatorKey);
const count = (graph: Graph, key: string): number => keysOf(graph).filter((one) => one === key).length;

/** Every input of a layer is made before it, and every output of the graph is made. */
function expectWhole(graph: Graph): void {
  const known = new Set([...graph.inputs, ...graph.weights.keys(), ""]);
  for (const { name, inputs, outputs } of graph.layers) {
    expect({ name, missing: inputs.filter((input) => !known.has(input)) }).toEqual({ name, missing: [] });
    for (const output of outputs) known.add(output);
  }
  expect(graph.outputs.filter((output) => !known.has(output))).toEqual([]);
  expect(new Set(graph.layers.map(({ name }) => name)).size).toBe(graph.layers.length);
}

describe("blockedConvolutions", () => {
  it("keeps what lies between two convolutions blocked", () => {
    const graph = blockedConvolutions(
      made((b, conv, x) => conv(b.layer("Tanh", [b.layer("Relu", [conv(x, 8)])]), 16)),
      BLOCK,
    );
    expectWhole(graph);
    expect([count(graph, REORDER_IN), count(graph, CONV), count(graph, REORDER_OUT)]).toEqual([1, 2, 1]);
    expect(count(graph, "Relu")).toBe(0);
    const first = graph.layers.find((layer) => operatorKey(layer) === CONV);
    expect(first?.attributes.get("activation")).toEqual({ kind: "string", value: "Relu" });
  });

  it("pools pairs in blocked form, other windows in plain form", () => {
    const pool = (kernel: number) =>
      blockedConvolutions(
        made((b, conv, x) =>
          b.layer("MaxPool", [conv(x, 8)], {
            attributes: { kernel_shape: [kernel, kernel], strides: [kernel, kernel] },
          }),
        ),
        BLOCK,
      );
    expect([count(pool(2), "MaxPool"), count(pool(2), "Max")]).toEqual([0, 2]);
    expect([count(pool(3), "MaxPool"), count(pool(3), "Max")]).toEqual([1, 0]);
    expectWhole(pool(2));
  });

  it("converts a tensor once for all who read it in the other form", () => {
    const graph = blockedConvolutions(
      made((b, conv, x) => b.layer("Add", [conv(x, 8), conv(b.layer("Softmax", [conv(x, 8)]), 8)])),
      BLOCK,
    );
    expectWhole(graph);
    expect([count(graph, REORDER_IN), count(graph, REORDER_OUT)]).toEqual([2, 2]);
  });

  it("leaves alone what does not fit: channels that fill no block, single positions, constant weights", () => {
    const cases = [
      made((_, conv, x) => conv(x, 12)),
      made((_, conv, x) => conv(x, 8, 1)),
      made((b, _, x) => {
        const w = b.weight("w", [8, 16, 3, 3], { kind: "constant", value: 1 });
        return b.layer("Conv", [x, w], { attributes: { kernel_shape: [3, 3] } });
      }),
    ];
    for (const graph of cases) expect(blockedConvolutions(graph, BLOCK).layers).toEqual(graph.layers);
  });

  it("leaves the inputs and the state of a training step as they were", () => {
    const options = { loss: { kind: "cross-entropy" }, optimiser: { kind: "adam" }, batch: 8 } as const;
    const plain = differentiate(MNIST_CNN.build(), options);
    const blocked = differentiate(MNIST_CNN.build(), { ...options, convolutionBlock: BLOCK });
    expectWhole(blocked.graph);
    expect(count(blocked.graph, CONV)).toBe(11);
    expect(blocked.graph.inputs).toEqual(plain.graph.inputs);
    expect(blocked.state.map(({ input, type }) => [input, type])).toEqual(
      plain.state.map(({ input, type }) => [input, type]),
    );
  });
});
