// Pooling over windows of k elements. Average: k additions and one multiplication per output; maximum: k − 1 comparisons,
// counted as additions; Lp: as the norm's definition. Windows at the border count as full ones.
import { intAttribute, intsAttribute } from "../../graph/attributes.ts";
import { inputCount, inputDims, outputCount, plus, product, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { BILINEAR_SAMPLE } from "./convolution.ts";
import { DEQUANTISE, QUANTISE } from "./quantisation.ts";

type Window = (context: WorkContext) => number;
const kernel: Window = ({ layer }) => product(intsAttribute(layer, "kernel_shape") ?? []);
/** The whole map: every output element sees input elements / output elements. */
const wholeMap: Window = (context) => inputCount(context, 0) / (outputCount(context) || 1);

const maximum = (window: Window): WorkRule => ({
  forward: (context) => ({ adds: (window(context) - 1) * outputCount(context) }),
  // the gradient goes to the winner: one addition per output
  backward: (context) => ({ adds: outputCount(context) }),
});

const average = (window: Window): WorkRule => ({
  forward: (context) => ({ adds: window(context) * outputCount(context), muls: outputCount(context) }),
});

/** (Σ|x|^p)^(1/p): p = 1 needs no power, p = 2 a product and a square root, other p two functions. */
const norm = (window: Window): WorkRule => ({
  forward: (context) => {
    const p = intAttribute(context.layer, "p", 2);
    const inside: Partial<Operations> = p === 1 ? { adds: 2 } : p === 2 ? { muls: 1, adds: 1 } : { adds: 2, others: 1 };
    const count = outputCount(context);
    return plus(times(inside, window(context) * count), { others: p === 1 ? 0 : count });
  },
});

/** The 8-bit form: inputs brought to real numbers, the mean brought back. */
const quantised = (window: Window): WorkRule => ({
  forward: (context) =>
    plus(
      average(window).forward(context),
      times(DEQUANTISE, inputCount(context, 0)),
      times(QUANTISE, outputCount(context)),
    ),
  settings: [1, 2, 3, 4],
});

/** Sampling points per bin side when the model leaves the number to each region: the usual setting of detectors [He2017]. */
const ADAPTIVE_SAMPLES = 2;

/** Every bin is the mean (or maximum) of ratio² bilinear samples. */
function roiAlign(context: WorkContext): Operations {
  const side = intAttribute(context.layer, "sampling_ratio", 0) || ADAPTIVE_SAMPLES;
  const perBin = plus(times(plus(BILINEAR_SAMPLE, { adds: 1 }), side * side), { muls: 1 });
  return times(perBin, outputCount(context));
}

/** Regions are boxes of any size; a bin is counted as the map's share of it: map positions / bins of one region. */
const regionBin: Window = (context) =>
  Math.max(
    1,
    product(inputDims(context, 0).slice(2)) / (product(intsAttribute(context.layer, "pooled_shape") ?? []) || 1),
  );

export const POOLING_RULES: WorkTable = {
  MaxPool: maximum(kernel),
  AveragePool: average(kernel),
  LpPool: norm(kernel),
  GlobalMaxPool: maximum(wholeMap),
  GlobalAveragePool: average(wholeMap),
  GlobalLpPool: norm(wholeMap),
  MaxRoiPool: maximum(regionBin),
  MaxUnpool: { forward: () => ({}) },
  RoiAlign: { forward: roiAlign },
  "com.microsoft.nchwc.MaxPool": maximum(kernel),
  "com.microsoft.nchwc.AveragePool": average(kernel),
  "com.microsoft.nchwc.GlobalMaxPool": maximum(wholeMap),
  "com.microsoft.nchwc.GlobalAveragePool": average(wholeMap),
  "com.microsoft.NhwcMaxPool": maximum(kernel),
  "com.microsoft.QLinearAveragePool": quantised(kernel),
  "com.microsoft.QLinearGlobalAveragePool": quantised(wholeMap),
};
