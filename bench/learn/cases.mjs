// The networks that bench/learn.mjs times, and how each is trained.

import { differentiate } from "../../dist/learn/differentiate.js";
import { onnxRuntime } from "../../dist/node/runtime/onnx-runtime.js";
import { chooseNetwork } from "../../dist/zoo/catalogue.js";
import { denseDeepRx } from "./dense-deeprx.mjs";

/** `limit`: most that our step may take of PyTorch's (issue 4 of the plan). */
export const CASES = {
  "mnist-cnn": {
    title: "MNIST CNN, batch 64",
    model: "zoo:mnist-cnn",
    batch: 64,
    loss: "cross-entropy",
    steps: 20,
    limit: 2.5,
  },
  deeprx: {
    title: "DeepRx, width 1/4, batch 8",
    model: "zoo:deeprx:width=0.25",
    batch: 8,
    loss: "bce",
    steps: 2,
    limit: 0.9,
  },
  "deeprx-dense": {
    title: "DeepRx with dense 3×3, width 1/2, batch 4",
    model: "zoo:deeprx:width=0.5",
    change: denseDeepRx,
    batch: 4,
    loss: "bce",
    steps: 2,
    limit: 1.5,
  },
  resnet18: {
    title: "ResNet-18 (CIFAR), batch 32",
    model: "zoo:cifar/resnet18",
    batch: 32,
    loss: "cross-entropy",
    steps: 2,
    limit: 1.8,
  },
};

/** The network of a case and its training step, as `joulecast train` makes it. */
export async function trainingOf({ model, change = (graph) => graph, loss, batch }) {
  const { network, options } = chooseNetwork(model);
  const graph = change(network.build(options));
  const convolutionBlock = await onnxRuntime().convolutionBlock();
  const training = differentiate(graph, {
    loss: { kind: loss },
    optimiser: { kind: "adam" },
    batch,
    ...(convolutionBlock !== undefined && { convolutionBlock }),
  });
  return { graph, training };
}
