// Reductions over axes, softmax, searches and running sums. n → 1 is counted as n − 1 joins, exactly input − output
// elements over a tensor. Softmax per element: comparison for the maximum, subtraction, exp, addition, division.
import { intAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, outputCount, perOutput, plus, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { DEQUANTISE, QUANTISE } from "./quantisation.ts";

/** `each` per input element, `join` per element joined, `end` per output element. */
const reduction =
  (each: Partial<Operations>, join: Partial<Operations>, end: Partial<Operations> = {}) =>
  (context: WorkContext): Operations => {
    const read = inputCount(context, 0);
    const made = outputCount(context);
    return plus(times(each, read), times(join, Math.max(0, read - made)), times(end, made));
  };

const rule = (...parts: Parameters<typeof reduction>): WorkRule => ({ forward: reduction(...parts) });

/** Softmax per element. */
export const SOFTMAX: Partial<Operations> = { muls: 1, adds: 3, others: 1 };
/** Its gradient: y·(dy − Σ y·dy): two multiplications, two additions. */
export const SOFTMAX_BACKWARD: Partial<Operations> = { muls: 2, adds: 2 };

const softmaxBackward = (context: WorkContext): Operations => times(SOFTMAX_BACKWARD, outputCount(context));

/** Before opset 13 softmax runs over all axes from `axis` on, since then over one. */
function softmaxRows(context: WorkContext): number {
  const dims = inputDims(context, 0);
  const axis = intAttribute(context.layer, "axis", context.opset < 13 ? 1 : -1);
  const from = axis < 0 ? dims.length + axis : axis;
  const length = context.opset < 13 ? dims.slice(from).reduce((a, b) => a * b, 1) : (dims[from] ?? 1);
  return outputCount(context) / (length || 1);
}

/** Per element of x − max − log Σ exp(x − max): comparison, two subtractions, exp, addition; a log per row besides. */
const LOG_SOFTMAX: Partial<Operations> = { adds: 4, others: 1 };

const logSoftmax: WorkRule = {
  forward: (context) => plus(times(LOG_SOFTMAX, outputCount(context)), { others: softmaxRows(context) }),
  backward: (context) => times({ muls: 1, adds: 2, others: 1 }, outputCount(context)),
};

/** k best of n with a heap of k: log2 k comparisons per element, at least one. */
function topK(context: WorkContext): Operations {
  const dims = inputDims(context, 0);
  const axis = intAttribute(context.layer, "axis", -1);
  const kept = context.opset < 10 ? intAttribute(context.layer, "k", 1) : (context.constant(1)?.data[0] ?? 1);
  const perElement = Math.max(1, Math.ceil(Math.log2(Math.min(kept, dims.at(axis) ?? 1) || 1)));
  return times({ adds: perElement }, inputCount(context, 0));
}

/** Sorting n elements: n·log2 n comparisons. */
function sorted(context: WorkContext): Operations {
  const count = inputCount(context, 0);
  return times({ adds: count > 1 ? Math.ceil(Math.log2(count)) : 0 }, count);
}

const BOX_OVERLAP: Partial<Operations> = { muls: 3, adds: 11 };

/** Every pair of boxes of every class: an upper bound, since discarded boxes are compared no further. */
function suppression(context: WorkContext): Operations {
  const [batch = 1, boxes = 0] = inputDims(context, 0);
  const classes = inputDims(context, 1)[1] ?? 1;
  return times(BOX_OVERLAP, (batch * classes * boxes * (boxes - 1)) / 2);
}

/** One picked score per target (input 1), times its class weight (2) if there is one, summed. */
const likelihood = (context: WorkContext): Partial<Operations> => {
  const targets = inputCount(context, 1);
  return { adds: targets, muls: hasInput(context, 2) ? targets : 0 };
};

const mean = reduction({}, { adds: 1 }, { muls: 1 });

/** 8-bit input brought to real numbers, the mean brought back. */
const quantisedMean: WorkRule = {
  forward: (context) =>
    plus(mean(context), times(DEQUANTISE, inputCount(context, 0)), times(QUANTISE, outputCount(context))),
  settings: [1, 2, 3, 4],
};

const comparisons: WorkRule = { forward: reduction({}, { adds: 1 }) };
const perElementAdd: WorkRule = perOutput({ adds: 1 });

export const REDUCTION_RULES: WorkTable = {
  ReduceSum: rule({}, { adds: 1 }),
  ReduceMean: { forward: mean },
  "com.microsoft.QLinearReduceMean": quantisedMean,
  ReduceMax: comparisons,
  ReduceMin: comparisons,
  ReduceProd: rule({}, { muls: 1 }),
  ReduceL1: rule({ adds: 1 }, { adds: 1 }),
  ReduceL2: rule({ muls: 1 }, { adds: 1 }, { others: 1 }),
  ReduceSumSquare: rule({ muls: 1 }, { adds: 1 }),
  ReduceLogSum: rule({}, { adds: 1 }, { others: 1 }),
  ReduceLogSumExp: rule({ adds: 1, others: 1 }, { adds: 2 }, { adds: 1, others: 1 }),
  ArgMax: comparisons,
  ArgMin: comparisons,
  Softmax: { forward: (context) => times(SOFTMAX, outputCount(context)), backward: softmaxBackward },
  LogSoftmax: logSoftmax,
  Hardmax: perElementAdd,
  CumSum: perElementAdd,
  CumProd: perOutput({ muls: 1 }),
  TopK: { forward: topK },
  Unique: { forward: sorted },
  NonZero: { forward: (context) => ({ adds: inputCount(context, 0) }) },
  NonMaxSuppression: { forward: suppression, settings: [2, 3, 4] },
  "com.microsoft.BiasSoftmax": {
    forward: (context) => times(plus(SOFTMAX, { adds: 1 }), outputCount(context)),
    backward: softmaxBackward,
  },
  NegativeLogLikelihoodLoss: { forward: likelihood, settings: [2] },
  SoftmaxCrossEntropyLoss: {
    forward: (context) =>
      plus(times(LOG_SOFTMAX, inputCount(context, 0)), { others: inputCount(context, 1) }, likelihood(context)),
    // softmax − target
    backward: (context) => times({ muls: 1, adds: 1, others: 1 }, inputCount(context, 0)),
    settings: [2],
  },
};
