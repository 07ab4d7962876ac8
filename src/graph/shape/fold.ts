// Folding: the numbers of small tensors, computed before the network runs, so that Shape → Gather → Concat → Reshape
// chains resolve. Only what shape arithmetic needs; no weights, no large tensors.
import type { DataType } from "../dtype.ts";
import { isFloat } from "../dtype.ts";
import type { ConstantValue } from "../graph.ts";
import { broadcast } from "./dims.ts";
import type { FoldRule, ShapeContext } from "./rule.ts";

/** Larger tensors are not shape arithmetic and are left alone. */
export const MAX_FOLDED_ELEMENTS = 1024;

/** The numbers of all inputs, or undefined while one is not known. */
export function allConstants(c: ShapeContext): readonly ConstantValue[] | undefined {
  const values: ConstantValue[] = [];
  for (let i = 0; i < c.layer.inputs.length; i++) {
    const value = c.constant(i);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** Rounds to what the element type can hold; undefined for what it cannot (a division by zero of integers). */
function rounded(dtype: DataType, value: number): number | undefined {
  if (dtype === "float64") return value;
  if (dtype === "bool") return value === 0 ? 0 : 1;
  if (isFloat(dtype)) return Math.fround(value);
  return Number.isFinite(value) ? Math.trunc(value) : undefined;
}

/** A constant of `shape` with `at(flat index)` as numbers; undefined when too large or not representable. */
export function foldedTensor(
  dtype: DataType,
  shape: readonly number[],
  at: (index: number) => number,
): ConstantValue | undefined {
  const count = shape.reduce((a, b) => a * b, 1);
  if (count > MAX_FOLDED_ELEMENTS) return undefined;
  const data = new Array<number>(count);
  for (let i = 0; i < count; i++) {
    const value = rounded(dtype, at(i));
    if (value === undefined) return undefined;
    data[i] = value;
  }
  return { dtype, shape, data };
}

/** Row-major steps between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** The numbers of `value` moved to `shape`: `from` tells which flat index stands at each coordinate. */
export function foldedMove(
  value: ConstantValue,
  shape: readonly number[],
  from: (coordinate: readonly number[]) => number,
): ConstantValue | undefined {
  const strides = stridesOf(shape);
  return foldedTensor(value.dtype, shape, (index) => {
    const coordinate = shape.map((length, axis) => Math.floor(index / strides[axis]!) % length);
    return value.data[from(coordinate)]!;
  });
}

/** Flat index into a tensor of `shape` at a coordinate, with broadcasting of leading and unit axes. */
export function flatIndex(shape: readonly number[], coordinate: readonly number[]): number {
  const lead = coordinate.length - shape.length;
  let index = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!;
    index = index * length + (length === 1 ? 0 : coordinate[axis + lead]!);
  }
  return index;
}

/** Element by element with broadcasting. `dtype`: of the result, by name or as that of input `dtype`; default input 0's. */
export function foldElementwise(
  f: (values: readonly number[], integer: boolean) => number,
  dtype: DataType | number = 0,
): FoldRule {
  return (c) => {
    const values = allConstants(c);
    const typed = typeof dtype === "number" ? values?.[dtype]?.dtype : dtype;
    if (values?.[0] === undefined || typed === undefined) return undefined;
    const shape = broadcast(
      c,
      values.map((value) => value.shape),
    ) as readonly number[];
    const strides = stridesOf(shape);
    const integer = !isFloat(values[0].dtype);
    const folded = foldedTensor(typed, shape, (index) => {
      const coordinate = shape.map((length, axis) => Math.floor(index / strides[axis]!) % length);
      return f(
        values.map((value) => value.data[flatIndex(value.shape, coordinate)]!),
        integer,
      );
    });
    return [folded];
  };
}
