// AlexNet in the one-tower form of [Krizhevsky2014], as torchvision has it: five convolutions, three dense layers.
import type { ZooNetwork } from "../network.ts";
import { conv, flatten, linear, maxPool, relu } from "../pieces.ts";
import { CLASSES, imageNetwork, TORCHVISION } from "./frame.ts";

/** Channels, kernel, stride and padding of each convolution, and whether a 3×3 stride-2 pooling follows. */
const CONVOLUTIONS = [
  { out: 64, kernel: 11, stride: 4, pad: 2, pooled: true },
  { out: 192, kernel: 5, stride: 1, pad: 2, pooled: true },
  { out: 384, kernel: 3, stride: 1, pad: 1, pooled: false },
  { out: 256, kernel: 3, stride: 1, pad: 1, pooled: false },
  { out: 256, kernel: 3, stride: 1, pad: 1, pooled: true },
] as const;

export const ALEXNET: ZooNetwork = {
  name: "alexnet",
  summary: "AlexNet, the first deep network to win ImageNet: most weights in the dense layers, most MACs in the others",
  source: "Krizhevsky2014",
  published: { params: 61_100_840, macs: 714_188_480, source: TORCHVISION },
  build: (options = {}) =>
    imageNetwork("alexnet", options, (b, image) => {
      let x = image;
      for (const [i, { out, kernel, stride, pad, pooled }] of CONVOLUTIONS.entries()) {
        x = relu(b, conv(b, x, out, { name: `conv${i + 1}`, kernel, stride, pad }), `relu${i + 1}`);
        if (pooled) x = maxPool(b, x, { name: `pool${i + 1}`, kernel: 3, stride: 2 });
      }
      // torchvision's adaptive pooling to 6×6 changes nothing at this input size
      x = flatten(b, x);
      x = relu(b, linear(b, x, 4096, "fc1"), "relu6");
      x = relu(b, linear(b, x, 4096, "fc2"), "relu7");
      return linear(b, x, CLASSES, "fc3");
    }),
};
