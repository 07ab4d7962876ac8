// Pre-activation ResNet-18 [He2016b]: normalisation and ReLU come before each convolution. As in the repository, nothing
// normalises the last sum before the head.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { add, batchNorm, conv, relu } from "../pieces.ts";
import { cifarGraph, classifier, PYTORCH_CIFAR, sequence, stageStrides } from "./blocks.ts";

/** One block. `gate` scales the residual before the sum (SENet); default: nothing does. */
export function preActBlock(
  b: NetworkBuilder,
  x: string,
  out: number,
  stride: number,
  gate: (residual: string) => string = (residual) => residual,
): string {
  const ready = relu(b, batchNorm(b, x, "bn1"), "relu1");
  const fits = stride === 1 && b.length(x, 1) === out;
  const shortcut = fits ? x : conv(b, ready, out, { name: "shortcut", kernel: 1, stride, bias: false });
  const first = conv(b, ready, out, { name: "conv1", kernel: 3, stride, pad: 1, bias: false });
  const middle = relu(b, batchNorm(b, first, "bn2"), "relu2");
  const second = conv(b, middle, out, { name: "conv2", kernel: 3, pad: 1, bias: false });
  return add(b, gate(second), shortcut);
}

/** Four stages of two blocks with 64 … 512 channels. */
export function preActStages(
  b: NetworkBuilder,
  stem: string,
  block: (x: string, out: number, stride: number) => string,
): string {
  return [64, 128, 256, 512].reduce(
    (x, out, i) =>
      sequence(b, x, `layer${i + 1}`, stageStrides(i === 0 ? 1 : 2, 2), (y, stride) => block(y, out, stride)),
    stem,
  );
}

export const PREACT_RESNET18: ZooNetwork = {
  name: "cifar/preactresnet18",
  summary: "ResNet-18 with normalisation and ReLU before the convolutions",
  source: "He2016b",
  published: { params: 11_171_146, macs: 555_422_720, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/preactresnet18", options, (b, image) => {
      const stem = conv(b, image, 64, { name: "conv1", kernel: 3, pad: 1, bias: false });
      return classifier(
        b,
        preActStages(b, stem, (x, out, stride) => preActBlock(b, x, out, stride)),
        4,
      );
    }),
};
