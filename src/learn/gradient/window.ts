// The window of a convolution or pooling with its padding settled for fixed lengths, and the attributes of the operators that
// undo it. No shape inference: that is graph/shape.
import { intsAttribute, stringAttribute } from "../../graph/attributes.ts";
import type { Layer } from "../../graph/graph.ts";

export interface FixedWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after each axis; `after` includes what rounding up adds. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * @param kernel spatial lengths of the window
 * @param input spatial lengths of the tensor that the window slides over
 * @param output how often it stops
 */
export function fixedWindow(
  layer: Layer,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): FixedWindow {
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(layer, "strides") ?? ones;
  const dilations = intsAttribute(layer, "dilations") ?? ones;
  const autoPad = stringAttribute(layer, "auto_pad", "NOTSET");
  const pads = intsAttribute(layer, "pads") ?? [];
  const covered = kernel.map((k, i) => (output[i]! - 1) * strides[i]! + (k - 1) * dilations[i]! + 1);
  const before = kernel.map((_, i) => {
    if (!autoPad.startsWith("SAME")) return autoPad === "VALID" ? 0 : (pads[i] ?? 0);
    const total = Math.max(0, covered[i]! - input[i]!);
    return autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  // negative where the last window ends before the input does
  const after = covered.map((length, i) => length - input[i]! - before[i]!);
  return { kernel, strides, dilations, before, after };
}

/** Attributes of the ConvTranspose that brings a gradient of `window`'s output back to its input. */
export function transposedAttributes(window: FixedWindow, group: number) {
  const { kernel, strides, dilations, before, after } = window;
  return {
    kernel_shape: kernel,
    strides,
    dilations,
    group,
    pads: [...before, ...after.map((length) => Math.max(0, length))],
    output_padding: after.map((length) => Math.max(0, -length)),
  };
}

/** All positions inside a window, last axis fastest. */
export function positionsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (positions, length) => positions.flatMap((position) => Array.from({ length }, (_, i) => [...position, i])),
    [[]],
  );
}
