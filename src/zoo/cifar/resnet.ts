// ResNet-18 [He2016] with a 3×3 stem at stride 1.
import type { ZooNetwork } from "../network.ts";
import { basicBlock, cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR, sequence, stageStrides } from "./blocks.ts";

export const RESNET18: ZooNetwork = {
  name: "cifar/resnet18",
  summary: "ResNet-18: eight residual blocks of two 3×3 convolutions",
  source: "He2016",
  published: { params: 11_173_962, macs: 555_422_720, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/resnet18", options, (b, image) => {
      const stem = convBnRelu(b, image, 64, { id: 1, kernel: 3 });
      const features = [64, 128, 256, 512].reduce(
        (x, out, i) =>
          sequence(b, x, `layer${i + 1}`, stageStrides(i === 0 ? 1 : 2, 2), (y, stride) =>
            basicBlock(b, y, out, stride),
          ),
        stem,
      );
      return classifier(b, features, 4);
    }),
};
