// Choosing the largest: the gradient goes back to the places that were chosen, which the operator's second output names.
import { intAttribute } from "../../../graph/attributes.ts";
import { axisFrom, type GradientTable, inputShape, type OperatorGradient } from "../rule.ts";

const topK: OperatorGradient = {
  backward: (c) => {
    const { e, layer } = c;
    const [dy] = c.given;
    if (dy === undefined) return [undefined];
    const shape = inputShape(c);
    const axis = axisFrom(intAttribute(layer, "axis", -1), shape.length);
    return [e.op("ScatterElements", [e.zeros(shape, dy), layer.outputs[1]!, dy], { axis })];
  },
};

export const SELECTION_GRADIENTS: GradientTable = { TopK: topK };
