// EfficientNet-B0 [Tan2019] with a 3×3 stem at stride 1 and no last 1×1 convolution; swish activations, squeeze-and-
// excitation with a quarter of the block's input channels. 3,598,598 of the 3,599,686 weights take part in a pass.
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { add, silu, squeezeExcite } from "../pieces.ts";
import { cifarGraph, classifier, convBn, PYTORCH_CIFAR, sequence, stageStrides } from "./blocks.ts";

interface Block {
  readonly expansion: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
}

const STAGES = [
  { expansion: 1, out: 16, count: 1, kernel: 3, stride: 1 },
  { expansion: 6, out: 24, count: 2, kernel: 3, stride: 2 },
  { expansion: 6, out: 40, count: 2, kernel: 5, stride: 2 },
  { expansion: 6, out: 80, count: 3, kernel: 3, stride: 2 },
  { expansion: 6, out: 112, count: 3, kernel: 5, stride: 1 },
  { expansion: 6, out: 192, count: 4, kernel: 5, stride: 2 },
  { expansion: 6, out: 320, count: 1, kernel: 3, stride: 1 },
];
const BLOCKS: readonly Block[] = STAGES.flatMap(({ count, stride: first, ...stage }) =>
  stageStrides(first, count).map((stride) => ({ ...stage, stride })),
);

/**
 * The repository's first block owns an expansion that its forward pass skips, because the ratio is 1. Its 1,088 weights
 * are part of the published count and of the stored model, so the graph holds them too: each behind a Dropout, which at
 * inference does nothing and moves nothing, and whose result nobody reads.
 */
function unusedExpansion(b: NetworkBuilder, channels: number): void {
  const bound = 1 / Math.sqrt(channels);
  const weights = [
    b.weight("conv1/weight", [channels, channels, 1, 1], { kind: "uniform", bound, seed: b.nextSeed() }),
    b.weight("bn1/weight", [channels], { kind: "constant", value: 1 }),
    b.weight("bn1/bias", [channels], { kind: "constant", value: 0 }),
  ];
  for (const weight of weights) b.layer("Dropout", [weight], { name: "unused" });
}

function expand(b: NetworkBuilder, x: string, expansion: number): string {
  const channels = b.length(x, 1);
  if (expansion !== 1) return silu(b, convBn(b, x, expansion * channels, { id: 1, kernel: 1 }), "silu1");
  unusedExpansion(b, channels);
  return x;
}

function block(b: NetworkBuilder, x: string, { expansion, out, kernel, stride }: Block): string {
  const channels = b.length(x, 1);
  const groups = expansion * channels;
  const depthwise = convBn(b, expand(b, x, expansion), groups, { id: 2, kernel, stride, groups });
  const gated = squeezeExcite(b, silu(b, depthwise, "silu2"), {
    squeezed: Math.floor(channels / 4),
    activation: silu,
  });
  const path = convBn(b, gated, out, { id: 3, kernel: 1 });
  return stride === 1 && channels === out ? add(b, path, x) : path;
}

export const EFFICIENTNET_B0: ZooNetwork = {
  name: "cifar/efficientnet-b0",
  summary: "EfficientNet-B0: sixteen inverted residual blocks with squeeze-and-excitation",
  source: "Tan2019",
  published: { params: 3_599_686, macs: 30_331_392, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/efficientnet-b0", options, (b, image) => {
      const stem = silu(b, convBn(b, image, 32, { id: 1, kernel: 3 }));
      const features = sequence(b, stem, "layers", BLOCKS, (x, item) => block(b, x, item));
      return classifier(b, features, "global");
    }),
};
