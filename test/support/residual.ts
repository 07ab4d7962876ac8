// ResNet's block with a stride and a projection, between a stem and a classifier: a small network whose branches meet again.
import { NetworkBuilder } from "../../src/graph/build.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { basicBlock, convBnRelu } from "../../src/zoo/cifar/blocks.ts";
import { flatten, globalAveragePool, linear } from "../../src/zoo/pieces.ts";

/** 8×8 pictures of three channels, five classes. */
export function residualNetwork(): Graph {
  const b = new NetworkBuilder("residual");
  const stem = convBnRelu(b, b.input("input", ["batch", 3, 8, 8]), 4, { id: 1, kernel: 3 });
  const block = b.scope("block", () => basicBlock(b, stem, 6, 2));
  b.output(linear(b, flatten(b, globalAveragePool(b, block)), 5, "linear"));
  return b.graph();
}
