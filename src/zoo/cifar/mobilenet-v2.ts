// MobileNetV2 [Sandler2018] with stem and second stage at stride 1. Unlike the paper, plain ReLU, an expansion even at
// ratio 1, and a projected shortcut where a block at stride 1 changes the channels.
import type { ZooNetwork } from "../network.ts";
import { add } from "../pieces.ts";
import {
  bottleneckPath,
  cifarGraph,
  classifier,
  convBnRelu,
  PYTORCH_CIFAR,
  projection,
  sequence,
  stageStrides,
} from "./blocks.ts";

const STAGES = [
  { expansion: 1, out: 16, count: 1, stride: 1 },
  { expansion: 6, out: 24, count: 2, stride: 1 },
  { expansion: 6, out: 32, count: 3, stride: 2 },
  { expansion: 6, out: 64, count: 4, stride: 2 },
  { expansion: 6, out: 96, count: 3, stride: 1 },
  { expansion: 6, out: 160, count: 3, stride: 2 },
  { expansion: 6, out: 320, count: 1, stride: 1 },
];
const BLOCKS = STAGES.flatMap(({ expansion, out, count, stride: first }) =>
  stageStrides(first, count).map((stride) => ({ expansion, out, stride })),
);

export const MOBILENET_V2: ZooNetwork = {
  name: "cifar/mobilenet-v2",
  summary: "MobileNetV2: seventeen inverted residual blocks",
  source: "Sandler2018",
  published: { params: 2_296_922, macs: 91_154_944, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/mobilenet-v2", options, (b, image) => {
      const stem = convBnRelu(b, image, 32, { id: 1, kernel: 3 });
      const features = sequence(b, stem, "layers", BLOCKS, (x, { expansion, out, stride }) => {
        const middle = expansion * b.length(x, 1);
        const path = bottleneckPath(b, x, { middle, out, stride, groups: middle });
        return stride === 1 ? add(b, path, projection(b, x, out, stride)) : path;
      });
      return classifier(b, convBnRelu(b, features, 1280, { id: 2, kernel: 1 }), 4);
    }),
};
