// RNN, LSTM and GRU: sequences [length, batch, features] (layout 0) or [batch, length, features] (layout 1) [ONNX].
import { intAttribute, stringAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { contradiction, printShape, shapeOf, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** Outputs of all steps, then the last state once per `states`. */
function recurrentTypes(c: ShapeContext, states: number, hidden: Dim): ReturnType<ShapeRule> {
  const x = shapeOf(c, 0, 3);
  const batchFirst = intAttribute(c.layer, "layout", 0) === 1;
  const directions = stringAttribute(c.layer, "direction", "forward") === "bidirectional" ? 2 : 1;
  const [first, second] = [x?.[0] ?? UNKNOWN_DIM, x?.[1] ?? UNKNOWN_DIM];
  const all = batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden];
  const last = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  const dtype = c.inputs[0]?.dtype;
  return [typed(dtype, all), ...Array.from({ length: states }, () => typed(dtype, last))];
}

/** Weights W [directions, gates·hidden, features] and R [directions, gates·hidden, hidden]. */
const recurrent =
  (states: number): ShapeRule =>
  (c) => {
    const x = shapeOf(c, 0, 3);
    const w = shapeOf(c, 1, 3);
    const r = shapeOf(c, 2, 3);
    const [features, expected] = [x?.[2], w?.[2]];
    if (typeof features === "number" && typeof expected === "number" && features !== expected)
      throw contradiction(
        c,
        `input ${printShape(x)} has ${features} features, weight ${printShape(w)} expects ${expected}`,
      );
    return recurrentTypes(c, states, intAttribute(c.layer, "hidden_size") ?? r?.[2] ?? UNKNOWN_DIM);
  };

export const RECURRENT: ShapeTable = {
  RNN: { shape: recurrent(1) },
  GRU: { shape: recurrent(1) },
  LSTM: { shape: recurrent(2) },
  // Its weights are transposed; the hidden size is an attribute, or R's second axis [com.microsoft].
  "com.microsoft.DynamicQuantizeLSTM": {
    shape: (c) => recurrentTypes(c, 2, intAttribute(c.layer, "hidden_size") ?? c.inputs[2]?.shape?.[1] ?? UNKNOWN_DIM),
  },
};
