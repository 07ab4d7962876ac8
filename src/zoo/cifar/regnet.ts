// RegNetX-200MF [Radosavovic2020]: bottleneck blocks without a bottleneck, groups of eight channels, 64-channel stem.
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

const GROUP_WIDTH = 8;
const STAGES = [
  { width: 24, depth: 1, stride: 1 },
  { width: 56, depth: 1, stride: 1 },
  { width: 152, depth: 4, stride: 2 },
  { width: 368, depth: 7, stride: 2 },
];

export const REGNETX_200MF: ZooNetwork = {
  name: "cifar/regnetx-200mf",
  summary: "RegNetX-200MF: thirteen grouped residual blocks",
  source: "Radosavovic2020",
  published: { params: 2_321_946, macs: 223_317_600, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/regnetx-200mf", options, (b, image) => {
      const stem = convBnRelu(b, image, 64, { id: 1, kernel: 3 });
      const features = STAGES.reduce(
        (x, { width, depth, stride: first }, i) =>
          sequence(b, x, `layer${i + 1}`, stageStrides(first, depth), (y, stride) =>
            bottleneckBlock(b, y, { middle: width, out: width, stride, groups: width / GROUP_WIDTH }),
          ),
        stem,
      );
      return classifier(b, features, "global");
    }),
};
