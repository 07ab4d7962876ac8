// Two small networks with drawn weights for the tests of reductions: one plain, one with what has to be folded and passed on.
import { NetworkBuilder } from "../../src/graph/build.ts";
import type { Graph } from "../../src/graph/graph.ts";
import {
  add,
  averagePool,
  batchNorm,
  concat,
  conv,
  flatten,
  globalAveragePool,
  linear,
  maxPool,
  relu,
  relu6,
  splitChannels,
} from "../../src/zoo/pieces.ts";

/** conv1, pool1, conv2, fc1, fc2, Softmax: 8×8 pictures, 5 classes. */
export function plainNetwork(): Graph {
  const b = new NetworkBuilder("plain", 7);
  let x = b.input("image", ["batch", 2, 8, 8]);
  x = relu(b, conv(b, x, 8, { name: "conv1", kernel: 3, pad: 1, bias: true }), "relu1");
  x = maxPool(b, x, { name: "pool1", kernel: 2 });
  x = relu(b, conv(b, x, 12, { name: "conv2", kernel: 3, pad: 1, bias: true }), "relu2");
  x = relu(b, linear(b, flatten(b, x), 16, "fc1"), "relu3");
  b.output(b.layer("Softmax", [linear(b, x, 5, "fc2")], { name: "softmax", attributes: { axis: -1 } }));
  return b.graph();
}

/** Batch normalisation, a residual, a depthwise convolution, ReLU6, channels split into branches and joined, both poolings. */
export function normalisedNetwork(): Graph {
  const b = new NetworkBuilder("normalised", 11);
  let x = b.input("image", ["batch", 3, 8, 8]);
  x = relu(b, batchNorm(b, conv(b, x, 8, { name: "stem", kernel: 3, pad: 1 })));
  const y = relu6(b, batchNorm(b, conv(b, x, 8, { name: "depthwise", kernel: 3, pad: 1, groups: 8 }), "bn2"));
  x = relu(b, add(b, x, batchNorm(b, conv(b, y, 8, { name: "point", kernel: 1 }), "bn3")), "joined");
  x = averagePool(b, x, { name: "pool", kernel: 2 });
  const branches = splitChannels(b, x, [4, 4]).map((part, i) =>
    relu(b, conv(b, part, 6, { name: `branch${i}`, kernel: 1, bias: true }), `branch${i}-relu`),
  );
  x = conv(b, concat(b, branches), 10, { name: "mix", kernel: 1, bias: true });
  b.output(linear(b, flatten(b, globalAveragePool(b, x)), 4, "head"));
  return b.graph();
}
