// Convolutions. MACs = output elements × weights per output element (channels of the group × kernel), padding counted as
// any other position; transposed: input elements × weights per input element. A bias is one addition per output element.
import { stringAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, outputCount, plus, product, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { activationCost } from "./activation.ts";
import { QUANTISE } from "./quantisation.ts";

/** Output elements × product of the weight's axes but the first ([M, C/group, …kernel]). */
function convolutionMacs(context: WorkContext, weight = 1): number {
  return outputCount(context) * product(inputDims(context, weight).slice(1));
}

const biasAdds = (context: WorkContext, bias: number): number => (hasInput(context, bias) ? outputCount(context) : 0);

const conv: WorkRule = {
  forward: (context) => ({ macs: convolutionMacs(context), adds: biasAdds(context, 2) }),
};

/** Convolution, bias (2), an addend (3) and the activation of attribute `activation` in one pass. */
const fusedConv: WorkRule = {
  forward: (context) =>
    plus(
      { macs: convolutionMacs(context), adds: biasAdds(context, 2) + biasAdds(context, 3) },
      times(activationCost(stringAttribute(context.layer, "activation", "")), outputCount(context)),
    ),
};

/** Bilinear sampling at one point of one channel: four weighted neighbours. */
export const BILINEAR_SAMPLE: Partial<Operations> = { muls: 4, adds: 3 };
/** Moving one sampling point and making its four weights: shift (2 additions), fractions (4 additions), weights (4 products). */
const SAMPLE_POINT: Partial<Operations> = { muls: 4, adds: 6 };

/** Inputs x, weight, offset, bias, mask. Every kernel position is sampled bilinearly, then multiplied by the mask if there is one. */
function deformable(context: WorkContext): Operations {
  const weight = inputDims(context, 1);
  const channels = inputDims(context, 0)[1] ?? 0;
  const positions = product(weight.slice(2)) * (outputCount(context) / (weight[0] || 1));
  const samples = positions * channels;
  return plus(
    { macs: convolutionMacs(context), adds: biasAdds(context, 3), muls: hasInput(context, 4) ? samples : 0 },
    times(BILINEAR_SAMPLE, samples),
    times(SAMPLE_POINT, inputCount(context, 2) / 2),
  );
}

/** Every input element meets the weights [C, M/group, …kernel] of its channel once. */
const transposedMacs = (context: WorkContext): number =>
  inputCount(context, 0) * product(inputDims(context, 1).slice(1));

/** Inputs x, weight (3) and output each with scale and zero point, bias (8); every output element is brought back to 8 bits. */
const qLinearConv: WorkRule = {
  forward: (context) =>
    plus({ macs: convolutionMacs(context, 3), adds: biasAdds(context, 8) }, times(QUANTISE, outputCount(context))),
  operands: [0, 3],
  settings: [1, 2, 4, 5, 6, 7],
  quantised: [3, 8],
};

export const CONVOLUTION_RULES: WorkTable = {
  Conv: conv,
  ConvTranspose: { forward: (context) => ({ macs: transposedMacs(context), adds: biasAdds(context, 2) }) },
  DeformConv: { forward: deformable },
  ConvInteger: {
    forward: (context) => ({ macs: convolutionMacs(context) }),
    settings: [2, 3],
    quantised: [1],
  },
  QLinearConv: qLinearConv,
  "com.microsoft.QLinearConv": qLinearConv,
  "com.microsoft.ConvTransposeWithDynamicPads": {
    forward: (context) => ({ macs: transposedMacs(context), adds: biasAdds(context, 3) }),
    settings: [2],
  },
  "com.microsoft.FusedConv": fusedConv,
  "com.microsoft.NhwcFusedConv": fusedConv,
  "com.microsoft.NhwcConv": conv,
  "com.microsoft.nchwc.Conv": fusedConv,
};
