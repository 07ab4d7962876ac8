// Every gradient rule against central finite differences in ONNX Runtime: float64 where it has the operator in that type,
// else float32 with a coarser step and bound.
import { describe, expect, it } from "vitest";
import { checkOperator, type OperatorCase } from "../../../test/support/check-gradient.ts";
import { GRADIENT_TABLE } from "./table.ts";

const ints = (...data: number[]) => ({ dtype: "int64" as const, data });
const float = (value: number) => ({ dtype: "float32" as const, data: [value], shape: [] });
const floats = (...data: number[]) => ({ dtype: "float32" as const, data });
const SINGLE = { dtype: "float32" } as const;

const unary = (op: string, more: Partial<OperatorCase> = {}): OperatorCase => ({ op, shapes: [[3, 4]], ...more });

/** [length 3, batch 2, features 2], hidden 2: input, W, R, B. */
const recurrentCase = (op: string, gates: number, more: Partial<OperatorCase> = {}): OperatorCase => {
  const directions = more.attributes?.direction === "bidirectional" ? 2 : 1;
  const weights = [directions, 2 * gates, 2];
  const shapes = [[3, 2, 2], weights, weights, [directions, 4 * gates]];
  const attributes = { hidden_size: 2, ...more.attributes };
  return { op, outputs: op === "LSTM" ? 3 : 2, range: [-1, 1], ...SINGLE, ...more, shapes, attributes };
};
const RECURRENT: readonly OperatorCase[] = [
  recurrentCase("RNN", 1),
  recurrentCase("GRU", 3),
  recurrentCase("GRU", 3, { attributes: { linear_before_reset: 1 }, note: "linear before reset" }),
  recurrentCase("LSTM", 4),
  recurrentCase("LSTM", 4, { attributes: { direction: "bidirectional" }, note: "bidirectional" }),
];

const CASES: readonly OperatorCase[] = [
  ...["Relu", "Tanh", "Exp", "Neg", "Abs", "Identity", "Sigmoid", "Reciprocal"].map((op) => unary(op)),
  ...["Softsign", "Erf", "Sin", "Cos", "Sinh", "Cosh", "Atan", "Asinh"].map((op) => unary(op, SINGLE)),
  ...["LeakyRelu", "Elu", "Selu", "Celu", "Softplus", "HardSigmoid", "ThresholdedRelu", "HardSwish"].map((op) =>
    unary(op, SINGLE),
  ),
  ...["Log", "Sqrt"].map((op) => unary(op, { range: [0.5, 3] })),
  ...["Asin", "Acos", "Atanh", "Tan"].map((op) => unary(op, { ...SINGLE, range: [-0.8, 0.8] })),
  unary("Acosh", { ...SINGLE, range: [1.3, 3] }),
  unary("Shrink", { attributes: { lambd: { float: 0.5 } } }),
  unary("Mish", { ...SINGLE, opset: 18 }),
  unary("Gelu", { ...SINGLE, opset: 20 }),
  unary("Gelu", { ...SINGLE, opset: 20, attributes: { approximate: "tanh" }, note: "tanh" }),
  unary("com.microsoft.Gelu", { ...SINGLE, op: "Gelu", domain: "com.microsoft" }),
  { op: "FastGelu", domain: "com.microsoft", shapes: [[3, 4], [4]], ...SINGLE },
  { op: "QuickGelu", domain: "com.microsoft", shapes: [[3, 4]], ...SINGLE },
  unary("Clip", { constants: [float(-1), float(1.2)] }),
  {
    op: "PRelu",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  unary("Softmax", { attributes: { axis: 0 } }),
  unary("LogSoftmax", { attributes: { axis: -1 } }),
  unary("Dropout", { constants: [float(0.4)] }),
  unary("Cast", { attributes: { to: 1 }, ...SINGLE }),

  {
    op: "Add",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  { op: "Sub", shapes: [[4], [2, 3, 4]] },
  {
    op: "Mul",
    shapes: [
      [2, 1, 4],
      [3, 1],
    ],
  },
  { op: "Div", shapes: [[2, 3], [3]], range: [0.5, 3] },
  { op: "Pow", shapes: [[2, 3], [3]], range: [0.5, 3] },
  { op: "Max", shapes: [[2, 3], [2, 3], [3]] },
  {
    op: "Min",
    shapes: [
      [2, 3],
      [1, 3],
    ],
  },
  { op: "Sum", shapes: [[2, 3], [3], [2, 1]] },
  { op: "Mean", shapes: [[2, 3], [3]], ...SINGLE },
  { op: "Where", shapes: [[2, 3], [3]], constants: [{ dtype: "bool", data: [1, 0, 1] }], first: 1 },

  {
    op: "MatMul",
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    note: "matrix",
  },
  {
    op: "MatMul",
    shapes: [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
    note: "batched, stretched",
  },
  { op: "MatMul", shapes: [[4], [2, 4, 3]], note: "vector on the left" },
  { op: "MatMul", shapes: [[2, 3, 4], [4]], note: "vector on the right" },
  { op: "MatMul", shapes: [[4], [4]], note: "two vectors" },
  { op: "MatMul", shapes: [[4], [4, 3]], note: "vector and matrix" },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB) => ({
      op: "Gemm",
      shapes: [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5], [5]],
      attributes: { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } },
      note: `${transA}${transB}`,
    })),
  ),
  {
    op: "Einsum",
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    attributes: { equation: "bij,jk->bik" },
  },
  { op: "Einsum", shapes: [[3, 4], [4]], attributes: { equation: "ij,j->j" }, note: "an index of one operand" },

  { op: "Reshape", shapes: [[2, 6]], constants: [ints(3, -1)] },
  { op: "Flatten", shapes: [[2, 3, 4]], attributes: { axis: 1 } },
  { op: "Squeeze", shapes: [[2, 1, 3]], constants: [ints(1)] },
  { op: "Unsqueeze", shapes: [[2, 3]], constants: [ints(0, 2)] },
  { op: "Transpose", shapes: [[2, 3, 4]], attributes: { perm: [2, 0, 1] } },
  { op: "Transpose", shapes: [[2, 3, 4]], note: "reversed" },
  { op: "Expand", shapes: [[3, 1]], constants: [ints(2, 3, 4)] },
  { op: "Tile", shapes: [[2, 3]], constants: [ints(2, 3)] },
  {
    op: "Concat",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    attributes: { axis: -1 },
  },
  { op: "Split", shapes: [[2, 6]], constants: [ints(2, 1, 3)], outputs: 3, attributes: { axis: 1 } },
  { op: "Slice", shapes: [[4, 7]], constants: [ints(1, 1), ints(3, 7), ints(0, 1), ints(1, 2)] },
  { op: "Slice", shapes: [[7, 3]], constants: [ints(-1), ints(-100), ints(0), ints(-3)], note: "backwards" },
  { op: "Slice", shapes: [[5, 3]], constants: [ints(-3), ints(1000), ints(-2)], note: "from the end" },
  { op: "Pad", shapes: [[3, 4]], constants: [ints(1, 0, 2, 1)] },
  { op: "Pad", shapes: [[3, 5]], constants: [ints(0, -1, 1, -2)], note: "cut off" },
  {
    op: "Pad",
    shapes: [[2, 3, 4]],
    constants: [ints(0, 1, 2, 0, 2, 1)],
    attributes: { mode: "reflect" },
    note: "reflect",
  },
  { op: "Pad", shapes: [[2, 4]], constants: [ints(1, 2, 1, 1)], attributes: { mode: "edge" }, note: "edge" },
  { op: "DepthToSpace", shapes: [[1, 8, 2, 3]], attributes: { blocksize: 2 } },
  { op: "DepthToSpace", shapes: [[1, 8, 2, 3]], attributes: { blocksize: 2, mode: "CRD" }, note: "CRD" },
  { op: "SpaceToDepth", shapes: [[1, 2, 4, 2]], attributes: { blocksize: 2 } },
  { op: "Trilu", shapes: [[4, 4]], attributes: { upper: 0 } },

  { op: "Conv", shapes: [[2, 3, 5, 6], [4, 3, 3, 3], [4]], attributes: { pads: [1, 1, 1, 1] }, ...SINGLE },
  {
    op: "Conv",
    shapes: [
      [2, 3, 5, 6],
      [4, 3, 1, 1],
    ],
    ...SINGLE,
    note: "pointwise",
  },
  {
    op: "Conv",
    shapes: [
      [2, 3, 5, 6],
      [4, 3, 1, 1],
    ],
    attributes: { strides: [2, 2] },
    ...SINGLE,
    note: "pointwise, stride",
  },
  {
    op: "Conv",
    shapes: [
      [1, 2, 7, 6],
      [3, 2, 3, 2],
    ],
    attributes: { pads: [1, 0, 1, 1], strides: [2, 3] },
    ...SINGLE,
    note: "stride",
  },
  {
    op: "Conv",
    shapes: [
      [1, 2, 8, 8],
      [3, 2, 3, 3],
    ],
    attributes: { pads: [2, 2, 2, 2], dilations: [2, 2] },
    ...SINGLE,
    note: "dilation",
  },
  {
    op: "Conv",
    shapes: [
      [1, 2, 5, 5],
      [2, 2, 2, 2],
    ],
    attributes: { pads: [3, 3, 3, 3] },
    ...SINGLE,
    note: "more padding than kernel",
  },
  {
    op: "Conv",
    shapes: [[2, 4, 5, 5], [6, 2, 3, 3], [6]],
    attributes: { group: 2, pads: [1, 1, 1, 1] },
    ...SINGLE,
    note: "groups",
  },
  {
    op: "Conv",
    shapes: [
      [2, 4, 6, 5],
      [4, 2, 3, 3],
    ],
    attributes: { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] },
    ...SINGLE,
    note: "groups, stride",
  },
  {
    op: "Conv",
    shapes: [
      [2, 3, 6, 7],
      [6, 1, 3, 3],
    ],
    attributes: { group: 3, pads: [2, 3, 2, 3], dilations: [2, 3] },
    ...SINGLE,
    note: "depthwise, dilation",
  },
  {
    op: "Conv",
    shapes: [
      [2, 3, 6, 7],
      [3, 1, 3, 3],
    ],
    attributes: { group: 3, pads: [1, 1, 1, 1], strides: [2, 2] },
    ...SINGLE,
    note: "depthwise, stride",
  },
  {
    op: "Conv",
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    attributes: { pads: [1, 1] },
    ...SINGLE,
    note: "one axis",
  },
  {
    op: "Conv",
    shapes: [
      [1, 2, 6, 5],
      [2, 2, 3, 3],
    ],
    attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
    ...SINGLE,
    note: "auto_pad",
  },
  {
    op: "ConvTranspose",
    shapes: [[2, 3, 4, 3], [3, 2, 3, 3], [2]],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] },
    ...SINGLE,
  },
  {
    op: "ConvTranspose",
    shapes: [
      [1, 4, 3, 3],
      [4, 2, 2, 2],
    ],
    attributes: { group: 2, strides: [2, 2] },
    ...SINGLE,
    note: "groups",
  },

  { op: "MaxPool", shapes: [[2, 2, 5, 6]], attributes: { kernel_shape: [2, 2], strides: [2, 2] }, ...SINGLE },
  {
    op: "MaxPool",
    shapes: [[1, 2, 5, 5]],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
    ...SINGLE,
    note: "rounding up",
  },
  {
    op: "MaxPool",
    shapes: [[1, 2, 6, 6]],
    attributes: { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] },
    note: "overlapping",
  },
  {
    op: "AveragePool",
    shapes: [[2, 2, 4, 6]],
    attributes: { kernel_shape: [2, 3], strides: [2, 3] },
    ...SINGLE,
    note: "tiled",
  },
  {
    op: "AveragePool",
    shapes: [[1, 2, 5, 6]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    ...SINGLE,
    note: "padding not counted",
  },
  {
    op: "AveragePool",
    shapes: [[1, 2, 5, 6]],
    attributes: { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], count_include_pad: 1 },
    ...SINGLE,
    note: "padding counted",
  },
  {
    op: "AveragePool",
    shapes: [[1, 2, 6, 6]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    ...SINGLE,
    note: "rounding up",
  },
  { op: "GlobalAveragePool", shapes: [[2, 3, 4, 5]], ...SINGLE },
  { op: "GlobalMaxPool", shapes: [[2, 3, 4, 5]], ...SINGLE },

  { op: "BatchNormalization", shapes: [[3, 2, 4, 2], [2], [2]], constants: [floats(0, 0), floats(1, 1)], first: 0 },
  {
    op: "BatchNormalization",
    shapes: [[6, 3], [3], [3]],
    constants: [floats(0, 0, 0), floats(1, 1, 1)],
    note: "no positions",
  },
  { op: "LayerNormalization", shapes: [[3, 2, 4], [4], [4]], attributes: { axis: -1 } },
  {
    op: "LayerNormalization",
    shapes: [
      [2, 2, 4],
      [2, 4],
      [2, 4],
    ],
    attributes: { axis: 1 },
    note: "two axes",
  },
  { op: "InstanceNormalization", shapes: [[2, 3, 4, 2], [3], [3]], ...SINGLE },
  { op: "GroupNormalization", shapes: [[2, 4, 3], [4], [4]], attributes: { num_groups: 2 }, opset: 21, ...SINGLE },
  { op: "RMSNormalization", shapes: [[3, 5], [5]], opset: 23 },
  { op: "SimplifiedLayerNormalization", shapes: [[3, 5], [5]], ...SINGLE },
  { op: "MeanVarianceNormalization", shapes: [[2, 3, 2, 2]] },
  { op: "LRN", shapes: [[1, 5, 2, 2]], attributes: { size: 3, alpha: { float: 0.5 } }, ...SINGLE },
  { op: "LpNormalization", shapes: [[3, 4]], attributes: { axis: 1 } },
  { op: "LpNormalization", shapes: [[3, 4]], attributes: { axis: 0, p: 1 }, note: "L1" },

  { op: "ReduceSum", shapes: [[2, 3, 4]], constants: [ints(1)], attributes: { keepdims: 0 } },
  { op: "ReduceSum", shapes: [[2, 3]], note: "everything" },
  ...["ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"].map((op) => ({
    op,
    shapes: [[2, 3, 4]],
    attributes: { axes: [0, -1], keepdims: 1 },
  })),
  {
    op: "ReduceMean",
    shapes: [[2, 3, 4]],
    constants: [ints(1, 2)],
    attributes: { keepdims: 0 },
    opset: 18,
    note: "axes as input",
  },
  ...["ReduceProd", "ReduceL1", "ReduceLogSum"].map((op) => ({
    op,
    shapes: [[2, 3]],
    attributes: { axes: [1], keepdims: 0 },
    range: [0.5, 2] as const,
    ...SINGLE,
  })),
  { op: "CumSum", shapes: [[3, 4]], constants: [{ dtype: "int64", data: [1], shape: [] }] },

  { op: "Gather", shapes: [[5, 3]], constants: [{ dtype: "int64", data: [4, 0, 4, -2], shape: [2, 2] }] },
  { op: "Gather", shapes: [[2, 5, 3]], constants: [ints(1, 1, 3)], attributes: { axis: 1 }, note: "middle axis" },
  {
    op: "GatherElements",
    shapes: [[3, 3]],
    constants: [{ dtype: "int64", data: [0, 1, 2, 0, 0, 1], shape: [2, 3] }],
    attributes: { axis: 0 },
  },
  { op: "GatherND", shapes: [[3, 4]], constants: [{ dtype: "int64", data: [0, 1, 2, 3, 0, 1], shape: [3, 2] }] },

  {
    op: "Resize",
    shapes: [[1, 2, 3, 4]],
    constants: [undefined, { dtype: "float32", data: [1, 1, 2, 2] }],
    attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    ...SINGLE,
    note: "repeated",
  },
  {
    op: "Resize",
    shapes: [[1, 2, 4, 5]],
    constants: [undefined, { dtype: "float32", data: [1, 1, 1.5, 0.6] }],
    attributes: { mode: "nearest" },
    ...SINGLE,
    note: "nearest",
  },
  ...["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"].map((coordinates) => ({
    op: "Resize",
    shapes: [[1, 2, 3, 4]],
    constants: [undefined, undefined, ints(1, 2, 5, 7)],
    attributes: { mode: "linear", coordinate_transformation_mode: coordinates },
    ...SINGLE,
    note: `linear, ${coordinates}`,
  })),
  ...[0, 1].map((outside) => ({
    op: "Resize",
    shapes: [[1, 2, 3, 4]],
    constants: [undefined, undefined, ints(1, 2, 5, 7)],
    attributes: { mode: "cubic", exclude_outside: outside },
    ...SINGLE,
    note: `cubic, outside ${outside === 1 ? "left out" : "repeated"}`,
  })),
  { op: "TopK", shapes: [[3, 5]], constants: [ints(2)], outputs: 2, note: "largest" },
  {
    op: "TopK",
    shapes: [[4, 3]],
    constants: [ints(2)],
    outputs: 2,
    attributes: { axis: 0, largest: 0 },
    note: "smallest, axis 0",
  },
  ...RECURRENT,
];

const keyOf = ({ op, domain }: OperatorCase): string => (domain === undefined ? op : `${domain}.${op}`);

/** Operators that another case stands for: the same rule under another name. */
const SAME_RULE = new Set(["CastLike", "Swish", "com.microsoft.LayerNormalization"]);

describe("gradient rules", () => {
  it("has a case for every rule", () => {
    const covered = new Set([...CASES.map(keyOf), ...SAME_RULE]);
    expect(Object.keys(GRADIENT_TABLE).filter((op) => !covered.has(op))).toEqual([]);
  });

  for (const check of CASES) {
    const bound = check.dtype === "float32" ? 3e-3 : 1e-6;
    it(`${keyOf(check)}${check.note ? ` (${check.note})` : ""} agrees with finite differences`, async () => {
      const { relative, norm } = await checkOperator(check);
      expect(norm).toBeGreaterThan(1e-3);
      expect(relative).toBeLessThan(bound);
    });
  }
});
