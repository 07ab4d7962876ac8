// PNASNet [Liu2018], the repository's two small cells: A adds a separable convolution to max pooling; B adds in pairs
// and joins. "Separable" is the depthwise half alone, with the channels doubled at stride 2.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ZooNetwork, ZooOptions } from "../network.ts";
import { add, concat, maxPool, relu } from "../pieces.ts";
import { cifarGraph, classifier, convBn, convBnRelu, PYTORCH_CIFAR, sequence, stageStrides } from "./blocks.ts";

type Cell = (b: NetworkBuilder, x: string, out: number, stride: number) => string;

function separable(b: NetworkBuilder, x: string, out: number, kernel: number, stride: number): string {
  return b.scope(`sep${kernel}x${kernel}`, () => convBn(b, x, out, { kernel, stride, groups: b.length(x, 1) }));
}

/** 3×3 max pooling; at stride 2 a 1×1 convolution brings the channels along. */
function pooled(b: NetworkBuilder, x: string, out: number, stride: number): string {
  const y = maxPool(b, x, { name: "pool", kernel: 3, stride, pad: 1 });
  return stride === 1 ? y : convBn(b, y, out, { id: 1, kernel: 1 });
}

const cellA: Cell = (b, x, out, stride) => relu(b, add(b, separable(b, x, out, 7, stride), pooled(b, x, out, stride)));

const cellB: Cell = (b, x, out, stride) => {
  const left = relu(b, add(b, separable(b, x, out, 7, stride), separable(b, x, out, 3, stride), "add1"), "relu_left");
  const right = relu(b, add(b, pooled(b, x, out, stride), separable(b, x, out, 5, stride), "add2"), "relu_right");
  return convBnRelu(b, concat(b, [left, right]), out, { id: 2, kernel: 1 });
};

/** Stages of six cells, with one cell at stride 2 and twice the channels between them. */
const CELLS_PER_STAGE = 6;

function pnasnet(name: string, cell: Cell, width: number, options: ZooOptions | undefined): Graph {
  const stages = [
    { layer: "layer1", out: width, strides: stageStrides(1, CELLS_PER_STAGE) },
    { layer: "layer2", out: 2 * width, strides: [2] },
    { layer: "layer3", out: 2 * width, strides: stageStrides(1, CELLS_PER_STAGE) },
    { layer: "layer4", out: 4 * width, strides: [2] },
    { layer: "layer5", out: 4 * width, strides: stageStrides(1, CELLS_PER_STAGE) },
  ];
  return cifarGraph(name, options, (b, image) => {
    const stem = convBnRelu(b, image, width, { id: 1, kernel: 3 });
    const features = stages.reduce(
      (x, { layer, out, strides }) => sequence(b, x, layer, strides, (y, stride) => cell(b, y, out, stride)),
      stem,
    );
    return classifier(b, features, 8);
  });
}

export const PNASNET_A: ZooNetwork = {
  name: "cifar/pnasnet-a",
  summary: "PNASNet, cell A: twenty cells of one separable convolution and pooling",
  source: "Liu2018",
  published: { params: 130_646, macs: 28_037_856, source: PYTORCH_CIFAR },
  build: (options) => pnasnet("cifar/pnasnet-a", cellA, 44, options),
};

export const PNASNET_B: ZooNetwork = {
  name: "cifar/pnasnet-b",
  summary: "PNASNet, cell B: twenty cells of three separable convolutions and pooling",
  source: "Liu2018",
  published: { params: 451_626, macs: 74_474_752, source: PYTORCH_CIFAR },
  build: (options) => pnasnet("cifar/pnasnet-b", cellB, 32, options),
};
