// Sliding windows: how long the output of a convolution or pooling is along each spatial axis [ONNX].
import { intAttribute, intsAttribute, stringAttribute } from "../../attributes.ts";
import type { Dim } from "../../graph.ts";
import { UNKNOWN_DIM } from "../../graph.ts";
import { contradiction, printShape, type Shape } from "../dims.ts";
import type { ShapeContext } from "../rule.ts";

/** The window of a layer over `rank` spatial axes, defaults filled in. */
export interface Window {
  readonly kernel: Shape;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begin of every axis, then end of every axis. */
  readonly pads: readonly number[];
  readonly autoPad: string;
  readonly ceil: boolean;
}

const AUTO_PADS = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"];

/** Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode. `kernel` overrides: the weight's spatial axes. */
export function windowOf(c: ShapeContext, rank: number, kernel?: Shape): Window {
  const ints = (name: string, count: number, fallback: number, least: number): readonly number[] => {
    const given = intsAttribute(c.layer, name) ?? [];
    if (given.length === 0) return new Array<number>(count).fill(fallback);
    if (given.length !== count || given.some((value) => value < least))
      throw contradiction(c, `${name} is ${printShape(given)}, expected ${count} numbers of at least ${least}`);
    return given;
  };
  const autoPad = stringAttribute(c.layer, "auto_pad", "NOTSET");
  if (!AUTO_PADS.includes(autoPad)) throw contradiction(c, `auto_pad is ${autoPad}, expected ${AUTO_PADS.join(", ")}`);
  const shape = intsAttribute(c.layer, "kernel_shape");
  if (kernel !== undefined && shape !== undefined && shape.length > 0) {
    const agrees =
      shape.length === kernel.length && shape.every((k, i) => typeof kernel[i] !== "number" || k === kernel[i]);
    if (!agrees) throw contradiction(c, `kernel_shape is ${printShape(shape)} but the weight is ${printShape(kernel)}`);
  }
  return {
    kernel:
      shape !== undefined && shape.length > 0
        ? ints("kernel_shape", rank, 1, 1)
        : (kernel ?? ints("kernel_shape", rank, 1, 1)),
    strides: ints("strides", rank, 1, 1),
    dilations: ints("dilations", rank, 1, 1),
    pads: ints("pads", 2 * rank, 0, Number.NEGATIVE_INFINITY),
    autoPad,
    ceil: intAttribute(c.layer, "ceil_mode", 0) === 1,
  };
}

/** Length along spatial axis `i`: floor((L + pads - reach) / stride) + 1, reach = (k - 1)·dilation + 1. */
export function slidLength(c: ShapeContext, dim: Dim, window: Window, i: number): Dim {
  const kernel = window.kernel[i]!;
  const stride = window.strides[i]!;
  const same = window.autoPad.startsWith("SAME");
  if (same && stride === 1) return dim;
  if (typeof dim !== "number") return UNKNOWN_DIM;
  if (same) return Math.ceil(dim / stride);
  if (typeof kernel !== "number") return UNKNOWN_DIM;
  const reach = (kernel - 1) * window.dilations[i]! + 1;
  const explicit = window.autoPad === "NOTSET";
  const begin = explicit ? window.pads[i]! : 0;
  const end = explicit ? window.pads[window.kernel.length + i]! : 0;
  const room = dim + begin + end - reach;
  if (room < 0)
    throw contradiction(
      c,
      `a window of ${reach} does not fit into ${dim + begin + end} (input ${dim}, padding ${begin + end})`,
    );
  if (!window.ceil) return Math.floor(room / stride) + 1;
  const length = Math.ceil(room / stride) + 1;
  // The last window must start inside the input or its leading padding [ONNX MaxPool-22].
  return (length - 1) * stride >= dim + begin ? length - 1 : length;
}
