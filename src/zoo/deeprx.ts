// DeepRx [Honkala2021], the fully convolutional radio receiver, in its SIMO form: one slot of resource elements in, a
// log-likelihood ratio per element and bit out. Tensors are [N, planes, symbols (time), subcarriers (frequency)].
// Planes: received signal of each antenna, raw channel estimate of each antenna and the pilots, each real and imaginary:
// 4·antennas + 2. Which convolutions have a bias is settled by the parameter count: of all choices for the first, the
// projection and the output convolution and for a normalisation before the output, 1,232,776 (8 bits) is met only when
// all have one. The depthwise and pointwise convolutions have a bias in any case.
// Option `width` scales all channels, `middle` those of the middle blocks, as [DeepRxEnergy] sizes its networks. Option `depth` is the number of residual blocks: rows of the table below are taken
// at equal steps, first and last always among them, so that a deeper network repeats rows and a shallower one skips some.
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import type { ZooNetwork, ZooOptions } from "./network.ts";
import { countOf, scaled, widthOf } from "./options.ts";
import { add, batchNorm, conv, relu } from "./pieces.ts";

export interface DeepRxOptions extends ZooOptions {
  /** Width multiplier of the middle blocks alone (those of 128 and 256 channels), besides `width`; above 0, at most 64. Default 1. */
  readonly middle?: number;
  /** 1: no block is dilated. 0: as published. Default 0. */
  readonly undilated?: number;
  /** Receive antennas, Nr; 1 to 1,024. Default 2. */
  readonly antennas?: number;
  /** Output bits per resource element, B; 1 to 64. Default 8 (256-QAM). */
  readonly bits?: number;
  /** 1 to 100,000. Default 312 (26 resource blocks). */
  readonly subcarriers?: number;
  /** OFDM symbols in the slot; 1 to 10,000. Default 14. */
  readonly symbols?: number;
}

interface BlockForm {
  readonly channels: number;
  /** Dilation in time and in frequency. */
  readonly dilation: readonly [time: number, frequency: number];
}

/** The residual blocks of [Honkala2021]. */
const BLOCKS: readonly BlockForm[] = [
  { channels: 64, dilation: [1, 1] },
  { channels: 64, dilation: [1, 1] },
  { channels: 128, dilation: [2, 3] },
  { channels: 128, dilation: [2, 3] },
  { channels: 256, dilation: [2, 3] },
  { channels: 256, dilation: [3, 6] },
  { channels: 256, dilation: [2, 3] },
  { channels: 128, dilation: [2, 3] },
  { channels: 128, dilation: [2, 3] },
  { channels: 64, dilation: [1, 1] },
  { channels: 64, dilation: [1, 1] },
];
const STEM_CHANNELS = 64;
/** Depthwise channels per input channel. */
const MULTIPLIER = 2;

/** `depth` rows of the table at equal steps. */
function blocksOf(depth: number): BlockForm[] {
  const last = BLOCKS.length - 1;
  return Array.from({ length: depth }, (_, i) => BLOCKS[depth === 1 ? 0 : Math.round((i * last) / (depth - 1))]!);
}

/** BN, ReLU, depthwise 3×3, pointwise 1×1. */
function separable(b: NetworkBuilder, x: string, out: number, { dilation }: BlockForm, number: number): string {
  const channels = b.length(x, 1);
  const active = relu(b, batchNorm(b, x, `bn${number}`), `relu${number}`);
  // 3×3 "same": the padding equals the dilation
  const depthwise = { name: `depthwise${number}`, kernel: 3, pad: dilation, dilation, groups: channels };
  return conv(b, conv(b, active, channels * MULTIPLIER, depthwise), out, { name: `pointwise${number}`, kernel: 1 });
}

function residualBlock(b: NetworkBuilder, x: string, out: number, form: BlockForm): string {
  const y = separable(b, separable(b, x, out, form, 1), out, form, 2);
  const shortcut = b.length(x, 1) === out ? x : conv(b, x, out, { name: "projection", kernel: 1 });
  return add(b, y, shortcut);
}

/** @returns a network from "input" [batch, 4·antennas + 2, symbols, subcarriers] to [batch, bits, symbols, subcarriers]
 *  @throws InputError for an option that is no (whole) number in its range */
export function buildDeepRx(options: DeepRxOptions = {}): Graph {
  const width = widthOf(options);
  const middle = widthOf(options.middle === undefined ? {} : { width: options.middle });
  const planes = 4 * countOf("antennas", options.antennas ?? 2) + 2;
  const bits = countOf("bits", options.bits ?? 8);
  const symbols = countOf("symbols", options.symbols ?? 14);
  const subcarriers = countOf("subcarriers", options.subcarriers ?? 312);
  const blocks = blocksOf(countOf("depth", options.depth ?? BLOCKS.length));
  const b = new NetworkBuilder("deeprx", options.seed);
  let x = b.input("input", ["batch", planes, symbols, subcarriers]);
  x = conv(b, x, scaled(STEM_CHANNELS, width), { name: "conv_in", kernel: 3, pad: 1 });
  for (const [i, { channels, dilation }] of blocks.entries()) {
    const out = scaled(channels, channels > STEM_CHANNELS ? width * middle : width);
    const form: BlockForm = { channels, dilation: options.undilated ? [1, 1] : dilation };
    x = b.scope(`block${i + 1}`, () => residualBlock(b, x, out, form));
  }
  x = relu(b, batchNorm(b, x, "bn_out"), "relu_out");
  b.output(conv(b, x, bits, { name: "conv_out", kernel: 1 }));
  return b.graph();
}

export const DEEPRX: ZooNetwork = {
  name: "deeprx",
  summary: "DeepRx, a 5G receiver as a network: 10×14×312 in, 8 bits per resource element out",
  takes: ["width", "middle", "depth", "undilated", "antennas", "bits", "subcarriers", "symbols"],
  source: "Honkala2021",
  published: { params: 1_232_776, macs: 5_314_283_520, source: "derived by hand from the block table of Honkala2021" },
  build: buildDeepRx,
};
