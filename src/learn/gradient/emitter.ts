// Writes operators for gradients: thin functions over NetworkBuilder, so that a rule reads like its equation. All shapes
// are numbers here. Only forms that mean the same in operator sets 17 and newer.
import type { AttributeValue, NetworkBuilder } from "../../graph/build.ts";
import type { DataType } from "../../graph/dtype.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

export const productOf = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);

/** Sets of operators from which ReduceMean and its like take their axes as an input. */
const AXES_AS_INPUT = 18;

/** Operators appended to one builder; constants are made once each. A lifetime, hence a class. */
export class Emitter {
  readonly b: NetworkBuilder;
  /** Channels in a block of the runtime's blocked convolutions; undefined: it has none. */
  readonly block: number | undefined;
  readonly #opset: number;
  readonly #constants = new Map<string, string>();

  constructor(b: NetworkBuilder, opset: number, block?: number) {
    this.b = b;
    this.block = block;
    this.#opset = opset;
  }

  op(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ""): string {
    return this.b.layer(op, inputs, { attributes, domain });
  }

  shape(x: string): readonly number[] {
    const shape = this.b.shapeOf(x);
    if (shape.some((dim) => typeof dim !== "number"))
      throw new Error(`${this.b.name}: the shape of "${x}" is not fixed`);
    return shape as readonly number[];
  }

  dtype(x: string): DataType {
    return this.b.typeOf(x).dtype;
  }

  /** A constant tensor, shared by all who ask for the same one. */
  constant(dtype: DataType, data: readonly number[], shape: readonly number[] = [data.length]): string {
    const key = `${dtype}|${shape.join()}|${data.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.b.constant("constant", dtype, data, shape);
    this.#constants.set(key, name);
    return name;
  }

  ints(...data: number[]): string {
    return this.constant("int64", data);
  }

  /** A number without axes, of the element type of `like`. */
  scalar(value: number, like: string): string {
    return this.constant(this.dtype(like), [value], []);
  }

  #operand(x: string | number, like: string | number): string {
    return typeof x === "number" ? this.scalar(x, like as string) : x;
  }

  #binary(op: string, x: string | number, y: string | number): string {
    return this.op(op, [this.#operand(x, y), this.#operand(y, x)]);
  }

  add(x: string | number, y: string | number): string {
    return this.#binary("Add", x, y);
  }
  sub(x: string | number, y: string | number): string {
    return this.#binary("Sub", x, y);
  }
  mul(x: string | number, y: string | number): string {
    return this.#binary("Mul", x, y);
  }
  div(x: string | number, y: string | number): string {
    return this.#binary("Div", x, y);
  }
  pow(x: string | number, y: string | number): string {
    return this.#binary("Pow", x, y);
  }
  square(x: string): string {
    return this.op("Mul", [x, x]);
  }

  /** 1 where x > y, else 0, in the element type of x. */
  above(x: string, y: string | number): string {
    return this.cast(this.op("Greater", [x, this.#operand(y, x)]), this.dtype(x));
  }
  /** 1 where x < y, else 0, in the element type of x. */
  below(x: string, y: string | number): string {
    return this.cast(this.op("Less", [x, this.#operand(y, x)]), this.dtype(x));
  }
  /** 1 where x = y, else 0, in the element type of x. */
  equal(x: string, y: string): string {
    return this.cast(this.op("Equal", [x, y]), this.dtype(x));
  }
  /** x > bound ? a : b. */
  whereAbove(x: string, bound: number, a: string | number, b: string | number): string {
    return this.op("Where", [this.op("Greater", [x, this.scalar(bound, x)]), this.#operand(a, x), this.#operand(b, x)]);
  }

  cast(x: string, dtype: DataType): string {
    return this.dtype(x) === dtype ? x : this.op("Cast", [x], { to: WIRE_NUMBERS[dtype] ?? 1 });
  }

  /** Sum over axes (not negative), which stay with length 1 unless `keep` is false. */
  sum(x: string, axes: readonly number[], keep = true): string {
    return axes.length === 0 ? x : this.op("ReduceSum", [x, this.ints(...axes)], { keepdims: keep ? 1 : 0 });
  }

  /** ReduceMean, ReduceMax and their like over axes that stay with length 1. */
  reduce(op: string, x: string, axes: readonly number[]): string {
    return this.#opset >= AXES_AS_INPUT
      ? this.op(op, [x, this.ints(...axes)], { keepdims: 1 })
      : this.op(op, [x], { axes, keepdims: 1 });
  }

  mean(x: string, axes: readonly number[]): string {
    return this.reduce("ReduceMean", x, axes);
  }

  /** Sum over everything: no axes left. */
  sumAll(x: string): string {
    const axes = this.shape(x).map((_, axis) => axis);
    return this.sum(x, axes, false);
  }

  reshape(x: string, shape: readonly number[]): string {
    const own = this.shape(x);
    if (own.length === shape.length && own.every((length, axis) => length === shape[axis])) return x;
    return this.op("Reshape", [x, this.ints(...shape)]);
  }

  transpose(x: string, perm: readonly number[]): string {
    return perm.every((axis, i) => axis === i) ? x : this.op("Transpose", [x], { perm });
  }

  /** Swaps the last two axes. */
  flip(x: string): string {
    const axes = this.shape(x).map((_, axis) => axis);
    const last = axes.length - 1;
    return this.transpose(x, axes.with(last, last - 1).with(last - 1, last));
  }

  expand(x: string, shape: readonly number[]): string {
    const own = this.shape(x);
    if (own.length === shape.length && own.every((length, axis) => length === shape[axis])) return x;
    return this.op("Expand", [x, this.ints(...shape)]);
  }

  /** From `start` to `end` (left out) of one axis. */
  slice(x: string, axis: number, start: number, end: number, step = 1): string {
    if (start === 0 && step === 1 && end === this.shape(x)[axis]) return x;
    return this.op("Slice", [x, this.ints(start), this.ints(end), this.ints(axis), this.ints(step)]);
  }

  /** x in the opposite order along the axes. */
  reverse(x: string, axes: readonly number[]): string {
    const turned = axes.filter((axis) => this.shape(x)[axis] !== 1);
    if (turned.length === 0) return x;
    const each = (value: number) => this.ints(...turned.map(() => value));
    return this.op("Slice", [x, each(-1), each(-(2 ** 31)), this.ints(...turned), each(-1)]);
  }

  /** Zeros put before and after each axis; negative numbers cut off. */
  pad(x: string, before: readonly number[], after: readonly number[]): string {
    if (before.every((n) => n === 0) && after.every((n) => n === 0)) return x;
    return this.op("Pad", [x, this.ints(...before, ...after)]);
  }

  concat(parts: readonly string[], axis: number): string {
    return parts.length === 1 ? parts[0]! : this.op("Concat", parts, { axis });
  }

  split(x: string, sizes: readonly number[], axis: number): string[] {
    if (sizes.length === 1) return [x];
    return this.b.layers("Split", [x, this.ints(...sizes)], sizes.length, { attributes: { axis } });
  }

  zeros(shape: readonly number[], like: string): string {
    return this.expand(this.scalar(0, like), shape);
  }

  /** The gradient of a tensor of `shape` that was broadcast to that of `g`: the sum over the axes that were stretched. */
  unbroadcast(g: string, shape: readonly number[]): string {
    const own = this.shape(g);
    const lead = own.length - shape.length;
    const axes = own
      .map((_, axis) => axis)
      .filter((axis) => axis < lead || (shape[axis - lead] === 1 && own[axis] !== 1));
    return this.reshape(this.sum(g, axes), shape);
  }
}

/** TensorProto.DataType of the types that gradients are cast to [ONNX]. */
const WIRE_NUMBERS: Partial<Readonly<Record<DataType, number>>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};
