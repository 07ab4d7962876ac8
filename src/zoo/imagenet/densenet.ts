// DenseNet-121 [Huang2017] as torchvision has it: every layer of a block reads all earlier ones of that block.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { averagePool, batchNorm, concat, conv, maxPool, relu } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

const GROWTH = 32;
const LAYERS = [6, 12, 24, 16] as const;

/** Normalise, ReLU, convolve without bias: DenseNet's order. */
function normConv(b: NetworkBuilder, x: string, out: number, kernel: number, number: number): string {
  const active = relu(b, batchNorm(b, x, `bn${number}`), `relu${number}`);
  return conv(b, active, out, { name: `conv${number}`, kernel, pad: (kernel - 1) / 2, bias: false });
}

/** Adds GROWTH channels to what the block has so far. */
function denseLayer(b: NetworkBuilder, x: string): string {
  const narrow = normConv(b, x, 4 * GROWTH, 1, 1);
  return concat(b, [x, normConv(b, narrow, GROWTH, 3, 2)]);
}

/** Halves channels, rows and columns. */
function transition(b: NetworkBuilder, x: string): string {
  return averagePool(b, normConv(b, x, b.length(x, 1) / 2, 1, 1), { name: "pool", kernel: 2 });
}

export const DENSENET121: ZooNetwork = {
  name: "densenet121",
  summary: "DenseNet-121: few parameters, many concatenations, so memory traffic weighs more than arithmetic",
  source: "Huang2017",
  published: { params: 7_978_856, macs: 2_834_161_664, source: TORCHVISION },
  build: (options = {}) =>
    imageNetwork("densenet121", options, (b, image) => {
      let x = relu(b, convNorm(b, image, 64, { name: "conv0", norm: "bn0", kernel: 7, stride: 2, pad: 3 }), "relu0");
      x = maxPool(b, x, { name: "pool0", kernel: 3, stride: 2, pad: 1 });
      for (const [i, count] of LAYERS.entries()) {
        b.scope(`dense${i + 1}`, () => {
          for (let j = 1; j <= count; j++) x = b.scope(`layer${j}`, () => denseLayer(b, x));
        });
        if (i < LAYERS.length - 1) x = b.scope(`transition${i + 1}`, () => transition(b, x));
      }
      return poolAndClassify(b, relu(b, batchNorm(b, x, "bn5"), "relu5"));
    }),
};
