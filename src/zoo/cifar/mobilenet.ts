// MobileNet [Howard2017]: depthwise 3×3 and pointwise 1×1 convolutions, 3×3 stem at stride 1.
import type { ZooNetwork } from "../network.ts";
import { cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR, sequence } from "./blocks.ts";

const BLOCKS = [
  { out: 64, stride: 1 },
  { out: 128, stride: 2 },
  { out: 128, stride: 1 },
  { out: 256, stride: 2 },
  { out: 256, stride: 1 },
  { out: 512, stride: 2 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 512, stride: 1 },
  { out: 1024, stride: 2 },
  { out: 1024, stride: 1 },
];

export const MOBILENET: ZooNetwork = {
  name: "cifar/mobilenet",
  summary: "MobileNet: thirteen depthwise and pointwise pairs",
  source: "Howard2017",
  published: { params: 3_217_226, macs: 46_354_432, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/mobilenet", options, (b, image) => {
      const stem = convBnRelu(b, image, 32, { id: 1, kernel: 3 });
      const features = sequence(b, stem, "layers", BLOCKS, (x, { out, stride }) => {
        const channels = b.length(x, 1);
        const depthwise = convBnRelu(b, x, channels, { id: 1, kernel: 3, stride, groups: channels });
        return convBnRelu(b, depthwise, out, { id: 2, kernel: 1 });
      });
      return classifier(b, features, 2);
    }),
};
