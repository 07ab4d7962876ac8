// EfficientNet-B0 [Tan2019] as torchvision has it: inverted residuals with squeeze-and-excitation [Hu2018] and SiLU.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { add, silu, squeezeExcite } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

/** The paper's Table 1: expansion factor, kernel, stride of the first block, channels, blocks. */
const STAGES = [
  { expand: 1, kernel: 3, stride: 1, channels: 16, blocks: 1 },
  { expand: 6, kernel: 3, stride: 2, channels: 24, blocks: 2 },
  { expand: 6, kernel: 5, stride: 2, channels: 40, blocks: 2 },
  { expand: 6, kernel: 3, stride: 2, channels: 80, blocks: 3 },
  { expand: 6, kernel: 5, stride: 1, channels: 112, blocks: 3 },
  { expand: 6, kernel: 5, stride: 2, channels: 192, blocks: 4 },
  { expand: 6, kernel: 3, stride: 1, channels: 320, blocks: 1 },
] as const;

function block(b: NetworkBuilder, x: string, form: (typeof STAGES)[number], stride: number): string {
  const { expand, kernel, channels: out } = form;
  const channels = b.length(x, 1);
  const hidden = channels * expand;
  let y = x;
  if (expand !== 1)
    y = silu(b, convNorm(b, y, hidden, { name: "expand", norm: "expand_bn", kernel: 1 }), "expand_silu");
  const pad = (kernel - 1) / 2;
  const depthwise = { name: "depthwise", norm: "depthwise_bn", kernel, pad, stride, groups: hidden };
  y = silu(b, convNorm(b, y, hidden, depthwise), "depthwise_silu");
  // a quarter of the block's input, not of its widened channels
  y = squeezeExcite(b, y, { squeezed: Math.max(1, Math.floor(channels / 4)), activation: silu });
  y = convNorm(b, y, out, { name: "project", norm: "project_bn", kernel: 1 });
  return stride === 1 && channels === out ? add(b, x, y) : y;
}

export const EFFICIENTNET_B0: ZooNetwork = {
  name: "efficientnet-b0",
  summary: "EfficientNet-B0: found by search for accuracy per FLOP, with squeeze-and-excitation gates",
  source: "Tan2019",
  published: { params: 5_288_548, macs: 385_814_752, source: TORCHVISION },
  build: (options = {}) =>
    imageNetwork("efficientnet-b0", options, (b, image) => {
      let x = silu(b, convNorm(b, image, 32, { name: "conv1", norm: "bn1", kernel: 3, stride: 2, pad: 1 }), "silu1");
      for (const [stage, form] of STAGES.entries()) {
        for (let i = 1; i <= form.blocks; i++) {
          const stride = i === 1 ? form.stride : 1;
          x = b.scope(`stage${stage + 1}`, () => b.scope(`block${i}`, () => block(b, x, form, stride)));
        }
      }
      x = silu(b, convNorm(b, x, 1280, { name: "conv2", norm: "bn2", kernel: 1 }), "silu2");
      return poolAndClassify(b, x);
    }),
};
