// VGG16 [Simonyan2015] with batch normalisation; one dense layer instead of three.
import type { ZooNetwork } from "../network.ts";
import { maxPool } from "../pieces.ts";
import { cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR } from "./blocks.ts";

/** Channels of each 3×3 convolution; a stage ends with 2×2 max pooling. */
const STAGES = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

export const VGG16: ZooNetwork = {
  name: "cifar/vgg16",
  summary: "VGG16: thirteen 3×3 convolutions in five stages",
  source: "Simonyan2015",
  published: { params: 14_728_266, macs: 313_201_664, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/vgg16", options, (b, image) => {
      const features = STAGES.reduce(
        (x, channels, stage) =>
          b.scope(`stage${stage + 1}`, () => {
            const y = channels.reduce(
              (before, out, i) => convBnRelu(b, before, out, { id: i + 1, kernel: 3, bias: true }),
              x,
            );
            return maxPool(b, y, { name: "pool", kernel: 2 });
          }),
        image,
      );
      // The repository averages over 1×1 windows here, which changes nothing.
      return classifier(b, features, 1);
    }),
};
