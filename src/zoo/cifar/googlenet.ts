// GoogLeNet [Szegedy2015] with batch normalisation, biases kept, two 3×3 convolutions in place of the 5×5, no auxiliary
// heads and a 3×3 stem at stride 1.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { concat, maxPool } from "../pieces.ts";
import { cifarGraph, classifier, convBnRelu, PYTORCH_CIFAR } from "./blocks.ts";

/** Channels of the four branches: 1×1; 1×1 then 3×3; 1×1 then 3×3 twice; pooling then 1×1. */
interface Inception {
  readonly name: string;
  readonly one: number;
  readonly three: readonly [number, number];
  readonly five: readonly [number, number];
  readonly pooled: number;
}

const STAGES: readonly (readonly Inception[])[] = [
  [
    { name: "a3", one: 64, three: [96, 128], five: [16, 32], pooled: 32 },
    { name: "b3", one: 128, three: [128, 192], five: [32, 96], pooled: 64 },
  ],
  [
    { name: "a4", one: 192, three: [96, 208], five: [16, 48], pooled: 64 },
    { name: "b4", one: 160, three: [112, 224], five: [24, 64], pooled: 64 },
    { name: "c4", one: 128, three: [128, 256], five: [24, 64], pooled: 64 },
    { name: "d4", one: 112, three: [144, 288], five: [32, 64], pooled: 64 },
    { name: "e4", one: 256, three: [160, 320], five: [32, 128], pooled: 128 },
  ],
  [
    { name: "a5", one: 256, three: [160, 320], five: [32, 128], pooled: 128 },
    { name: "b5", one: 384, three: [192, 384], five: [48, 128], pooled: 128 },
  ],
];

function inception(b: NetworkBuilder, x: string, { name, one, three, five, pooled }: Inception): string {
  /** Convolutions in a row: [channels, kernel]. */
  const branch = (id: string, from: string, convolutions: readonly (readonly [number, number])[]): string =>
    b.scope(id, () =>
      convolutions.reduce(
        (y, [out, kernel], i) => convBnRelu(b, y, out, { id: i + 1, kernel, bias: true }),
        id === "b4" ? maxPool(b, from, { name: "pool", kernel: 3, stride: 1, pad: 1 }) : from,
      ),
    );
  return b.scope(name, () =>
    concat(b, [
      branch("b1", x, [[one, 1]]),
      branch("b2", x, [
        [three[0], 1],
        [three[1], 3],
      ]),
      branch("b3", x, [
        [five[0], 1],
        [five[1], 3],
        [five[1], 3],
      ]),
      branch("b4", x, [[pooled, 1]]),
    ]),
  );
}

export const GOOGLENET: ZooNetwork = {
  name: "cifar/googlenet",
  summary: "GoogLeNet: nine inception blocks",
  source: "Szegedy2015",
  published: { params: 6_166_250, macs: 1_521_756_160, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/googlenet", options, (b, image) => {
      const stem = b.scope("stem", () => convBnRelu(b, image, 192, { kernel: 3, bias: true }));
      const features = STAGES.reduce((x, blocks, i) => {
        const smaller = i === 0 ? x : maxPool(b, x, { name: `maxpool${i}`, kernel: 3, stride: 2, pad: 1 });
        return blocks.reduce((y, block) => inception(b, y, block), smaller);
      }, stem);
      return classifier(b, features, 8);
    }),
};
