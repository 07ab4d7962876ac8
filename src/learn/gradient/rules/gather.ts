// Picking by index: the gradient is added where the number was picked from, as often as it was. Embeddings are a Gather.
import { intAttribute } from "../../../graph/attributes.ts";
import { productOf } from "../emitter.ts";
import {
  axisFrom,
  type BackwardContext,
  dyOf,
  type GradientTable,
  inputShape,
  type OperatorGradient,
} from "../rule.ts";

/** Rows of data [V, …] by indices of any shape; other axes are brought to the front and back. */
const gather: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const shape = inputShape(c);
    const indices = c.layer.inputs[1]!;
    const picked = e.shape(indices);
    const axis = axisFrom(intAttribute(c.layer, "axis", 0), shape.length);
    const rest = shape.filter((_, i) => i !== axis);
    const count = productOf(picked);
    // dy is [before axis…, picked…, after axis…]: the picked axes go first
    const rank = rest.length + picked.length;
    const places = Array.from({ length: rank }, (_, i) => i);
    const [front, others] = [
      places.slice(axis, axis + picked.length),
      [...places.slice(0, axis), ...places.slice(axis + picked.length)],
    ];
    const rows = e.reshape(e.transpose(dyOf(c), [...front, ...others]), [count, ...rest]);
    const added = e.op(
      "ScatterND",
      [e.zeros([shape[axis]!, ...rest], rows), e.reshape(e.cast(indices, "int64"), [count, 1]), rows],
      { reduction: "add" },
    );
    const back = shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
    return [e.transpose(added, back)];
  },
};

const gatherElements: OperatorGradient = {
  backward: (c) => {
    const inputs = [c.e.zeros(inputShape(c), dyOf(c)), c.layer.inputs[1]!, dyOf(c)];
    return [c.e.op("ScatterElements", inputs, { axis: intAttribute(c.layer, "axis", 0), reduction: "add" })];
  },
};

const gatherND: OperatorGradient = {
  backward: (c) => scatteredBack(c),
};

function scatteredBack(c: BackwardContext): readonly string[] {
  const inputs = [c.e.zeros(inputShape(c), dyOf(c)), c.layer.inputs[1]!, dyOf(c)];
  return [c.e.op("ScatterND", inputs, { reduction: "add" })];
}

export const GATHER_GRADIENTS: GradientTable = { Gather: gather, GatherElements: gatherElements, GatherND: gatherND };
