// Quantising and back, and 8-bit elementwise operators, which go through both. The costs are per element.
import { intAttribute } from "../../graph/attributes.ts";
import { inputCount, outputCount, perInput, perOutput, plus, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { ACTIVATIONS, GELU_ERF } from "./activation.ts";

/** Divide by the scale, round, add the zero point, two bounds. */
export const QUANTISE: Partial<Operations> = { muls: 1, adds: 4 };
/** Subtract the zero point, multiply by the scale. */
export const DEQUANTISE: Partial<Operations> = { muls: 1, adds: 1 };

/** One 8-bit input brought to real numbers, `operations` done, and brought back. */
const throughReal = (operations: Partial<Operations>): WorkRule => ({
  forward: (context) =>
    plus(times(DEQUANTISE, inputCount(context, 0)), times(plus(operations, QUANTISE), outputCount(context))),
  settings: [1, 2, 3, 4],
});

/** Two 8-bit inputs (0 and 3), each with scale and zero point after it. */
const pairThroughReal = (operations: Partial<Operations>): WorkRule => ({
  forward: (context) =>
    plus(
      times(DEQUANTISE, inputCount(context, 0) + inputCount(context, 3)),
      times(plus(operations, QUANTISE), outputCount(context)),
    ),
  settings: [1, 2, 4, 5, 6, 7],
});

/** Inputs y_scale, y_zero_point, then (tensor, scale, zero point) for each part. */
const concat: WorkRule = {
  forward: (context) => times(plus(DEQUANTISE, QUANTISE), outputCount(context)),
  settings: [0, 1],
};

/** Inputs condition, then (x, scale, zero point) twice, then the output's scale and zero point. */
const where: WorkRule = {
  forward: (context: WorkContext) => times(plus(DEQUANTISE, QUANTISE), outputCount(context)),
  settings: [2, 3, 5, 6, 7, 8],
};

const quantize = perOutput(QUANTISE, { settings: [1, 2] });
const dequantize = perOutput(DEQUANTISE, { settings: [1, 2], quantised: [0] });

/** Numbers per stored element: uint8 data of 4 bits holds two to a byte. */
const numbersPerElement = ({ layer, inputs }: WorkContext): number =>
  inputs[0]?.dtype === "uint8" && intAttribute(layer, "bits", 4) === 4 ? 2 : 1;

/** Rows of a table in 4- or 8-bit blocks, each number de-quantised: data, indices, scales, zero points. */
const gatherBlocks: WorkRule = {
  forward: (context) => times(DEQUANTISE, outputCount(context)),
  settings: [2, 3],
  quantised: [0],
  weightElements: (context, index) => (index === 0 ? inputCount(context, 0) * numbersPerElement(context) : undefined),
  elementsRead: (context, index) => (index === 0 ? outputCount(context) / numbersPerElement(context) : undefined),
};

export const QUANTISATION_RULES: WorkTable = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  // smallest and largest element first: two comparisons each
  DynamicQuantizeLinear: perInput(plus({ adds: 2 }, QUANTISE)),
  "com.microsoft.QuantizeLinear": quantize,
  "com.microsoft.DequantizeLinear": dequantize,
  "com.microsoft.GatherBlockQuantized": gatherBlocks,
  "com.microsoft.QLinearAdd": pairThroughReal({ adds: 1 }),
  "com.microsoft.QLinearMul": pairThroughReal({ muls: 1 }),
  "com.microsoft.QLinearSigmoid": throughReal(ACTIVATIONS.Sigmoid),
  "com.microsoft.QLinearLeakyRelu": throughReal(ACTIVATIONS.LeakyRelu),
  "com.microsoft.QLinearSoftmax": throughReal({ muls: 1, adds: 3, others: 1 }),
  "com.microsoft.QGelu": throughReal(GELU_ERF),
  "com.microsoft.QLinearConcat": concat,
  "com.microsoft.QLinearWhere": where,
};
