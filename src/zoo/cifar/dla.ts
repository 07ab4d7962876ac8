// SimpleDLA: the repository's simplified deep layer aggregation [Yu2018]: binary trees of residual blocks, each joined
// by a 1×1 convolution.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { concat } from "../pieces.ts";
import { basicBlock, cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR } from "./blocks.ts";

/** A tree of 2^level blocks; only its first block has the stride. */
function tree(b: NetworkBuilder, x: string, out: number, level: number, stride: number): string {
  const branch = (y: string, step: number): string =>
    level === 1 ? basicBlock(b, y, out, step) : tree(b, y, out, level - 1, step);
  const left = b.scope("left", () => branch(x, stride));
  const right = b.scope("right", () => branch(left, 1));
  return b.scope("root", () => convBnRelu(b, concat(b, [left, right]), out, { kernel: 1 }));
}

const PLAIN = [
  { name: "base", out: 16 },
  { name: "layer1", out: 16 },
  { name: "layer2", out: 32 },
];
const TREES = [
  { name: "layer3", out: 64, level: 1, stride: 1 },
  { name: "layer4", out: 128, level: 2, stride: 2 },
  { name: "layer5", out: 256, level: 2, stride: 2 },
  { name: "layer6", out: 512, level: 1, stride: 2 },
];

export const SIMPLE_DLA: ZooNetwork = {
  name: "cifar/simpledla",
  summary: "SimpleDLA: four trees of residual blocks",
  source: "Yu2018",
  published: { params: 15_142_970, macs: 913_495_040, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/simpledla", options, (b, image) => {
      const stem = PLAIN.reduce((x, { name, out }) => b.scope(name, () => convBnRelu(b, x, out, { kernel: 3 })), image);
      const features = TREES.reduce(
        (x, { name, out, level, stride }) => b.scope(name, () => tree(b, x, out, level, stride)),
        stem,
      );
      return classifier(b, features, 4);
    }),
};
