// Pooling of images: maxima or means of windows, and the mean of a whole image.
import { intAttribute, intsAttribute, stringAttribute } from "../../../graph/attributes.ts";
import type { AttributeValue } from "../../../graph/build.ts";
import { type CollectedKind, imageOf } from "./kind.ts";

function windows(
  id: string,
  op: string,
  summary: string,
  extra: Readonly<Record<string, AttributeValue>>,
): CollectedKind {
  return {
    id,
    summary,
    ops: [op],
    ranges: {
      batch_size: { low: 1, high: 64 },
      image_size: { low: 4, high: 256 },
      kernel_size: { choices: [2, 2, 3, 3, 3, 5, 7] },
      in_channels: { low: 1, high: 1024 },
      stride: { choices: [1, 2, 2, 2, 3] },
      padding: { choices: [0, 0, 1, 2] },
    },
    settle: (drawn) => {
      const kernel = drawn.kernel_size!;
      const padding = Math.min(drawn.padding!, Math.floor(kernel / 2));
      if (drawn.image_size! + 2 * padding < kernel || drawn.stride! > kernel) return undefined;
      return { ...drawn, image_width: drawn.image_size!, padding };
    },
    build: (b, p) => {
      const { batch_size, in_channels, image_size, kernel_size, stride, padding } = p as Record<string, number>;
      const x = b.input("x", [batch_size!, in_channels!, image_size!, p.image_width ?? image_size!]);
      const attributes = {
        kernel_shape: [kernel_size!, kernel_size!],
        strides: [stride!, stride!],
        pads: [padding!, padding!, padding!, padding!],
        ...extra,
      };
      return b.layer(op, [x], { attributes });
    },
    read: ({ layer, inputs }) => {
      const image = imageOf(inputs[0]);
      const kernel = intsAttribute(layer, "kernel_shape") ?? [];
      const strides = intsAttribute(layer, "strides") ?? [1, 1];
      const pads = intsAttribute(layer, "pads") ?? [0, 0, 0, 0];
      const isSquare = [kernel, strides, pads].every((values) => values.every((value) => value === values[0]));
      const isPlain =
        stringAttribute(layer, "auto_pad", "NOTSET") === "NOTSET" && intAttribute(layer, "ceil_mode", 0) === 0;
      if (image === undefined || kernel.length !== 2 || !isSquare || !isPlain) return undefined;
      return { ...image, kernel_size: kernel[0]!, stride: strides[0]!, padding: pads[0]! };
    },
  };
}

export const maxPool = windows("maxpool", "MaxPool", "maximum of square windows", {});
export const averagePool = windows("avgpool", "AveragePool", "mean of square windows", { count_include_pad: 1 });

export const globalPool: CollectedKind = {
  id: "globalaveragepool",
  summary: "mean of each channel's whole image",
  ops: ["GlobalAveragePool"],
  ranges: {
    batch_size: { low: 1, high: 64 },
    image_size: { low: 2, high: 112 },
    in_channels: { low: 8, high: 2048 },
  },
  // Described as one window over the whole image, so that the counts of pooling hold.
  settle: (drawn) => ({
    ...drawn,
    image_width: drawn.image_size!,
    kernel_size: drawn.image_size!,
    kernel_width: drawn.image_size!,
    stride: 1,
    padding: 0,
  }),
  build: (b, { batch_size, in_channels, image_size, image_width = image_size! }) =>
    b.layer("GlobalAveragePool", [b.input("x", [batch_size!, in_channels!, image_size!, image_width])]),
  read: ({ inputs }) => {
    const image = imageOf(inputs[0]);
    return (
      image && { ...image, kernel_size: image.image_size!, kernel_width: image.image_width!, stride: 1, padding: 0 }
    );
  },
};
