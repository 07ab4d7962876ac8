// SENet-18 [Hu2018]: pre-activation ResNet-18 whose residuals are scaled channel by channel.
import type { ZooNetwork } from "../network.ts";
import { squeezeExcite } from "../pieces.ts";
import { cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR } from "./blocks.ts";
import { preActBlock, preActStages } from "./preact-resnet.ts";

/** Channels per squeezed channel. */
const REDUCTION = 16;

export const SENET18: ZooNetwork = {
  name: "cifar/senet18",
  summary: "pre-activation ResNet-18 with squeeze-and-excitation",
  source: "Hu2018",
  published: { params: 11_260_354, macs: 555_509_760, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/senet18", options, (b, image) => {
      const stem = convBnRelu(b, image, 64, { id: 1, kernel: 3 });
      const features = preActStages(b, stem, (x, out, stride) =>
        preActBlock(b, x, out, stride, (residual) => squeezeExcite(b, residual, { squeezed: out / REDUCTION })),
      );
      return classifier(b, features, 4);
    }),
};
