// Functions of two or more tensors, element by element with broadcasting: each gradient is summed over the axes along which
// its tensor was stretched.
import { type BackwardContext, dyOf, type GradientTable, inputShape, type OperatorGradient } from "../rule.ts";

type Partial = (c: BackwardContext, dy: string, x: string, y: string, out: string) => string;

const shrink = (c: BackwardContext, g: string, index: number): string => c.e.unbroadcast(g, inputShape(c, index));

/** Gradients of both operands, before the sum over stretched axes. */
const binary = (left: Partial, right: Partial): OperatorGradient => ({
  backward: (c) => {
    const [x, y] = c.layer.inputs as [string, string];
    return [left, right].map((partial, i) =>
      c.wants(i) ? shrink(c, partial(c, dyOf(c), x, y, c.layer.outputs[0]!), i) : undefined,
    );
  },
});

const same: Partial = (_c, dy) => dy;
const negative: Partial = ({ e }, dy) => e.op("Neg", [dy]);

/** The gradient goes to whichever operand was taken; equal ones share it. */
const chosen: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const taken = c.layer.inputs.map((x) => e.equal(c.layer.outputs[0]!, x));
    const share = e.div(
      dyOf(c),
      taken.reduce((a, b) => e.add(a, b)),
    );
    return taken.map((mask, i) => (c.wants(i) ? shrink(c, e.mul(share, mask), i) : undefined));
  },
};

const summed: OperatorGradient = {
  backward: (c) => c.layer.inputs.map((_, i) => (c.wants(i) ? shrink(c, dyOf(c), i) : undefined)),
};

const averaged: OperatorGradient = {
  backward: (c) => {
    const share = c.e.mul(dyOf(c), 1 / c.layer.inputs.length);
    return c.layer.inputs.map((_, i) => (c.wants(i) ? shrink(c, share, i) : undefined));
  },
};

const where: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [condition] = c.layer.inputs as [string];
    const dy = dyOf(c);
    const zero = e.scalar(0, dy);
    return [
      undefined,
      c.wants(1) ? shrink(c, e.op("Where", [condition, dy, zero]), 1) : undefined,
      c.wants(2) ? shrink(c, e.op("Where", [condition, zero, dy]), 2) : undefined,
    ];
  },
};

export const ARITHMETIC_GRADIENTS: GradientTable = {
  Add: binary(same, same),
  Sub: binary(same, negative),
  Mul: binary(
    ({ e }, dy, _x, y) => e.mul(dy, y),
    ({ e }, dy, x) => e.mul(dy, x),
  ),
  Div: binary(
    ({ e }, dy, _x, y) => e.div(dy, y),
    ({ e }, dy, _x, y, out) => e.op("Neg", [e.div(e.mul(dy, out), y)]),
  ),
  // x^y: y·x^(y−1) and x^y·ln x
  Pow: binary(
    ({ e }, dy, x, y) => e.mul(dy, e.mul(e.cast(y, e.dtype(x)), e.pow(x, e.sub(e.cast(y, e.dtype(x)), 1)))),
    ({ e }, dy, x, _y, out) => e.mul(dy, e.mul(out, e.op("Log", [x]))),
  ),
  Max: chosen,
  Min: chosen,
  Sum: summed,
  Mean: averaged,
  Where: where,
};
