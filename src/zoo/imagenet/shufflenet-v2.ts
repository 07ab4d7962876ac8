// ShuffleNetV2 x1.0 [Ma2018] as torchvision has it: half of the channels pass by, then the halves are shuffled.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { channelShuffle, concat, maxPool, relu, splitChannels } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

/** Channels and blocks of the paper's stages 2 to 4 (Table 5, 1×). */
const STAGES = [
  { name: "stage2", channels: 116, blocks: 4 },
  { name: "stage3", channels: 232, blocks: 8 },
  { name: "stage4", channels: 464, blocks: 4 },
] as const;

/** 1×1, depthwise 3×3, 1×1. */
function main(b: NetworkBuilder, x: string, out: number, stride: number): string {
  let y = relu(b, convNorm(b, x, out, { name: "conv1", norm: "bn1", kernel: 1 }), "relu1");
  y = convNorm(b, y, out, { name: "depthwise", norm: "bn2", kernel: 3, pad: 1, stride, groups: out });
  return relu(b, convNorm(b, y, out, { name: "conv2", norm: "bn3", kernel: 1 }), "relu2");
}

/** The other branch of a block that halves the image: depthwise 3×3, 1×1. */
function side(b: NetworkBuilder, x: string, out: number): string {
  const groups = b.length(x, 1);
  const y = convNorm(b, x, groups, { name: "side_depthwise", norm: "side_bn1", kernel: 3, pad: 1, stride: 2, groups });
  return relu(b, convNorm(b, y, out, { name: "side_conv", norm: "side_bn2", kernel: 1 }), "side_relu");
}

function block(b: NetworkBuilder, x: string, out: number, halves: boolean): string {
  const half = out / 2;
  if (halves) return channelShuffle(b, concat(b, [side(b, x, half), main(b, x, half, 2)]), 2);
  const [kept, worked] = splitChannels(b, x, [half, half]) as [string, string];
  return channelShuffle(b, concat(b, [kept, main(b, worked, half, 1)]), 2);
}

export const SHUFFLENET_V2: ZooNetwork = {
  name: "shufflenet-v2",
  summary: "ShuffleNetV2 x1.0: designed around memory traffic rather than FLOPs alone",
  source: "Ma2018",
  published: { params: 2_278_604, macs: 144_907_992, source: TORCHVISION },
  build: (options = {}) =>
    imageNetwork("shufflenet-v2", options, (b, image) => {
      let x = relu(b, convNorm(b, image, 24, { name: "conv1", norm: "bn1", kernel: 3, stride: 2, pad: 1 }), "relu1");
      x = maxPool(b, x, { name: "pool1", kernel: 3, stride: 2, pad: 1 });
      for (const { name, channels, blocks } of STAGES)
        for (let i = 1; i <= blocks; i++)
          x = b.scope(name, () => b.scope(`block${i}`, () => block(b, x, channels, i === 1)));
      x = relu(b, convNorm(b, x, 1024, { name: "conv5", norm: "bn5", kernel: 1 }), "relu5");
      return poolAndClassify(b, x);
    }),
};
