// DenseNet-121 [Huang2017], growth 32: every block appends its channels to all that came before.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { averagePool, batchNorm, concat, conv, relu } from "../pieces.ts";
import { cifarGraph, classifier, PYTORCH_CIFAR, sequence } from "./blocks.ts";

/** Channels that each block appends. */
const GROWTH = 32;
const BLOCKS = [6, 12, 24, 16];

function denseBlock(b: NetworkBuilder, x: string): string {
  const wide = relu(b, batchNorm(b, x, "bn1"), "relu1");
  const narrow = conv(b, wide, 4 * GROWTH, { name: "conv1", kernel: 1, bias: false });
  const ready = relu(b, batchNorm(b, narrow, "bn2"), "relu2");
  return concat(b, [conv(b, ready, GROWTH, { name: "conv2", kernel: 3, pad: 1, bias: false }), x]);
}

/** Halves the channels (rounded down) and the image. */
function transition(b: NetworkBuilder, x: string): string {
  const ready = relu(b, batchNorm(b, x));
  const narrow = conv(b, ready, Math.floor(b.length(x, 1) / 2), { kernel: 1, bias: false });
  return averagePool(b, narrow, { name: "avgpool", kernel: 2 });
}

export const DENSENET121: ZooNetwork = {
  name: "cifar/densenet121",
  summary: "DenseNet-121: 58 blocks, each reading all before it in its stage",
  source: "Huang2017",
  published: { params: 6_956_298, macs: 888_350_720, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/densenet121", options, (b, image) => {
      const stem = conv(b, image, 2 * GROWTH, { name: "conv1", kernel: 3, pad: 1, bias: false });
      const features = BLOCKS.reduce((x, count, i) => {
        const blocks = Array.from({ length: count }, (_, j) => j);
        const dense = sequence(b, x, `dense${i + 1}`, blocks, (y) => denseBlock(b, y));
        return i === BLOCKS.length - 1 ? dense : b.scope(`trans${i + 1}`, () => transition(b, dense));
      }, stem);
      return classifier(b, relu(b, batchNorm(b, features)), 4);
    }),
};
