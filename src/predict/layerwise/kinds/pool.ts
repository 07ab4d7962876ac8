// Pooling of images: comparisons (or additions) within windows, row by row of the window, written to fresh memory.
import type { LayerKind } from "./kind.ts";
import { fresh, HUGE_ELEMENTS, slide } from "./kind.ts";

/** Expected number of times that a maximum is replaced in `count` random numbers: the harmonic number. */
function newMaxima(count: number): number {
  let total = 0;
  for (let i = 1; i <= count; i++) total += 1 / i;
  return total;
}

export const pool: LayerKind = {
  id: "pool",
  matches: /pool/i,
  needs: ["batch_size", "image_size", "kernel_size", "in_channels", "stride", "padding"],
  takes: ["image_width", "kernel_width"],
  derive: (p) => {
    const { batch_size: batch, image_size: height, kernel_size: kernel, in_channels: channels } = p;
    const { image_width: width = height, kernel_width = kernel, stride, padding } = p;
    const rows = slide(height!, kernel!, stride!, padding!);
    const columns = slide(width!, kernel_width!, stride!, padding!);
    if (rows === undefined || columns === undefined) return undefined;
    const planes = batch! * channels!;
    const outputElements = planes * rows.outputs * columns.outputs;
    const taps = planes * rows.taps * columns.taps;
    const inputElements = planes * height! * width!;
    return {
      windowElements: outputElements * kernel! * kernel_width!,
      taps,
      windowRows: planes * rows.taps * columns.outputs,
      newMaxima: outputElements * newMaxima(Math.round(taps / outputElements)),
      inputElements,
      touchedElements: planes * rows.touched * columns.touched,
      outputElements,
      outputFresh: fresh(outputElements),
      outputOfHuge: inputElements > HUGE_ELEMENTS ? outputElements : 0,
    };
  },
  sets: {
    windows: ["windowElements"],
    bytes: ["inputElements", "outputElements"],
    work: ["taps", "inputElements", "outputElements"],
    physical: [
      "taps",
      "windowRows",
      "newMaxima",
      "inputElements",
      "touchedElements",
      "outputElements",
      "outputFresh",
      "outputOfHuge",
    ],
  },
  size: "taps",
};
