// 2-D convolutions with a bias, dense or depthwise. Dilated and asymmetrically padded ones are not collected.
import { intAttribute, intsAttribute, stringAttribute } from "../../../graph/attributes.ts";
import type { NetworkBuilder } from "../../../graph/build.ts";
import type { Parameters } from "../../layerwise/parameters.ts";
import { seededWeight } from "../weights.ts";
import { type CollectedKind, imageOf, type LayerView, type ParameterRange } from "./kind.ts";

/** Share of configurations whose channels are whole blocks of 16, as in most networks. */
const BLOCKED = 0.75;
const BLOCK = 16;

const SIZES: Readonly<Record<string, ParameterRange>> = {
  batch_size: { low: 1, high: 64 },
  image_size: { low: 4, high: 256 },
  in_channels: { low: 1, high: 1024 },
};
const WINDOW: Readonly<Record<string, ParameterRange>> = {
  stride: { choices: [1, 1, 1, 2, 2, 4] },
  padding: { choices: [0, 1, 2, 3, 5] },
};

const rounded = (channels: number): number => (channels < BLOCK ? channels : Math.round(channels / BLOCK) * BLOCK);

/** A window that meets the image, padded by less than itself. */
function settled(drawn: Parameters): Parameters | undefined {
  const { kernel_size: kernel, image_size: image } = drawn as Record<string, number>;
  const padding = Math.min(drawn.padding!, Math.floor(kernel! / 2));
  const isLayer = image! + 2 * padding >= kernel! && drawn.stride! <= Math.max(2, kernel!);
  return isLayer ? { ...drawn, image_width: image!, padding } : undefined;
}

function build(b: NetworkBuilder, p: Parameters): string {
  const { batch_size, in_channels, out_channels, image_size, kernel_size, stride, padding, groups } = p as Record<
    string,
    number
  >;
  const x = b.input("x", [batch_size!, in_channels!, image_size!, p.image_width ?? image_size!]);
  const perGroup = in_channels! / groups!;
  const fan = perGroup * kernel_size! ** 2;
  const weight = seededWeight(b, "weight", [out_channels!, perGroup, kernel_size!, kernel_size!], fan);
  const bias = seededWeight(b, "bias", [out_channels!], fan);
  return b.layer("Conv", [x, weight, bias], {
    attributes: {
      kernel_shape: [kernel_size!, kernel_size!],
      strides: [stride!, stride!],
      pads: [padding!, padding!, padding!, padding!],
      group: groups!,
    },
  });
}

function read({ layer, inputs }: LayerView): Parameters | undefined {
  const image = imageOf(inputs[0]);
  const weight = inputs[1];
  if (image === undefined || weight?.length !== 4) return undefined;
  const strides = intsAttribute(layer, "strides") ?? [1, 1];
  const pads = intsAttribute(layer, "pads") ?? [0, 0, 0, 0];
  const dilations = intsAttribute(layer, "dilations") ?? [1, 1];
  const isSame = (values: readonly number[]) => values.every((value) => value === values[0]);
  const isSquare = weight[2] === weight[3] && isSame(strides) && isSame(pads);
  if (!isSquare || dilations.some((step) => step !== 1) || stringAttribute(layer, "auto_pad", "NOTSET") !== "NOTSET")
    return undefined;
  const groups = intAttribute(layer, "group", 1);
  const [out_channels, , kernel_size] = weight as [number, number, number, number];
  return { ...image, kernel_size, out_channels, stride: strides[0]!, padding: pads[0]!, groups };
}

const isDepthwise = ({ groups, in_channels }: Parameters): boolean => groups! > 1 && groups === in_channels;

export const conv: CollectedKind = {
  id: "conv",
  summary: "2-D convolution with bias, over all channels",
  ops: ["Conv"],
  ranges: {
    ...SIZES,
    out_channels: { low: 1, high: 1024 },
    kernel_size: { choices: [1, 1, 3, 3, 3, 5, 7, 11] },
    ...WINDOW,
  },
  settle: (drawn, random) => {
    const shape = random.uniform() < BLOCKED ? rounded : (channels: number) => channels;
    const [in_channels, out_channels] = [shape(drawn.in_channels!), shape(drawn.out_channels!)];
    return settled({ ...drawn, in_channels, out_channels, groups: 1 });
  },
  build,
  read: (view) => {
    const found = read(view);
    return found === undefined || isDepthwise(found) ? undefined : found;
  },
};

/** Its processor is another one: no sum over channels, so memory decides. A model of its own, therefore. */
export const depthwise: CollectedKind = {
  id: "conv-depthwise",
  summary: "2-D convolution of each channel by itself, with bias",
  ops: ["Conv"],
  ranges: {
    ...SIZES,
    in_channels: { low: 8, high: 1024 },
    kernel_size: { choices: [3, 3, 3, 5, 7] },
    stride: { choices: [1, 1, 2] },
    padding: { choices: [0, 1, 2, 3] },
  },
  settle: (drawn, random) => {
    const channels = random.uniform() < BLOCKED ? rounded(drawn.in_channels!) : drawn.in_channels!;
    return settled({ ...drawn, in_channels: channels, out_channels: channels, groups: channels });
  },
  build,
  read: (view) => {
    const found = read(view);
    return found !== undefined && isDepthwise(found) && found.out_channels === found.in_channels ? found : undefined;
  },
};
