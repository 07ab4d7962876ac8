// LeNet-5 [LeCun1998] for colour images, with ReLU and max pooling as today.
import type { ZooNetwork } from "../network.ts";
import { conv, flatten, linear, maxPool, relu } from "../pieces.ts";
import { CLASSES, cifarGraph, PYTORCH_CIFAR } from "./blocks.ts";

export const LENET: ZooNetwork = {
  name: "cifar/lenet",
  summary: "LeNet: two 5×5 convolutions and three dense layers",
  source: "LeCun1998",
  published: { params: 62_006, macs: 651_720, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/lenet", options, (b, image) => {
      const first = relu(b, conv(b, image, 6, { name: "conv1", kernel: 5 }), "relu1");
      const second = relu(
        b,
        conv(b, maxPool(b, first, { name: "pool1", kernel: 2 }), 16, { name: "conv2", kernel: 5 }),
        "relu2",
      );
      const features = flatten(b, maxPool(b, second, { name: "pool2", kernel: 2 }));
      const third = relu(b, linear(b, features, 120, "fc1"), "relu3");
      return linear(b, relu(b, linear(b, third, 84, "fc2"), "relu4"), CLASSES, "fc3");
    }),
};
