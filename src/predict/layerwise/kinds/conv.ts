// Convolutions of images. Libraries compute output channels in blocks, read the input once per block, skip padding, and write to fresh memory.
import type { LayerKind } from "./kind.ts";
import { blocks, fresh, SIMD_WIDTH, slide } from "./kind.ts";

export const conv: LayerKind = {
  id: "conv",
  matches: /^conv/i,
  needs: ["batch_size", "image_size", "kernel_size", "in_channels", "out_channels", "stride", "padding"],
  takes: ["image_width", "kernel_width", "groups"],
  derive: (p) => {
    const {
      batch_size: batch,
      image_size: height,
      kernel_size: kernel,
      in_channels: inputs,
      out_channels: outputs,
    } = p;
    const { image_width: width = height, kernel_width = kernel, groups = 1, stride, padding } = p;
    const rows = slide(height!, kernel!, stride!, padding!);
    const columns = slide(width!, kernel_width!, stride!, padding!);
    if (rows === undefined || columns === undefined) return undefined;
    const perGroup = inputs! / groups;
    const weights = outputs! * perGroup * kernel! * kernel_width!;
    const touchedElements = batch! * inputs! * rows.touched * columns.touched;
    const inputElements = batch! * inputs! * height! * width!;
    const outputElements = batch! * outputs! * rows.outputs * columns.outputs;
    const outputBlocks = blocks(outputs! / groups);
    // Input channels are padded to whole blocks too, but not where there is less than one: first layers have code of their own.
    const summed = perGroup > SIMD_WIDTH ? blocks(perGroup) * SIMD_WIDTH : perGroup;
    return {
      macs: batch! * rows.outputs * columns.outputs * weights,
      blockMacs: batch! * rows.taps * columns.taps * summed * outputBlocks * SIMD_WIDTH * groups,
      inputElements,
      touchedElements,
      touchedFresh: fresh(inputElements) > 0 ? touchedElements : 0,
      inputSweeps: touchedElements * outputBlocks,
      outputElements,
      outputFresh: fresh(outputElements),
      weights,
      weightReads: batch! * weights,
    };
  },
  sets: {
    macs: ["macs"],
    bytes: ["inputElements", "outputElements", "weights"],
    work: ["macs", "inputElements", "outputElements", "weights"],
    physical: [
      "blockMacs",
      "inputSweeps",
      "inputElements",
      "touchedElements",
      "touchedFresh",
      "outputElements",
      "outputFresh",
      "weightReads",
    ],
  },
  size: "macs",
};
