// VGG11, VGG13 and VGG16 [Simonyan2015] without batch normalisation, as torchvision has them: stages of 3×3 convolutions,
// each ended by a pooling that halves the image, then three dense layers.
import type { ZooNetwork } from "../network.ts";
import { conv, flatten, linear, maxPool, relu } from "../pieces.ts";
import { CLASSES, imageNetwork, TORCHVISION } from "./frame.ts";

/** Channels of the five stages; a member of the family says how many convolutions each stage has. */
const CHANNELS = [64, 128, 256, 512, 512] as const;

function vgg(depth: number, convolutions: readonly number[], params: number, macs: number): ZooNetwork {
  const name = `vgg${depth}`;
  return {
    name,
    summary: `VGG with ${depth} weight layers: plain 3×3 convolutions, costly and easy to reason about`,
    source: "Simonyan2015",
    published: { params, macs, source: TORCHVISION },
    build: (options = {}) =>
      imageNetwork(name, options, (b, image) => {
        let x = image;
        for (const [stage, count] of convolutions.entries()) {
          b.scope(`stage${stage + 1}`, () => {
            for (let i = 1; i <= count; i++)
              x = relu(b, conv(b, x, CHANNELS[stage]!, { name: `conv${i}`, kernel: 3, pad: 1 }), `relu${i}`);
            x = maxPool(b, x, { name: "pool", kernel: 2 });
          });
        }
        // torchvision's adaptive pooling to 7×7 changes nothing at this input size
        x = flatten(b, x);
        x = relu(b, linear(b, x, 4096, "fc1"), "relu1");
        x = relu(b, linear(b, x, 4096, "fc2"), "relu2");
        return linear(b, x, CLASSES, "fc3");
      }),
  };
}

export const VGG11 = vgg(11, [1, 1, 2, 2, 2], 132_863_336, 7_609_090_048);
export const VGG13 = vgg(13, [2, 2, 2, 2, 2], 133_047_848, 11_308_466_176);
export const VGG16 = vgg(16, [2, 2, 3, 3, 3], 138_357_544, 15_470_264_320);
