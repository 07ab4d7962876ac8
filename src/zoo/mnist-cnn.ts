// The MNIST network of [Krouka2021], whose split between a device and a server the paper studies: four 5×5 "same"
// convolutions, each with ReLU and a pooling that rounds up (28 → 14 → 7 → 4 → 2), five dense layers, softmax.
// The paper does not say the kind of pooling; maximum is ours. Option `width` scales all layers but the ten classes.
import { NetworkBuilder } from "../graph/build.ts";
import type { ZooNetwork } from "./network.ts";
import { scaled, widthOf } from "./options.ts";
import { conv, flatten, linear, maxPool, relu } from "./pieces.ts";

const CONVOLUTIONS = [16, 32, 48, 64] as const;
const DENSE = [512, 256, 128, 64] as const;
const CLASSES = 10;

export const MNIST_CNN: ZooNetwork = {
  name: "mnist-cnn",
  summary:
    "The MNIST network of Krouka et al. for split inference: 1×28×28 in, probabilities of 10 digits; option width",
  source: "Krouka2021",
  published: {
    params: 433_274,
    macs: 6_236_544,
    source: "derived by hand from the layer sizes in Krouka2021, section IV",
  },
  takes: ["width"],
  build: (options = {}) => {
    const width = widthOf(options);
    const b = new NetworkBuilder("mnist-cnn", options.seed);
    let x = b.input("input", ["batch", 1, 28, 28]);
    for (const [i, channels] of CONVOLUTIONS.entries()) {
      x = conv(b, x, scaled(channels, width), { name: `conv${i + 1}`, kernel: 5, pad: 2 });
      x = relu(b, x, `relu${i + 1}`);
      x = maxPool(b, x, { name: `pool${i + 1}`, kernel: 2, ceil: true });
    }
    x = flatten(b, x);
    for (const [i, neurons] of DENSE.entries()) {
      x = linear(b, x, scaled(neurons, width), `fc${i + 1}`);
      x = relu(b, x, `relu${CONVOLUTIONS.length + i + 1}`);
    }
    x = linear(b, x, CLASSES, `fc${DENSE.length + 1}`);
    b.output(b.layer("Softmax", [x], { name: "softmax", attributes: { axis: -1 } }));
    return b.graph();
  },
};
