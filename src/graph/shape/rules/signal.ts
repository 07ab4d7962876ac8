// Spectra of signals, losses, text features, detection and sequences: what is left of ai.onnx [ONNX].
import { intAttribute, intsAttribute, stringAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { axisOf, contradiction, mapDim, printShape, type Shape, shapeAtLeast, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";
import { dtypeAttribute } from "./generate.ts";

/** Bins of a real signal's spectrum: floor(n/2) + 1 when only one side is kept. */
const bins = (length: Dim, oneSided: boolean): Dim =>
  oneSided ? mapDim(length, (n) => Math.floor(n / 2) + 1) : length;

/** […, 1 or 2] → […, 2] along `axis`: an attribute (opset 17, default 1) or input 2 (opset 20, default -2). */
const fourier: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 2);
  if (x === undefined) return [typed(c.inputs[0]?.dtype, undefined)];
  const given =
    c.opset < 20 ? intAttribute(c.layer, "axis", 1) : c.inputs[2] === undefined ? -2 : c.constant(2)?.data[0];
  const last: Dim = 2;
  if (given === undefined) return [typed(c.inputs[0]?.dtype, [...x.slice(0, -1).map((): Dim => UNKNOWN_DIM), last])];
  const axis = axisOf(c, given, x.length);
  const length = c.inputs[1] === undefined ? x[axis]! : (c.constant(1)?.data[0] ?? UNKNOWN_DIM);
  const oneSided = intAttribute(c.layer, "onesided", 0) === 1;
  return [typed(c.inputs[0]?.dtype, x.with(axis, bins(length, oneSided)).with(-1, last))];
};

/** [batch, length, 1 or 2] in frames → [batch, frames, bins, 2]. */
const shortTimeFourier: ShapeRule = (c) => {
  const x = shapeAtLeast(c, 0, 2);
  const dtype = c.inputs[0]?.dtype;
  if (x === undefined) return [typed(dtype, undefined)];
  const step = c.constant(1)?.data[0];
  const frame: Dim = c.constant(3)?.data[0] ?? c.inputs[2]?.shape?.[0] ?? UNKNOWN_DIM;
  const frames = mapDim(x[1], (length) => {
    if (step === undefined || step < 1 || typeof frame !== "number") return Number.NaN;
    if (frame > length) throw contradiction(c, `frames of ${frame} do not fit into the signal ${printShape(x)}`);
    return Math.floor((length - frame) / step) + 1;
  });
  const count: Dim = Number.isNaN(frames) ? UNKNOWN_DIM : frames;
  return [typed(dtype, [x[0]!, count, bins(frame, intAttribute(c.layer, "onesided", 1) === 1), 2])];
};

/** num_mel_bins and dft_length → [floor(dft_length / 2) + 1, num_mel_bins]. */
const melWeights: ShapeRule = (c) => [
  {
    dtype: dtypeAttribute(c, "output_datatype", "float32")!,
    shape: [bins(c.constant(1)?.data[0] ?? UNKNOWN_DIM, true), c.constant(0)?.data[0] ?? UNKNOWN_DIM],
  },
];

/** […, M, M] → […]. */
const determinant: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, shapeAtLeast(c, 0, 2)?.slice(0, -2))];

/** The target's shape when nothing is reduced, else a scalar. */
const lossShape = (c: ShapeContext): Shape | undefined =>
  stringAttribute(c.layer, "reduction", "mean") === "none" ? c.inputs[1]?.shape : [];

const loss: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, lossShape(c))];
const lossWithLogits: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, lossShape(c)), c.inputs[0]];

/** Boxes kept, as (batch, class, box): how many, only the data say. */
const nonMaxSuppression: ShapeRule = () => [{ dtype: "int64", shape: [UNKNOWN_DIM, 3] }];

/** One count per n-gram; their number is the largest index + 1. */
const ngramCounts: ShapeRule = (c) => {
  const indexes = intsAttribute(c.layer, "ngram_indexes") ?? [];
  const x = shapeAtLeast(c, 0, 1);
  return [{ dtype: "float32", shape: x && [...x.slice(0, -1), indexes.reduce((a, b) => Math.max(a, b), -1) + 1] }];
};

const keep: ShapeRule = (c) => [c.inputs[0]];
const scalarBool: ShapeRule = () => [{ dtype: "bool", shape: [] }];

/** A sequence is no tensor: its type is not told, nor that of an element taken from it. */
const untold: ShapeRule = () => [undefined];

export const SIGNAL: ShapeTable = {
  DFT: { shape: fourier },
  STFT: { shape: shortTimeFourier },
  MelWeightMatrix: { shape: melWeights },
  Det: { shape: determinant },
  NegativeLogLikelihoodLoss: { shape: loss },
  SoftmaxCrossEntropyLoss: { shape: lossWithLogits },
  NonMaxSuppression: { shape: nonMaxSuppression },
  TfIdfVectorizer: { shape: ngramCounts },
  SequenceEmpty: { shape: untold },
  SequenceConstruct: { shape: untold },
  SequenceInsert: { shape: untold },
  SequenceErase: { shape: untold },
  SplitToSequence: { shape: untold },
  SequenceAt: { shape: untold },
  ConcatFromSequence: { shape: untold },
  SequenceLength: { shape: () => [{ dtype: "int64", shape: [] }] },
  Optional: { shape: keep },
  OptionalGetElement: { shape: keep },
  OptionalHasElement: { shape: scalarBool },
};
