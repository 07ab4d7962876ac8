// Walking a tensor along one of its axes: where the numbers of each index lie.
import type { Tensor } from "../../../runtime/tensor.ts";

export type Floats = Float32Array | Float64Array;

export const floatsOf = (tensor: Tensor | undefined): Floats | undefined =>
  tensor?.data instanceof Float32Array || tensor?.data instanceof Float64Array ? tensor.data : undefined;

/** Positions of every index of an axis: calls back with the index and the position. */
export function eachAlong(shape: readonly number[], axis: number, visit: (index: number, at: number) => void): void {
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const length = shape[axis]!;
  const count = shape.reduce((product, one) => product * one, 1);
  for (let at = 0; at < count; at++) visit(Math.floor(at / inner) % length, at);
}
