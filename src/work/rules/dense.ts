// Dense layers and matrix products. MACs = output elements × length of the summed axis. A bias or addend is one addition
// per output element, so Gemm and MatMul + Add count the same; factors other than 1 are one multiplication each.
import { floatAttribute, intAttribute, stringAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, outputCount, plus, product, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { activationCost } from "./activation.ts";
import { DEQUANTISE, QUANTISE } from "./quantisation.ts";

/** MACs of the matrix product whose left operand is input 0 with the summed axis last. */
const productMacs = (context: WorkContext): number => outputCount(context) * (inputDims(context, 0).at(-1) ?? 1);

const addend = (context: WorkContext, index: number): Partial<Operations> => ({
  adds: hasInput(context, index) ? outputCount(context) : 0,
});

/** One multiplication per element when attribute `name` is not 1. */
const factor = (context: WorkContext, name: string, count: number): Partial<Operations> => ({
  muls: floatAttribute(context.layer, name, 1) === 1 ? 0 : count,
});

/** alpha·A·B + beta·C with A [M, K], or [K, M] when transA. */
function gemm(context: WorkContext, addendAt = 2): Operations {
  const summed = inputDims(context, 0)[intAttribute(context.layer, "transA", 0) === 1 ? 0 : 1] ?? 1;
  const count = outputCount(context);
  return plus(
    { macs: count * summed },
    addend(context, addendAt),
    factor(context, "alpha", count),
    hasInput(context, addendAt) ? factor(context, "beta", inputCount(context, addendAt)) : {},
  );
}

const fusedGemm: WorkRule = {
  forward: (context) =>
    plus(gemm(context), times(activationCost(stringAttribute(context.layer, "activation", "")), outputCount(context))),
};

/** Axis that is summed: last, last but one when transA, and transBatchA moves the first axis between the two. */
function fusedMatMul(context: WorkContext): Operations {
  const { layer } = context;
  const left = inputDims(context, 0);
  const moved =
    intAttribute(layer, "transBatchA", 0) === 1 && left.length > 2
      ? [...left.slice(1, -1), left[0]!, left.at(-1)!]
      : left;
  const transposed = intAttribute(layer, "transA", 0) === 1 && moved.length > 1;
  const summed = moved.at(transposed ? -2 : -1) ?? 1;
  const count = outputCount(context);
  return plus({ macs: count * summed }, factor(context, "alpha", count));
}

/** MatMulNBits: B is packed, N and K are attributes; every weight is brought to real numbers once per pass. */
function packedMatMul(context: WorkContext): Operations {
  const columns = intAttribute(context.layer, "N", 0);
  const summed = intAttribute(context.layer, "K", 0);
  const rows = columns === 0 ? 0 : outputCount(context) / columns;
  return plus({ macs: rows * columns * summed }, times(DEQUANTISE, columns * summed), addend(context, 5));
}

/** A matrix product and the activation its attribute names. */
const fusedMatMulActivation: WorkRule = {
  forward: (context) =>
    plus(
      fusedMatMul(context),
      times(activationCost(stringAttribute(context.layer, "activation", "")), outputCount(context)),
    ),
};

/** B packed with attributes N and K: it stands for N·K weights. */
const packedWeights = ({ layer }: WorkContext, index: number): number | undefined =>
  index === 1 ? intAttribute(layer, "N", 0) * intAttribute(layer, "K", 0) : undefined;

/** n×n matrices: elimination takes about n³/3 multiplications and as many additions for a determinant, n³ for an inverse [Golub2013]. */
const elimination =
  (share: number) =>
  (context: WorkContext): Operations => {
    const size = inputDims(context, 0).at(-1) ?? 1;
    const matrices = inputCount(context, 0) / (size * size || 1);
    return times({ muls: Math.round(share * size ** 3), adds: Math.round(share * size ** 3) }, matrices);
  };

export const DENSE_RULES: WorkTable = {
  Gemm: { forward: (context) => gemm(context) },
  MatMul: { forward: (context) => ({ macs: productMacs(context) }) },
  Det: { forward: elimination(1 / 3) },
  "com.microsoft.Inverse": { forward: elimination(1) },
  MatMulInteger: { forward: (context) => ({ macs: productMacs(context) }), settings: [2, 3], quantised: [1] },
  QLinearMatMul: {
    forward: (context) => plus({ macs: productMacs(context) }, times(QUANTISE, outputCount(context))),
    operands: [0, 3],
    settings: [1, 2, 4, 5, 6, 7],
    quantised: [3],
  },
  "com.microsoft.FusedGemm": fusedGemm,
  "com.microsoft.FusedMatMul": { forward: fusedMatMul },
  "com.microsoft.TransposeMatMul": { forward: fusedMatMul },
  "com.microsoft.FusedMatMulActivation": fusedMatMulActivation,
  "com.microsoft.QGemm": {
    forward: (context) => plus(gemm(context, 6), times(QUANTISE, outputCount(context))),
    operands: [0, 3],
    settings: [1, 2, 4, 5, 7, 8],
    quantised: [3, 6],
  },
  "com.microsoft.MatMulNBits": {
    forward: packedMatMul,
    settings: [2, 3, 4],
    quantised: [1],
    weightElements: packedWeights,
  },
  "com.microsoft.MatMulBnb4": {
    forward: packedMatMul,
    settings: [2],
    quantised: [1],
    weightElements: packedWeights,
  },
  "com.microsoft.MatMulFpQ4": {
    // B is a packed blob, its shape is input 2
    forward: (context) => {
      const weights = product(context.constant(2)?.data ?? []);
      return plus({ macs: productMacs(context) }, times(DEQUANTISE, weights));
    },
    settings: [2],
    quantised: [1],
    weightElements: (context, index) => (index === 1 ? product(context.constant(2)?.data ?? []) : undefined),
  },
  "com.microsoft.MatMulInteger16": { forward: (context) => ({ macs: productMacs(context) }), quantised: [1] },
  "com.microsoft.GemmFloat8": { forward: (context) => gemm(context), settings: [3, 4, 5] },
  "com.microsoft.DynamicQuantizeMatMul": {
    // A is quantised on the way (two comparisons for its range), the product is scaled back; the arithmetic is B's 8-bit type
    forward: (context) =>
      plus(
        { macs: productMacs(context), muls: outputCount(context) },
        times(plus({ adds: 2 }, QUANTISE), product(inputDims(context, 0))),
        addend(context, 4),
      ),
    operands: [1, 0],
    settings: [2, 3],
    quantised: [1],
  },
  "com.microsoft.MatMulIntegerToFloat": {
    forward: (context) => plus({ macs: productMacs(context), muls: outputCount(context) }, addend(context, 6)),
    settings: [2, 3, 4, 5],
    quantised: [1],
  },
};
