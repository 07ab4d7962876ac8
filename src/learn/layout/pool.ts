// Maximum pooling over windows of 2×2 that do not overlap, with its gradient, in blocked form: the maximum of two columns, then of
// two rows, each one operator over whole blocks, instead of an operator that looks for indices. Of equal elements the first in
// the window's order takes the gradient, as with indices: left before right, then upper before lower.
import { intAttribute, intsAttribute } from "../../graph/attributes.ts";
import type { Layer } from "../../graph/graph.ts";
import type { Rewriting } from "./rewriting.ts";

/** What the gradient of a pooling reads. */
export interface Pooled {
  readonly left: string;
  readonly right: string;
  readonly upper: string;
  readonly lower: string;
  /** [N, C, H, W] of the input. */
  readonly shape: readonly number[];
}

/** Lowest float32: what fills up windows that stick out. */
const LOWEST = -3.4028234663852886e38;

const same = (list: readonly number[] | undefined, value: number): boolean =>
  list === undefined || list.every((n) => n === value);

/** Two spatial axes, 2×2, stride 2; an odd length only where it is rounded up. */
export function isPairPooling(layer: Layer, shape: readonly number[] | undefined): boolean {
  if (shape?.length !== 4 || layer.attributes.has("auto_pad")) return false;
  const ceil = intAttribute(layer, "ceil_mode", 0) === 1;
  return (
    intsAttribute(layer, "kernel_shape")?.join() === "2,2" &&
    intsAttribute(layer, "strides")?.join() === "2,2" &&
    same(intsAttribute(layer, "pads"), 0) &&
    same(intsAttribute(layer, "dilations"), 1) &&
    (ceil || shape.slice(2).every((length) => length % 2 === 0))
  );
}

/** @param x blocked form of a tensor of `shape`; @returns the blocked result and what the gradient reads */
export function pairPooling(
  r: Rewriting,
  x: string,
  shape: readonly number[],
): { readonly y: string; readonly pooled: Pooled } {
  const b = r.block;
  const [n, channels, height, width] = shape as [number, number, number, number];
  const [h, w, groups] = [Math.ceil(height / 2), Math.ceil(width / 2), channels / b];
  const sized = height === 2 * h && width === 2 * w ? x : filledUp(r, x, shape, h, w);
  const [left, right] = r.ops(
    "Split",
    [r.reshape(sized, [n * groups * 2 * h, w, 2, b])],
    two([n * groups * 2 * h, w, 1, b]),
    {
      attributes: { axis: 2 },
    },
  ) as [string, string];
  const wide = r.op("Max", [left, right], [n * groups * 2 * h, w, 1, b]);
  const [upper, lower] = r.ops(
    "Split",
    [r.reshape(wide, [n * groups * h, 2, w * b])],
    two([n * groups * h, 1, w * b]),
    {
      attributes: { axis: 1 },
    },
  ) as [string, string];
  const y = r.reshape(r.op("Max", [upper, lower], [n * groups * h, 1, w * b]), [n, channels, h, w]);
  return { y, pooled: { left, right, upper, lower, shape } };
}

const two = <T>(value: T): readonly [T, T] => [value, value];

function filledUp(r: Rewriting, x: string, shape: readonly number[], h: number, w: number): string {
  const [n, channels, height, width] = shape as [number, number, number, number];
  const groups = channels / r.block;
  const pads = r.ints(0, 0, 0, 0, 0, 2 * h - height, 2 * w - width, 0);
  const apart = r.reshape(x, [n * groups, height, width, r.block]);
  return r.op("Pad", [apart, pads, r.constant("float32", [LOWEST], [])], [n * groups, 2 * h, 2 * w, r.block]);
}

/** dy to the first of two equal elements, the rest to the second: [to the first, to the second]. */
function shared(r: Rewriting, dy: string, first: string, second: string): readonly [string, string] {
  const shape = r.shapeOf(first)!;
  const wins = r.op("GreaterOrEqual", [first, second], shape, { dtype: "bool" });
  const share = r.op("Mul", [dy, r.op("Cast", [wins], shape, { attributes: { to: 1 } })], shape);
  return [share, r.op("Sub", [dy, share], shape)];
}

/** @param dy blocked gradient of the result; @returns the blocked gradient of the input */
export function pairUnpooling(r: Rewriting, dy: string, { left, right, upper, lower, shape }: Pooled): string {
  const b = r.block;
  const [n, channels, height, width] = shape as [number, number, number, number];
  const [h, w, groups] = [Math.ceil(height / 2), Math.ceil(width / 2), channels / b];
  const rows = shared(r, r.reshape(dy, [n * groups * h, 1, w * b]), upper, lower);
  const wide = r.op("Concat", rows, [n * groups * h, 2, w * b], { attributes: { axis: 1 } });
  const columns = shared(r, r.reshape(wide, [n * groups * 2 * h, w, 1, b]), left, right);
  const whole = r.op("Concat", columns, [n * groups * 2 * h, w, 2, b], { attributes: { axis: 2 } });
  if (height === 2 * h && width === 2 * w) return r.reshape(whole, shape);
  const cut = r.op(
    "Slice",
    [r.reshape(whole, [n * groups, 2 * h, 2 * w, b]), r.ints(0, 0), r.ints(height, width), r.ints(1, 2)],
    [n * groups, height, width, b],
  );
  return r.reshape(cut, shape);
}
