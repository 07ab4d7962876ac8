// ResNeXt-29 2×64d [Xie2017]: bottleneck blocks whose 3×3 convolution has two groups of 64 channels, doubled each stage.
import type { ZooNetwork } from "../network.ts";
import {
  bottleneckBlock,
  cifarGraph,
  classifier,
  convBnRelu,
  PYTORCH_CIFAR,
  sequence,
  stageStrides,
} from "./blocks.ts";

const GROUPS = 2;
const GROUP_WIDTHS = [64, 128, 256];

export const RESNEXT29: ZooNetwork = {
  name: "cifar/resnext29-2x64d",
  summary: "ResNeXt-29: nine grouped bottleneck blocks, 2 groups of 64",
  source: "Xie2017",
  published: { params: 9_128_778, macs: 1_409_492_992, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/resnext29-2x64d", options, (b, image) => {
      const stem = convBnRelu(b, image, 64, { id: 1, kernel: 1 });
      const features = GROUP_WIDTHS.reduce((x, width, i) => {
        const middle = GROUPS * width;
        return sequence(b, x, `layer${i + 1}`, stageStrides(i === 0 ? 1 : 2, 3), (y, stride) =>
          bottleneckBlock(b, y, { middle, out: 2 * middle, stride, groups: GROUPS }),
        );
      }, stem);
      return classifier(b, features, 8);
    }),
};
