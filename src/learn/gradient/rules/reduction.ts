// Sums, means, norms and extremes over axes: the gradient is stretched over the axes again, times what each element had to
// do with the result. Axes are an attribute or input 1, by operator set.
import { intAttribute, intsAttribute } from "../../../graph/attributes.ts";
import { type Emitter, productOf } from "../emitter.ts";
import {
  axisFrom,
  type BackwardContext,
  dyOf,
  type GradientTable,
  inputShape,
  knownInput,
  type LayerContext,
} from "../rule.ts";

/** The axes that are reduced; none: the layer only passes its input on. */
function axesOf(c: LayerContext): readonly number[] {
  const rank = inputShape(c).length;
  const given = intsAttribute(c.layer, "axes") ?? knownInput(c, 1) ?? [];
  if (given.length > 0) return given.map((axis) => axisFrom(axis, rank));
  return intAttribute(c.layer, "noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

interface Reduced {
  readonly x: string;
  /** Output and its gradient, the reduced axes kept with length 1. */
  readonly y: string;
  readonly dy: string;
  readonly axes: readonly number[];
  /** Elements per result. */
  readonly count: number;
}

type Formula = (e: Emitter, r: Reduced) => string;

const reduction = (formula: Formula) => ({
  backward: (c: BackwardContext) => {
    const { e } = c;
    const shape = inputShape(c);
    const axes = axesOf(c);
    const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const count = productOf(axes.map((axis) => shape[axis]!));
    const [y, dy] = [e.reshape(c.layer.outputs[0]!, kept), e.reshape(dyOf(c), kept)];
    return [e.expand(formula(e, { x: c.layer.inputs[0]!, y, dy, axes, count }), shape)];
  },
});

/** Equal extremes share the gradient. */
const extreme: Formula = (e, { x, y, dy, axes }) => {
  const taken = e.equal(x, y);
  return e.mul(taken, e.div(dy, e.sum(taken, axes)));
};

const cumulative = {
  backward: (c: BackwardContext) => {
    const attributes = {
      exclusive: intAttribute(c.layer, "exclusive", 0),
      reverse: 1 - intAttribute(c.layer, "reverse", 0),
    };
    return [c.e.op("CumSum", [dyOf(c), c.layer.inputs[1]!], attributes)];
  },
};

export const REDUCTION_GRADIENTS: GradientTable = {
  ReduceSum: reduction((_e, { dy }) => dy),
  ReduceMean: reduction((e, { dy, count }) => e.mul(dy, 1 / count)),
  ReduceMax: reduction(extreme),
  ReduceMin: reduction(extreme),
  ReduceProd: reduction((e, { x, y, dy }) => e.div(e.mul(dy, y), x)),
  ReduceL1: reduction((e, { x, dy }) => e.mul(dy, e.op("Sign", [x]))),
  ReduceL2: reduction((e, { x, y, dy }) => e.mul(e.div(dy, y), x)),
  ReduceSumSquare: reduction((e, { x, dy }) => e.mul(e.mul(dy, 2), x)),
  ReduceLogSum: reduction((e, { y, dy }) => e.div(dy, e.op("Exp", [y]))),
  ReduceLogSumExp: reduction((e, { x, y, dy }) => e.mul(dy, e.op("Exp", [e.sub(x, y)]))),
  CumSum: cumulative,
};
