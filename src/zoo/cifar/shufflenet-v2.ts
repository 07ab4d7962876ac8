// ShuffleNetV2 1× [Ma2018]: half of the channels pass by, the others are convolved, then both are shuffled. 3×3 stem at
// stride 1 without pooling.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { channelShuffle, concat, splitChannels } from "../pieces.ts";
import { cifarGraph, classifier, convBn, convBnRelu, PYTORCH_CIFAR, sequence, stageStrides } from "./blocks.ts";

/** 1×1, depthwise 3×3, 1×1, to `out` channels; layers are numbered from `id`. */
function branch(b: NetworkBuilder, x: string, out: number, stride: number, id: number): string {
  const narrow = convBnRelu(b, x, out, { id, kernel: 1 });
  const depthwise = convBn(b, narrow, out, { id: id + 1, kernel: 3, stride, groups: out });
  return convBnRelu(b, depthwise, out, { id: id + 2, kernel: 1 });
}

/** Keeps the shape: half passes by. */
function keepBlock(b: NetworkBuilder, x: string): string {
  const half = b.length(x, 1) / 2;
  const [passed, worked] = splitChannels(b, x, [half, half]);
  return channelShuffle(b, concat(b, [passed!, branch(b, worked!, half, 1, 1)]), 2);
}

/** Halves the image: both branches read all channels. */
function downBlock(b: NetworkBuilder, x: string, out: number): string {
  const channels = b.length(x, 1);
  const depthwise = convBn(b, x, channels, { id: 1, kernel: 3, stride: 2, groups: channels });
  const left = convBnRelu(b, depthwise, out / 2, { id: 2, kernel: 1 });
  return channelShuffle(b, concat(b, [left, branch(b, x, out / 2, 2, 3)]), 2);
}

/** Channels and number of blocks, the first one halving the image. */
const STAGES = [
  { out: 116, count: 4 },
  { out: 232, count: 8 },
  { out: 464, count: 4 },
];

export const SHUFFLENET_V2: ZooNetwork = {
  name: "cifar/shufflenet-v2",
  summary: "ShuffleNetV2 1×: sixteen shuffled blocks",
  source: "Ma2018",
  published: { params: 1_263_854, macs: 45_002_112, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/shufflenet-v2", options, (b, image) => {
      const stem = convBnRelu(b, image, 24, { id: 1, kernel: 3 });
      const features = STAGES.reduce(
        (x, { out, count }, i) =>
          sequence(b, x, `layer${i + 1}`, stageStrides(2, count), (y, stride) =>
            stride === 2 ? downBlock(b, y, out) : keepBlock(b, y),
          ),
        stem,
      );
      return classifier(b, convBnRelu(b, features, 1024, { id: 2, kernel: 1 }), 4);
    }),
};
