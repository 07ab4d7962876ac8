// Operators that move data, make indices or change shape: no arithmetic, bytes only. Views move nothing at all.
// Gathers read only what they pick; a reduction while scattering is one operation per update.
import { stringAttribute } from "../../graph/attributes.ts";
import { inputCount, outputCount } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";

const MOVE: WorkRule = { forward: () => ({}) };
const VIEW: WorkRule = { forward: () => ({}), view: true };

/** Reads of input 0 only as many elements as come out. */
const PICK: WorkRule = {
  forward: () => ({}),
  elementsRead: (context, index) => (index === 0 ? outputCount(context) : undefined),
};

/** Looks at the type of input 0, not at its elements. */
const ASK: WorkRule = { forward: () => ({}), elementsRead: (_context, index) => (index === 0 ? 0 : undefined) };

/** data, indices, updates (input `updatesAt`): with attribute `reduction` one operation per update. */
const scatter = (updatesAt: number): WorkRule => ({
  forward: (context: WorkContext) => {
    const reduction = stringAttribute(context.layer, "reduction", "none");
    const count = inputCount(context, updatesAt);
    return reduction === "none" ? {} : reduction === "mul" ? { muls: count } : { adds: count };
  },
});

const all = (operators: readonly string[], rule: WorkRule): WorkTable =>
  Object.fromEntries(operators.map((operator) => [operator, rule]));

export const MOVEMENT_RULES: WorkTable = {
  ...all(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "BitCast", "com.microsoft.ExpandDims"], VIEW),
  ...all(["Shape", "Size", "SequenceLength", "OptionalHasElement"], ASK),
  ...all(["Slice", "Gather", "GatherElements", "GatherND", "com.microsoft.GatherND"], PICK),
  ...all(["Transpose", "Concat", "Split", "Expand", "Tile", "DepthToSpace", "SpaceToDepth"], MOVE),
  ...all(["Cast", "CastLike", "Constant", "ConstantOfShape", "Range", "EyeLike", "OneHot", "Trilu"], MOVE),
  ...all(["ReverseSequence", "Compress", "Col2Im", "CenterCropPad", "TensorScatter"], MOVE),
  ...all(["SequenceEmpty", "SequenceConstruct", "SequenceInsert", "SequenceErase", "SequenceAt"], MOVE),
  ...all(["SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement"], MOVE),
  ...all(["com.microsoft.Range", "com.microsoft.Trilu"], MOVE),
  "com.microsoft.RelativePositionBias": PICK,
  "com.microsoft.Pad": { ...MOVE, settings: [2] },
  Pad: { ...MOVE, settings: [2] },
  Scatter: scatter(2),
  ScatterElements: scatter(2),
  ScatterND: scatter(2),
  "com.microsoft.nchwc.ReorderInput": MOVE,
  "com.microsoft.nchwc.ReorderOutput": MOVE,
};
