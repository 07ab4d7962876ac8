// ResNet-18 and ResNet-50 [He2016] as torchvision has them: the stride of a bottleneck sits in its 3×3 convolution.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { add, maxPool, relu } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

/** The convolutions of a residual block: what is added to the shortcut. `channels` is the stage's inner width. */
type Branch = (b: NetworkBuilder, x: string, channels: number, stride: number) => string;

const basic: Branch = (b, x, channels, stride) => {
  let y = convNorm(b, x, channels, { name: "conv1", norm: "bn1", kernel: 3, pad: 1, stride });
  y = relu(b, y, "relu1");
  return convNorm(b, y, channels, { name: "conv2", norm: "bn2", kernel: 3, pad: 1 });
};

const bottleneck: Branch = (b, x, channels, stride) => {
  let y = relu(b, convNorm(b, x, channels, { name: "conv1", norm: "bn1", kernel: 1 }), "relu1");
  y = relu(b, convNorm(b, y, channels, { name: "conv2", norm: "bn2", kernel: 3, pad: 1, stride }), "relu2");
  return convNorm(b, y, channels * 4, { name: "conv3", norm: "bn3", kernel: 1 });
};

function block(b: NetworkBuilder, x: string, branch: Branch, channels: number, stride: number): string {
  const y = branch(b, x, channels, stride);
  const out = b.length(y, 1);
  const same = stride === 1 && b.length(x, 1) === out;
  const shortcut = same ? x : convNorm(b, x, out, { name: "down", norm: "down_bn", kernel: 1, stride });
  return relu(b, add(b, y, shortcut), "relu");
}

function resnet(
  depth: number,
  branch: Branch,
  blocks: readonly number[],
  published: { readonly params: number; readonly macs: number },
): ZooNetwork {
  const name = `resnet${depth}`;
  return {
    name,
    summary: `ResNet with ${depth} weight layers: residual blocks in four stages`,
    source: "He2016",
    published: { ...published, source: TORCHVISION },
    build: (options = {}) =>
      imageNetwork(name, options, (b, image) => {
        let x = relu(b, convNorm(b, image, 64, { name: "conv1", norm: "bn1", kernel: 7, stride: 2, pad: 3 }), "relu1");
        x = maxPool(b, x, { name: "pool1", kernel: 3, stride: 2, pad: 1 });
        for (const [stage, count] of blocks.entries()) {
          for (let i = 1; i <= count; i++) {
            const stride = stage > 0 && i === 1 ? 2 : 1;
            x = b.scope(`stage${stage + 1}`, () =>
              b.scope(`block${i}`, () => block(b, x, branch, 64 * 2 ** stage, stride)),
            );
          }
        }
        return poolAndClassify(b, x);
      }),
  };
}

export const RESNET18 = resnet(18, basic, [2, 2, 2, 2], { params: 11_689_512, macs: 1_814_073_344 });
export const RESNET50 = resnet(50, bottleneck, [3, 4, 6, 3], { params: 25_557_032, macs: 4_089_184_256 });
