// MobileNetV2 [Sandler2018] as torchvision has it: inverted residuals (widen, depthwise 3×3, narrow) with ReLU6.
// Option `width` is the paper's width multiplier: channels are rounded to multiples of 8, as there.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { widthOf } from "../options.ts";
import { add, relu6 } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

/** The paper's Table 2: expansion factor, channels, blocks, stride of the first block. */
const STAGES = [
  { expand: 1, channels: 16, blocks: 1, stride: 1 },
  { expand: 6, channels: 24, blocks: 2, stride: 2 },
  { expand: 6, channels: 32, blocks: 3, stride: 2 },
  { expand: 6, channels: 64, blocks: 4, stride: 2 },
  { expand: 6, channels: 96, blocks: 3, stride: 1 },
  { expand: 6, channels: 160, blocks: 3, stride: 2 },
  { expand: 6, channels: 320, blocks: 1, stride: 1 },
] as const;

/** Nearest multiple of 8, at least 8, and never more than a tenth below `channels`: the rule of the MobileNet papers. */
export function toEights(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function invertedResidual(b: NetworkBuilder, x: string, expand: number, out: number, stride: number): string {
  const channels = b.length(x, 1);
  const hidden = channels * expand;
  let y = x;
  if (expand !== 1)
    y = relu6(b, convNorm(b, y, hidden, { name: "expand", norm: "expand_bn", kernel: 1 }), "expand_relu6");
  const depthwise = { name: "depthwise", norm: "depthwise_bn", kernel: 3, pad: 1, stride, groups: hidden };
  y = relu6(b, convNorm(b, y, hidden, depthwise), "depthwise_relu6");
  y = convNorm(b, y, out, { name: "project", norm: "project_bn", kernel: 1 });
  return stride === 1 && channels === out ? add(b, x, y) : y;
}

export const MOBILENET_V2: ZooNetwork = {
  name: "mobilenet-v2",
  summary: "MobileNetV2: depthwise convolutions for phones, few MACs per byte; option width",
  source: "Sandler2018",
  published: { params: 3_504_872, macs: 300_774_272, source: TORCHVISION },
  takes: ["width"],
  build: (options = {}) =>
    imageNetwork("mobilenet-v2", options, (b, image) => {
      const width = widthOf(options);
      const stem = { name: "conv1", norm: "bn1", kernel: 3, stride: 2, pad: 1 };
      let x = relu6(b, convNorm(b, image, toEights(32 * width), stem));
      let number = 0;
      for (const { expand, channels, blocks, stride } of STAGES) {
        for (let i = 0; i < blocks; i++) {
          const out = toEights(channels * width);
          x = b.scope(`block${++number}`, () => invertedResidual(b, x, expand, out, i === 0 ? stride : 1));
        }
      }
      const last = toEights(1280 * Math.max(1, width));
      x = relu6(b, convNorm(b, x, last, { name: "conv2", norm: "bn2", kernel: 1 }));
      return poolAndClassify(b, x);
    }),
};
