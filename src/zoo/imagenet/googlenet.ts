// GoogLeNet [Szegedy2015] as torchvision has it: batch normalisation, no auxiliary heads, and a 3×3 convolution in the
// branch that the paper gives 5×5 (torchvision keeps that slip for its weights, pytorch/vision issue 906).
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { concat, maxPool, relu } from "../pieces.ts";
import { convNorm, imageNetwork, poolAndClassify, TORCHVISION } from "./frame.ts";

/** Output channels of an inception block's convolutions, in the paper's order (Table 1). */
interface Inception {
  readonly name: string;
  readonly one: number;
  readonly three: readonly [reduce: number, out: number];
  readonly five: readonly [reduce: number, out: number];
  readonly pool: number;
}

const STAGES: readonly (readonly Inception[])[] = [
  [
    { name: "inception3a", one: 64, three: [96, 128], five: [16, 32], pool: 32 },
    { name: "inception3b", one: 128, three: [128, 192], five: [32, 96], pool: 64 },
  ],
  [
    { name: "inception4a", one: 192, three: [96, 208], five: [16, 48], pool: 64 },
    { name: "inception4b", one: 160, three: [112, 224], five: [24, 64], pool: 64 },
    { name: "inception4c", one: 128, three: [128, 256], five: [24, 64], pool: 64 },
    { name: "inception4d", one: 112, three: [144, 288], five: [32, 64], pool: 64 },
    { name: "inception4e", one: 256, three: [160, 320], five: [32, 128], pool: 128 },
  ],
  [
    { name: "inception5a", one: 256, three: [160, 320], five: [32, 128], pool: 128 },
    { name: "inception5b", one: 384, three: [192, 384], five: [48, 128], pool: 128 },
  ],
];

interface UnitOptions {
  readonly kernel: number;
  readonly stride?: number;
}

/** Convolution of "same" padding, normalisation with epsilon 1e-3, ReLU; a block of its own. */
function unit(b: NetworkBuilder, name: string, x: string, out: number, { kernel, stride = 1 }: UnitOptions): string {
  const pad = (kernel - 1) / 2;
  return b.scope(name, () => relu(b, convNorm(b, x, out, { kernel, stride, pad, epsilon: 1e-3 })));
}

function inception(b: NetworkBuilder, x: string, form: Inception): string {
  return b.scope(form.name, () => {
    const pooled = maxPool(b, x, { name: "pool", kernel: 3, stride: 1, pad: 1, ceil: true });
    return concat(b, [
      unit(b, "one", x, form.one, { kernel: 1 }),
      unit(b, "three", unit(b, "three_reduce", x, form.three[0], { kernel: 1 }), form.three[1], { kernel: 3 }),
      unit(b, "five", unit(b, "five_reduce", x, form.five[0], { kernel: 1 }), form.five[1], { kernel: 3 }),
      unit(b, "pool_project", pooled, form.pool, { kernel: 1 }),
    ]);
  });
}

export const GOOGLENET: ZooNetwork = {
  name: "googlenet",
  summary: "GoogLeNet (Inception v1) without auxiliary heads: branches of several kernel sizes side by side",
  source: "Szegedy2015",
  published: { params: 6_624_904, macs: 1_498_376_192, source: TORCHVISION },
  build: (options = {}) =>
    imageNetwork("googlenet", options, (b, image) => {
      let x = unit(b, "conv1", image, 64, { kernel: 7, stride: 2 });
      x = maxPool(b, x, { name: "pool1", kernel: 3, stride: 2, ceil: true });
      x = unit(b, "conv2", x, 64, { kernel: 1 });
      x = unit(b, "conv3", x, 192, { kernel: 3 });
      x = maxPool(b, x, { name: "pool2", kernel: 3, stride: 2, ceil: true });
      for (const form of STAGES[0]!) x = inception(b, x, form);
      x = maxPool(b, x, { name: "pool3", kernel: 3, stride: 2, ceil: true });
      for (const form of STAGES[1]!) x = inception(b, x, form);
      x = maxPool(b, x, { name: "pool4", kernel: 2, stride: 2, ceil: true });
      for (const form of STAGES[2]!) x = inception(b, x, form);
      return poolAndClassify(b, x);
    }),
};
