// The same numbers in another shape or order: Reshape, Transpose, Concat, Split, Pad, Tile and their kin [ONNX].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import {
  addDims,
  axesOf,
  axisOf,
  broadcast,
  contradiction,
  divideDim,
  hasInput,
  lengthOrThrow,
  mapDim,
  multiplyDims,
  printShape,
  productOf,
  type Shape,
  sameDim,
  shapeAtLeast,
  shapeInput,
  shapeOf,
  typed,
  unknownShape,
  withAxis,
} from "../dims.ts";
import { allConstants, flatIndex, foldedMove, stridesOf } from "../fold.ts";
import type { FoldRule, OperatorShape, ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

type Inferred = Shape | undefined;

/** A rule of one output that keeps the element type of input 0. */
const moving =
  (shape: (c: ShapeContext) => Inferred): ShapeRule =>
  (c) => [typed(c.inputs[0]?.dtype, shape(c))];

/** The numbers of input 0 under the inferred shape, in the same order. */
const relabel = (shape: (c: ShapeContext) => Inferred): OperatorShape => ({
  shape: moving(shape),
  fold: (c) => {
    const value = c.constant(0);
    const target = value === undefined ? undefined : shape(c);
    if (value === undefined || target === undefined || !target.every((dim) => typeof dim === "number"))
      return undefined;
    return [{ ...value, shape: target as readonly number[] }];
  },
});

/** What -1 stands for: the input's elements over the other lengths, symbols that stand on both sides cancelled. */
function remainder(c: ShapeContext, input: Shape, rest: Shape): Dim {
  const left = [...input];
  let divisor = 1;
  const symbols: Dim[] = [];
  for (const dim of rest) {
    const at = dim === UNKNOWN_DIM ? -1 : left.indexOf(dim);
    if (at >= 0) left.splice(at, 1);
    else if (typeof dim === "number") divisor *= dim;
    else symbols.push(dim);
  }
  const numbers = left.filter((dim) => typeof dim === "number").reduce((a, b) => a * b, 1);
  const others = left.filter((dim) => typeof dim !== "number");
  if (symbols.length > 0) return UNKNOWN_DIM;
  if (others.length === 0) {
    if (divisor === 0 || numbers % divisor !== 0)
      throw contradiction(
        c,
        `cannot reshape ${printShape(input)} into ${printShape([...rest, -1])}: ${numbers} elements are not divisible by ${divisor}`,
      );
    return numbers / divisor;
  }
  return others.length === 1 && numbers === divisor ? others[0]! : UNKNOWN_DIM;
}

/** 0 copies the input's length (unless allowzero), -1 is what remains. */
function reshaped(c: ShapeContext): Inferred {
  const input = c.inputs[0]?.shape;
  const target = intsAttribute(c.layer, "shape") ?? c.constant(1)?.data;
  if (target === undefined) {
    const rank = c.inputs[1]?.shape?.[0];
    return typeof rank === "number" ? unknownShape(rank) : undefined;
  }
  const copies = intAttribute(c.layer, "allowzero", 0) === 0;
  if (target.some((length) => length < -1) || target.filter((length) => length === -1).length > 1)
    throw contradiction(c, `shape ${printShape(target)} may hold lengths, zeros and one -1`);
  const asked = target.map((length, i): Dim => {
    if (length !== 0 || !copies) return length;
    if (input !== undefined && i >= input.length)
      throw contradiction(c, `shape ${printShape(target)} copies axis ${i}, but the input is ${printShape(input)}`);
    return input?.[i] ?? UNKNOWN_DIM;
  });
  const open = target.indexOf(-1);
  if (open >= 0) {
    if (input === undefined) return withAxis(asked, open, UNKNOWN_DIM);
    // Lengths copied by 0 stand on both sides, whatever they are: take them out before dividing.
    const copied = (i: number) => copies && target[i] === 0;
    const length = remainder(
      c,
      input.filter((_, i) => !copied(i) || i >= target.length),
      asked.filter((_, i) => i !== open && !copied(i)),
    );
    return withAxis(asked, open, length);
  }
  const before = input && productOf(input);
  const after = productOf(asked);
  if (typeof before === "number" && typeof after === "number" && before !== after)
    throw contradiction(
      c,
      `cannot reshape ${printShape(input)} (${before} elements) into ${printShape(asked)} (${after} elements)`,
    );
  return asked;
}

/** Two axes: the product before `axis` and the product from it on. */
function flattened(c: ShapeContext): Inferred {
  const input = c.inputs[0]?.shape;
  if (input === undefined) return unknownShape(2);
  const axis = intAttribute(c.layer, "axis", 1);
  const at = axis === input.length ? axis : axisOf(c, axis, input.length);
  return [productOf(input.slice(0, at)), productOf(input.slice(at))];
}

function squeezed(c: ShapeContext): Inferred {
  const input = c.inputs[0]?.shape;
  const axes = axesOf(c, 1);
  if (input === undefined) return undefined;
  if (axes === "unknown") return undefined;
  if (axes === "absent")
    return input.some((dim) => typeof dim !== "number") ? undefined : input.filter((dim) => dim !== 1);
  const gone = new Set(axes.map((axis) => axisOf(c, axis, input.length)));
  for (const axis of gone) {
    const dim = input[axis]!;
    if (typeof dim === "number" && dim !== 1)
      throw contradiction(c, `axis ${axis} of ${printShape(input)} is ${dim}, only 1 can be squeezed`);
  }
  return input.filter((_, i) => !gone.has(i));
}

function unsqueezed(c: ShapeContext): Inferred {
  const input = c.inputs[0]?.shape;
  const axes = axesOf(c, 1);
  if (input === undefined || typeof axes === "string") return undefined;
  const rank = input.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(c, axis, rank)));
  if (added.size !== axes.length) throw contradiction(c, `axes ${printShape(axes)} name one axis twice`);
  const dims = input.values();
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : dims.next().value!));
}

/** Order of the input's axes in the output; default: reversed. */
function permutation(c: ShapeContext, rank: number): readonly number[] {
  const order = intsAttribute(c.layer, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (order.length !== rank || new Set(order.map((axis) => axisOf(c, axis, rank))).size !== rank)
    throw contradiction(c, `perm ${printShape(order)} is not an order of ${rank} axes`);
  return order;
}

const transposed = moving((c) => {
  const input = c.inputs[0]?.shape;
  return input && permutation(c, input.length).map((axis) => input[axis]!);
});

const foldTransposed: FoldRule = (c) => {
  const value = c.constant(0);
  if (value === undefined) return undefined;
  const order = permutation(c, value.shape.length);
  const strides = stridesOf(value.shape);
  const shape = order.map((axis) => value.shape[axis]!);
  return [foldedMove(value, shape, (at) => at.reduce((sum, x, i) => sum + x * strides[order[i]!]!, 0))];
};

/** Input broadcast with the shape asked for: lengths of 1 in it keep the input's [ONNX Expand]. */
function expanded(c: ShapeContext): Inferred {
  const target = c.constant(1)?.data;
  if (target !== undefined) return broadcast(c, [c.inputs[0]?.shape, target]);
  const asked = shapeInput(c, 1);
  const input = c.inputs[0]?.shape;
  return asked && input && unknownShape(Math.max(asked.length, input.length));
}

const foldExpanded: FoldRule = (c) => {
  const value = c.constant(0);
  const shape = c.constant(1) === undefined ? undefined : expanded({ ...c, inputs: [value, ...c.inputs.slice(1)] });
  if (value === undefined || shape === undefined) return undefined;
  return [foldedMove(value, shape as readonly number[], (at) => flatIndex(value.shape, at))];
};

function tiled(c: ShapeContext): Inferred {
  const input = c.inputs[0]?.shape;
  const repeats = c.constant(1)?.data;
  if (input === undefined) return undefined;
  if (repeats === undefined) return unknownShape(input.length);
  if (repeats.length !== input.length)
    throw contradiction(c, `${repeats.length} repeats for ${printShape(input)}, expected one per axis`);
  return input.map((dim, i) => multiplyDims(dim, lengthOrThrow(c, repeats[i]!, "a number of repeats")));
}

const foldTiled: FoldRule = (c) => {
  const value = c.constant(0);
  if (value === undefined || c.constant(1) === undefined) return undefined;
  const shape = tiled({ ...c, inputs: [value, ...c.inputs.slice(1)] }) as readonly number[];
  const strides = stridesOf(value.shape);
  return [foldedMove(value, shape, (at) => at.reduce((sum, x, i) => sum + (x % value.shape[i]!) * strides[i]!, 0))];
};

const concatenated: ShapeRule = (c) => {
  const dtype = c.inputs.find((type) => type !== undefined)?.dtype;
  const shapes = c.inputs.map((type) => type?.shape);
  const known = shapes.filter((shape) => shape !== undefined);
  const first = known[0];
  if (first === undefined) return [typed(dtype, undefined)];
  const axis = axisOf(c, intAttribute(c.layer, "axis", 1), first.length);
  const joined = first.map((_, i): Dim => {
    if (i === axis) return shapes.reduce<Dim>((sum, shape) => addDims(sum, shape?.[i] ?? UNKNOWN_DIM), 0);
    return known.reduce<Dim>((dim, shape) => {
      if (shape.length !== first.length)
        throw contradiction(c, `inputs ${known.map(printShape).join(", ")} differ in their number of axes`);
      return sameDim(c, dim, shape[i]!, `axis ${i} of the inputs ${known.map(printShape).join(", ")}`);
    }, UNKNOWN_DIM);
  });
  return [typed(dtype, joined)];
};

const foldConcatenated: FoldRule = (c) => {
  const values = allConstants(c);
  const first = values?.[0];
  if (values === undefined || first === undefined) return undefined;
  const axis = axisOf(c, intAttribute(c.layer, "axis", 1), first.shape.length);
  const joined = values.reduce((sum, value) => sum + value.shape[axis]!, 0);
  const shape = first.shape.with(axis, joined);
  const rows = first.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const data: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (const value of values) {
      const width = value.data.length / rows;
      for (let i = 0; i < width; i++) data.push(value.data[row * width + i]!);
    }
  }
  return [foldedMove({ dtype: first.dtype, shape, data }, shape, (at) => flatIndex(shape, at))];
};

/** Lengths of the parts: given, or equal with a smaller last one. */
function partLengths(c: ShapeContext, dim: Dim): readonly Dim[] | undefined {
  const given = intsAttribute(c.layer, "split") ?? c.constant(1)?.data;
  if (given !== undefined) {
    const sum = given.reduce((a, b) => a + b, 0);
    if (typeof dim === "number" && sum !== dim)
      throw contradiction(c, `parts ${printShape(given)} sum to ${sum}, the axis has ${dim}`);
    return given;
  }
  const count = c.layer.outputs.length;
  if (hasInput(c, 1) || typeof dim !== "number") return new Array<Dim>(count).fill(UNKNOWN_DIM);
  if (intAttribute(c.layer, "num_outputs") === undefined && dim % count !== 0)
    throw contradiction(c, `an axis of ${dim} cannot be split into ${count} equal parts`);
  const part = Math.ceil(dim / count);
  return Array.from({ length: count }, (_, i) => lengthOrThrow(c, Math.min(part, dim - i * part), "a part"));
}

const split: ShapeRule = (c) => {
  const input = shapeAtLeast(c, 0, 1);
  const dtype = c.inputs[0]?.dtype;
  if (input === undefined) return c.layer.outputs.map(() => typed(dtype, undefined));
  const axis = axisOf(c, intAttribute(c.layer, "axis", 0), input.length);
  return partLengths(c, input[axis]!)?.map((part) => typed(dtype, withAxis(input, axis, part))) ?? [];
};

const foldSplit: FoldRule = (c) => {
  const value = c.constant(0);
  if (value === undefined || (hasInput(c, 1) && c.constant(1) === undefined)) return undefined;
  const axis = axisOf(c, intAttribute(c.layer, "axis", 0), value.shape.length);
  let start = 0;
  return partLengths(c, value.shape[axis]!)?.map((part) => {
    const from = start;
    start += part as number;
    const shape = value.shape.with(axis, part as number);
    return foldedMove(value, shape, (at) => flatIndex(value.shape, at.with(axis, at[axis]! + from)));
  });
};

/** Begin of every padded axis, then end of every one; negative numbers cut. */
const padded = moving((c) => {
  const input = c.inputs[0]?.shape;
  if (input === undefined) return undefined;
  const pads = intsAttribute(c.layer, "pads") ?? intsAttribute(c.layer, "paddings") ?? c.constant(1)?.data;
  const given = axesOf(c, 3);
  if (pads === undefined || given === "unknown") return unknownShape(input.length);
  const axes = given === "absent" ? input.map((_, i) => i) : given.map((axis) => axisOf(c, axis, input.length));
  if (pads.length !== 2 * axes.length)
    throw contradiction(
      c,
      `${pads.length} pads for ${axes.length} axes of ${printShape(input)}, expected two per axis`,
    );
  const shape = [...input];
  axes.forEach((axis, i) => {
    const extra = pads[i]! + pads[i + axes.length]!;
    const dim = shape[axis]!;
    shape[axis] = extra === 0 ? dim : mapDim(dim, (length) => lengthOrThrow(c, length + extra, "the padded length"));
  });
  return shape;
});

/** [N, C, H, W] → [N, C/b², H·b, W·b]. */
const depthToSpace = moving((c) => {
  const x = shapeOf(c, 0, 4);
  const block = intAttribute(c.layer, "blocksize", 1);
  return (
    x && [
      x[0]!,
      divideDim(c, x[1]!, block * block, "the number of channels"),
      multiplyDims(x[2]!, block),
      multiplyDims(x[3]!, block),
    ]
  );
});

/** [N, C, H, W] → [N, C·b², H/b, W/b]. */
const spaceToDepth = moving((c) => {
  const x = shapeOf(c, 0, 4);
  const block = intAttribute(c.layer, "blocksize", 1);
  return (
    x && [
      x[0]!,
      multiplyDims(x[1]!, block * block),
      divideDim(c, x[2]!, block, "the height"),
      divideDim(c, x[3]!, block, "the width"),
    ]
  );
});

const keep: ShapeRule = (c) => [c.inputs[0]];

export const LAYOUT: ShapeTable = {
  Reshape: relabel(reshaped),
  Flatten: relabel(flattened),
  Squeeze: relabel(squeezed),
  Unsqueeze: relabel(unsqueezed),
  Transpose: { shape: transposed, fold: foldTransposed },
  Expand: { shape: moving(expanded), fold: foldExpanded },
  Tile: { shape: moving(tiled), fold: foldTiled },
  Concat: { shape: concatenated, fold: foldConcatenated },
  Split: { shape: split, fold: foldSplit },
  Pad: { shape: padded },
  DepthToSpace: { shape: depthToSpace },
  SpaceToDepth: { shape: spaceToDepth },
  Trilu: { shape: keep },
  ReverseSequence: { shape: keep },
};
