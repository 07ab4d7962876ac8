// One worked example per family of work rules, with the arithmetic written out. Contexts are made by hand, so that a rule
// is tested alone: shapes come from the test, not from inference.
import { describe, expect, it } from "vitest";
import type { DataType } from "../../graph/dtype.ts";
import type { Attribute, ConstantValue, TensorType } from "../../graph/graph.ts";
import { plus } from "../extent.ts";
import type { WorkContext } from "../rule.ts";
import { WORK_TABLE } from "../table.ts";
import { flopsOf } from "../total.ts";
import { backwardOperations } from "../training.ts";

type Shape = readonly number[] | undefined;
type Values = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>;

function attributeOf(value: Values[string]): Attribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return "float" in value ? { kind: "float", value: value.float } : { kind: "ints", value };
}

interface Extra {
  readonly attributes?: Values;
  readonly constants?: Readonly<Record<number, readonly number[]>>;
  readonly opset?: number;
  readonly dtype?: DataType;
}

function contextOf(op: string, inputs: readonly Shape[], outputs: readonly Shape[], extra: Extra = {}): WorkContext {
  const { attributes = {}, constants = {}, opset = 17, dtype = "float32" } = extra;
  const type = (shape: Shape): TensorType | undefined => (shape === undefined ? undefined : { dtype, shape });
  const dot = op.lastIndexOf(".");
  return {
    layer: {
      name: "layer",
      op: op.slice(dot + 1),
      domain: dot < 0 ? "" : op.slice(0, dot),
      inputs: inputs.map((shape, i) => (shape === undefined ? "" : `in${i}`)),
      outputs: outputs.map((shape, i) => (shape === undefined ? "" : `out${i}`)),
      attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)])),
    },
    opset,
    inputs: inputs.map(type),
    outputs: outputs.map(type),
    constant: (index): ConstantValue | undefined => {
      const data = constants[index];
      return data && { dtype: "int64", shape: [data.length], data };
    },
  };
}

const forward = (op: string, inputs: readonly Shape[], outputs: readonly Shape[], extra?: Extra) =>
  plus(WORK_TABLE[op]!.forward(contextOf(op, inputs, outputs, extra)));

const backward = (op: string, inputs: readonly Shape[], outputs: readonly Shape[], wanted: readonly boolean[]) =>
  backwardOperations(WORK_TABLE[op]!, contextOf(op, inputs, outputs), { wanted });

const none = { macs: 0, muls: 0, adds: 0, others: 0 };

describe("convolutions", () => {
  it("Conv: outputs × channels of the group × kernel, and one addition per output for the bias", () => {
    // 2×16×8×8 outputs, 4 channels, 3×3
    expect(forward("Conv", [[2, 4, 8, 8], [16, 4, 3, 3], [16]], [[2, 16, 8, 8]])).toEqual({
      ...none,
      macs: 2 * 16 * 8 * 8 * (4 * 3 * 3),
      adds: 2 * 16 * 8 * 8,
    });
  });
  it("Conv in groups costs the dense convolution divided by the groups", () => {
    const dense = forward(
      "Conv",
      [
        [1, 8, 5, 5],
        [8, 8, 3, 3],
      ],
      [[1, 8, 5, 5]],
    ).macs;
    for (const groups of [1, 2, 4, 8]) {
      const shape = [8, 8 / groups, 3, 3];
      expect(forward("Conv", [[1, 8, 5, 5], shape], [[1, 8, 5, 5]], { attributes: { group: groups } }).macs).toBe(
        dense / groups,
      );
    }
  });
  it("ConvTranspose: inputs × weights of one input channel", () => {
    // 3×4×4 inputs, each to 6 channels × 2×2; 6×8×8 outputs get the bias
    expect(forward("ConvTranspose", [[1, 3, 4, 4], [3, 6, 2, 2], [6]], [[1, 6, 8, 8]])).toEqual({
      ...none,
      macs: 3 * 4 * 4 * (6 * 2 * 2),
      adds: 6 * 8 * 8,
    });
  });
  it("QLinearConv: as Conv, and each output brought back to 8 bits (1 multiplication, 4 additions)", () => {
    const scalar: Shape = [];
    const inputs = [[1, 3, 4, 4], scalar, scalar, [5, 3, 1, 1], scalar, scalar, scalar, scalar, [5]];
    expect(forward("QLinearConv", inputs, [[1, 5, 4, 4]])).toEqual({
      ...none,
      macs: 5 * 16 * 3,
      muls: 80,
      adds: 80 + 4 * 80,
    });
  });
  it("FusedConv: Conv, addend and activation", () => {
    const inputs = [[1, 2, 4, 4], [3, 2, 1, 1], [3], [1, 3, 4, 4]];
    const extra = { attributes: { activation: "Sigmoid" } };
    expect(forward("com.microsoft.FusedConv", inputs, [[1, 3, 4, 4]], extra)).toEqual({
      macs: 48 * 2,
      muls: 48,
      adds: 48 + 48 + 48,
      others: 48,
    });
  });
  it("DeformConv: Conv, and a bilinear sample for every kernel position of every channel", () => {
    // 2×2 outputs, 1 channel, 1×1 kernel: 4 samples at 4 points
    expect(
      forward(
        "DeformConv",
        [
          [1, 1, 2, 2],
          [1, 1, 1, 1],
          [1, 2, 2, 2],
        ],
        [[1, 1, 2, 2]],
      ),
    ).toEqual({
      macs: 4,
      muls: 4 * 4 + 4 * 4,
      adds: 4 * 3 + 4 * 6,
      others: 0,
    });
  });
  it("backward: once for the data, once for the weights, as wanted", () => {
    const shapes = [[[2, 4, 8, 8], [16, 4, 3, 3], [16]], [[2, 16, 8, 8]]] as const;
    const { macs, adds } = forward("Conv", ...shapes);
    expect(backward("Conv", ...shapes, [false, true, true])).toEqual({ ...none, macs, adds });
    expect(backward("Conv", ...shapes, [true, true, true]).macs).toBe(2 * macs);
    expect(backward("Conv", ...shapes, [false, false, false])).toEqual(none);
  });
});

describe("dense layers and matrix products", () => {
  it("Gemm with bias = MatMul + Add", () => {
    const gemm = forward("Gemm", [[4, 10], [6, 10], [6]], [[4, 6]], { attributes: { transB: 1 } });
    const product = forward(
      "MatMul",
      [
        [4, 10],
        [10, 6],
      ],
      [[4, 6]],
    );
    const add = forward("Add", [[4, 6], [6]], [[4, 6]]);
    expect(gemm).toEqual({ ...none, macs: 4 * 6 * 10, adds: 4 * 6 });
    expect(plus(product, add)).toEqual(gemm);
  });
  it("Gemm: the summed axis is the first with transA; alpha and beta multiply", () => {
    const attributes = { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } };
    expect(forward("Gemm", [[10, 4], [10, 6], [6]], [[4, 6]], { attributes })).toEqual({
      ...none,
      macs: 240,
      muls: 24 + 6,
      adds: 24,
    });
  });
  it("MatMul in batches, and vectors", () => {
    expect(
      forward(
        "MatMul",
        [
          [3, 2, 5, 7],
          [7, 4],
        ],
        [[3, 2, 5, 4]],
      ).macs,
    ).toBe(3 * 2 * 5 * 4 * 7);
    expect(forward("MatMul", [[7], [7]], [[]]).macs).toBe(7);
  });
  it("FusedMatMul sums over the axis that transA moves", () => {
    const attributes = { transA: 1, alpha: { float: 0.125 } };
    expect(
      forward(
        "com.microsoft.FusedMatMul",
        [
          [2, 9, 3],
          [2, 9, 5],
        ],
        [[2, 3, 5]],
        { attributes },
      ),
    ).toEqual({
      ...none,
      macs: 2 * 3 * 5 * 9,
      muls: 30,
    });
  });
  it("MatMulNBits: N and K are attributes, each weight is de-quantised once", () => {
    const attributes = { N: 8, K: 32, bits: 4, block_size: 32 };
    expect(forward("com.microsoft.MatMulNBits", [[1, 5, 32], [8, 1, 16], [8]], [[1, 5, 8]], { attributes })).toEqual({
      ...none,
      macs: 5 * 8 * 32,
      muls: 256,
      adds: 256,
    });
  });
  it("DynamicQuantizeMatMul quantises its left side: range (2), divide, round, zero point, two bounds; then scales", () => {
    expect(forward("com.microsoft.DynamicQuantizeMatMul", [[2, 4], [4, 3], [3]], [[2, 3]])).toEqual({
      ...none,
      macs: 24,
      muls: 8 + 6,
      adds: 8 * 6,
    });
  });
});

describe("Einsum", () => {
  const einsum = (equation: string, inputs: readonly Shape[], output: Shape) =>
    forward("Einsum", inputs, [output], { attributes: { equation } });
  it("two operands with a summed axis: the product of all lengths", () => {
    expect(
      einsum(
        "bij,bjk->bik",
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
        [2, 3, 5],
      ),
    ).toEqual({ ...none, macs: 2 * 3 * 4 * 5 });
    expect(
      einsum(
        "...ij,...jk->...ik",
        [
          [7, 3, 4],
          [4, 5],
        ],
        [7, 3, 5],
      ).macs,
    ).toBe(7 * 3 * 4 * 5);
  });
  it("three operands: one more multiplication per point", () => {
    expect(einsum("i,i,i->", [[6], [6], [6]], [])).toEqual({ ...none, macs: 6, muls: 6 });
  });
  it("no summed axis: multiplications; one operand: additions; a transposition: nothing", () => {
    expect(einsum("i,j->ij", [[3], [4]], [3, 4])).toEqual({ ...none, muls: 12 });
    expect(einsum("ij->i", [[3, 4]], [3])).toEqual({ ...none, adds: 12 - 3 });
    expect(einsum("ij->ji", [[3, 4]], [4, 3])).toEqual(none);
  });
});

describe("normalisation", () => {
  it("BatchNormalization: one multiplication and one addition per element at inference", () => {
    expect(forward("BatchNormalization", [[2, 3, 4, 4], [3], [3], [3], [3]], [[2, 3, 4, 4]])).toEqual({
      ...none,
      muls: 96,
      adds: 96,
    });
  });
  it("BatchNormalization in training: own statistics, and two running averages per channel", () => {
    const context = contextOf("BatchNormalization", [[2, 3, 4, 4], [3], [3], [3], [3]], [[2, 3, 4, 4]]);
    // per element: square, 1/σ, scale; mean, deviation, sum, shift. Per channel: two means, reciprocal; ε; root; averages 4 and 2
    expect(plus(WORK_TABLE.BatchNormalization!.trainingForward!(context))).toEqual({
      macs: 0,
      muls: 3 * 96 + 3 * (3 + 4),
      adds: 4 * 96 + 3 * (1 + 2),
      others: 3,
    });
  });
  it("LayerNormalization over the last axis, with and without shift", () => {
    expect(forward("LayerNormalization", [[2, 5, 8], [8], [8]], [[2, 5, 8]])).toEqual({
      macs: 0,
      muls: 3 * 80 + 3 * 10,
      adds: 4 * 80 + 10,
      others: 10,
    });
    expect(forward("LayerNormalization", [[2, 5, 8], [8]], [[2, 5, 8]]).adds).toBe(3 * 80 + 10);
  });
  it("RMSNormalization needs no mean", () => {
    expect(forward("RMSNormalization", [[2, 8], [8]], [[2, 8]])).toEqual({
      macs: 0,
      muls: 3 * 16 + 2 * 2,
      adds: 16 + 2,
      others: 2,
    });
  });
  it("SkipLayerNormalization adds the skip first", () => {
    const inputs = [[2, 5, 8], [2, 5, 8], [8], [8]];
    const skip = forward("com.microsoft.SkipLayerNormalization", inputs, [[2, 5, 8]]);
    const layer = forward("LayerNormalization", [[2, 5, 8], [8], [8]], [[2, 5, 8]]);
    expect(skip).toEqual(plus(layer, { adds: 80 }));
  });
  it("InstanceNormalization and GroupNormalization count their groups", () => {
    expect(forward("InstanceNormalization", [[2, 3, 4, 4], [3], [3]], [[2, 3, 4, 4]]).others).toBe(2 * 3);
    const attributes = { num_groups: 2 };
    const group = forward("GroupNormalization", [[2, 6, 4, 4], [6], [6]], [[2, 6, 4, 4]], { attributes });
    expect(group.others).toBe(2 * 2);
  });
  it("LRN: a window of squares, scale, power, division", () => {
    const attributes = { size: 5, beta: { float: 0.75 } };
    expect(forward("LRN", [[1, 8, 2, 2]], [[1, 8, 2, 2]], { attributes })).toEqual({
      macs: 0,
      muls: 3 * 32,
      adds: 5 * 32,
      others: 32,
    });
  });
});

describe("pooling", () => {
  const attributes = { kernel_shape: [3, 3] };
  it("MaxPool: k − 1 comparisons; AveragePool: k additions and one multiplication per output", () => {
    expect(forward("MaxPool", [[1, 2, 9, 9]], [[1, 2, 3, 3]], { attributes })).toEqual({ ...none, adds: 18 * 8 });
    expect(forward("AveragePool", [[1, 2, 9, 9]], [[1, 2, 3, 3]], { attributes })).toEqual({
      ...none,
      adds: 18 * 9,
      muls: 18,
    });
  });
  it("global forms see the whole map", () => {
    expect(forward("GlobalAveragePool", [[2, 3, 5, 5]], [[2, 3, 1, 1]])).toEqual({ ...none, adds: 6 * 25, muls: 6 });
    expect(forward("GlobalMaxPool", [[2, 3, 5, 5]], [[2, 3, 1, 1]])).toEqual({ ...none, adds: 6 * 24 });
  });
  it("LpPool with p = 2: squares, sum, root", () => {
    expect(forward("LpPool", [[1, 1, 6, 6]], [[1, 1, 2, 2]], { attributes: { ...attributes, p: 2 } })).toEqual({
      macs: 0,
      muls: 36,
      adds: 36,
      others: 4,
    });
  });
  it("RoiAlign: ratio² bilinear samples and their mean", () => {
    const extra = { attributes: { sampling_ratio: 2 } };
    // 12 bins: 4 × (4 multiplications, 3 + 1 additions) + 1 division
    expect(forward("RoiAlign", [[1, 3, 8, 8], [1, 4], [1]], [[1, 3, 2, 2]], extra)).toEqual({
      ...none,
      muls: 12 * 17,
      adds: 12 * 16,
    });
  });
});

describe("activations and elementwise", () => {
  const cost = (op: string, extra?: Extra) => forward(op, [[10]], [[10]], extra);
  it.each([
    ["Relu", { adds: 10 }],
    ["Sigmoid", { muls: 10, adds: 10, others: 10 }],
    ["Tanh", { others: 10 }],
    ["HardSwish", { muls: 20, adds: 30 }],
    ["Gelu", { muls: 30, adds: 10, others: 10 }],
    ["Exp", { others: 10 }],
    ["Neg", { adds: 10 }],
    ["Reciprocal", { muls: 10 }],
    ["Softmax", { muls: 10, adds: 30, others: 10 }],
    ["QuantizeLinear", { muls: 10, adds: 40 }],
    ["Identity", {}],
    ["Cast", {}],
  ])("%s", (op, expected) => {
    expect(cost(op)).toEqual(plus(expected));
  });
  it("Gelu by its tanh form", () => {
    expect(cost("Gelu", { attributes: { approximate: "tanh" } })).toEqual(plus({ muls: 60, adds: 20, others: 10 }));
  });
  it("broadcasting counts output elements", () => {
    expect(
      forward(
        "Mul",
        [
          [4, 1],
          [1, 5],
        ],
        [[4, 5]],
      ),
    ).toEqual({ ...none, muls: 20 });
  });
  it("Sum and Mean join n inputs by n − 1 additions", () => {
    expect(forward("Sum", [[6], [6], [6]], [[6]])).toEqual({ ...none, adds: 12 });
    expect(forward("Mean", [[6], [6], [6]], [[6]])).toEqual({ ...none, adds: 12, muls: 6 });
  });
  it("Pow by a known whole exponent is multiplications", () => {
    expect(forward("Pow", [[6], []], [[6]], { constants: { 1: [2] } })).toEqual({ ...none, muls: 6 });
    expect(forward("Pow", [[6], []], [[6]], { constants: { 1: [0.3] } })).toEqual({ ...none, others: 6 });
    expect(forward("Pow", [[6], []], [[6]])).toEqual({ ...none, others: 6 });
  });
});

describe("reductions", () => {
  it("ReduceMean: n − 1 additions per output, one division", () => {
    expect(forward("ReduceMean", [[4, 5]], [[4, 1]])).toEqual({ ...none, adds: 4 * 4, muls: 4 });
  });
  it("ReduceL2: squares, sum, root", () => {
    expect(forward("ReduceL2", [[4, 5]], [[4]])).toEqual({ macs: 0, muls: 20, adds: 16, others: 4 });
  });
  it("TopK compares each element log2 k times", () => {
    expect(
      forward(
        "TopK",
        [[2, 100], [1]],
        [
          [2, 8],
          [2, 8],
        ],
        { constants: { 1: [8] } },
      ).adds,
    ).toBe(200 * 3);
  });
  it("scattering with a reduction is one operation per update", () => {
    const scatter = (reduction: string) =>
      forward("ScatterND", [[9], [4, 1], [4]], [[9]], { attributes: { reduction } });
    expect(scatter("add")).toEqual({ ...none, adds: 4 });
    expect(scatter("mul")).toEqual({ ...none, muls: 4 });
    expect(scatter("none")).toEqual(none);
  });
});

describe("recurrent cells", () => {
  // 7 steps, batch 2, 3 inputs, 5 hidden
  const steps = 7 * 2;
  it("LSTM: four gates over input and state", () => {
    const count = forward(
      "LSTM",
      [
        [7, 2, 3],
        [1, 20, 3],
        [1, 20, 5],
        [1, 40],
      ],
      [[7, 1, 2, 5]],
    );
    expect(count.macs).toBe(steps * (20 * 3 + 20 * 5));
    // biases 40, joins 20; per hidden: sigmoids 3 × (1 mul, 1 add, 1 exp), tanh 2, cell 3 mul 1 add
    expect(count.adds).toBe(steps * (40 + 20 + 5 * (3 + 1)));
    expect(count.muls).toBe(steps * 5 * (3 + 3));
    expect(count.others).toBe(steps * 5 * (3 + 2));
  });
  it("GRU and RNN: three gates and one; two directions double", () => {
    expect(
      forward(
        "GRU",
        [
          [7, 2, 3],
          [2, 15, 3],
          [2, 15, 5],
        ],
        [[7, 2, 2, 5]],
      ).macs,
    ).toBe(steps * 2 * 15 * 8);
    expect(
      forward(
        "RNN",
        [
          [7, 2, 3],
          [1, 5, 3],
          [1, 5, 5],
        ],
        [[7, 1, 2, 5]],
      ),
    ).toEqual({
      macs: steps * 5 * 8,
      muls: 0,
      adds: steps * 5,
      others: steps * 5,
    });
  });
  it("com.microsoft's quantised LSTM has transposed weights and quantises input and state", () => {
    const plain = forward(
      "LSTM",
      [
        [7, 2, 3],
        [1, 20, 3],
        [1, 20, 5],
      ],
      [[7, 1, 2, 5]],
    );
    const count = forward(
      "com.microsoft.DynamicQuantizeLSTM",
      [
        [7, 2, 3],
        [1, 3, 20],
        [1, 5, 20],
      ],
      [[7, 1, 2, 5]],
    );
    const states = steps * 5;
    expect(count).toEqual(plus(plain, { muls: 42 + states + 8 * states, adds: 4 * (42 + states) }));
  });
  it("backward: the recurrent product twice, the input product per wanted side", () => {
    const shapes = [
      [
        [7, 2, 3],
        [1, 5, 3],
        [1, 5, 5],
      ],
      [[7, 1, 2, 5]],
    ] as const;
    expect(backward("RNN", ...shapes, [false, true, true]).macs).toBe(steps * (15 + 2 * 25));
    expect(backward("RNN", ...shapes, [true, true, true]).macs).toBe(steps * (2 * 15 + 2 * 25));
  });
});

describe("attention", () => {
  // batch 2, 4 heads, 6 queries, 9 keys, head size 8, values 10: 432 scores
  const scores = 2 * 4 * 6 * 9;
  const four = [
    [2, 4, 6, 8],
    [2, 4, 9, 8],
    [2, 4, 9, 10],
  ];
  it("ONNX Attention: scores × (head size + value size); softmax and scale per score", () => {
    expect(forward("Attention", four, [[2, 4, 6, 10]])).toEqual({
      macs: scores * (8 + 10),
      muls: scores * (1 + 1),
      adds: scores * 3,
      others: scores,
    });
  });
  it("3-D operands with head attributes count the same; a mask is one addition per score", () => {
    const inputs = [
      [2, 6, 32],
      [2, 9, 32],
      [2, 9, 40],
      [6, 9],
    ];
    const attributes = { q_num_heads: 4, kv_num_heads: 4 };
    const flat = forward("Attention", inputs, [[2, 6, 40]], { attributes });
    expect(flat).toEqual(plus(forward("Attention", four, [[2, 4, 6, 10]]), { adds: scores }));
  });
  it("cached keys count", () => {
    const inputs = [[2, 4, 1, 8], [2, 4, 1, 8], [2, 4, 1, 8], undefined, [2, 4, 8, 8], [2, 4, 8, 8]];
    expect(forward("Attention", inputs, [[2, 4, 1, 8]]).macs).toBe(2 * 4 * 1 * 9 * 16);
  });
  it("com.microsoft.Attention projects first", () => {
    const attributes = { num_heads: 2 };
    const count = forward("com.microsoft.Attention", [[1, 5, 8], [8, 24], [24]], [[1, 5, 8]], { attributes });
    // 5 tokens × 8 × 24, then 2 × 5 × 5 scores of head size 4, twice
    expect(count.macs).toBe(5 * 8 * 24 + 50 * (4 + 4));
    expect(count.adds).toBe(5 * 24 + 3 * 50);
  });
  it("MultiHeadAttention and GroupQueryAttention do the products of their query heads", () => {
    const multi = forward(
      "com.microsoft.MultiHeadAttention",
      [
        [1, 6, 32],
        [1, 9, 32],
        [1, 9, 32],
      ],
      [[1, 6, 32]],
      {
        attributes: { num_heads: 4 },
      },
    );
    expect(multi.macs).toBe(4 * 6 * 9 * 16);
    const inputs = [
      [1, 3, 32],
      [1, 3, 16],
      [1, 3, 16],
      [1, 2, 5, 8],
      [1, 2, 5, 8],
    ];
    const outputs = [
      [1, 3, 32],
      [1, 2, 8, 8],
      [1, 2, 8, 8],
    ];
    const group = forward("com.microsoft.GroupQueryAttention", inputs, outputs, {
      attributes: { num_heads: 4, kv_num_heads: 2 },
    });
    expect(group.macs).toBe(4 * 3 * 8 * 16);
  });
  it("RotaryEmbedding: two multiplications and one addition per element", () => {
    expect(
      forward(
        "RotaryEmbedding",
        [
          [1, 2, 3, 8],
          [3, 4],
          [3, 4],
        ],
        [[1, 2, 3, 8]],
      ),
    ).toEqual({
      ...none,
      muls: 96,
      adds: 48,
    });
  });
  it("backward: both products once per operand", () => {
    expect(backward("Attention", four, [[2, 4, 6, 10]], [true, true, true]).macs).toBe(2 * scores * 18);
  });
});

describe("mixture of experts", () => {
  it("every token runs k of E experts; few tokens read few experts", () => {
    // 3 tokens, k = 2 of 8 experts of 4 → 10 → 4 with biases, ReLU between
    const attributes = { k: 2, activation_type: "relu" };
    const inputs = [
      [3, 4],
      [3, 8],
      [8, 4, 10],
      [8, 10],
      [8, 10, 4],
      [8, 4],
    ];
    expect(forward("com.microsoft.MoE", inputs, [[3, 4]], { attributes })).toEqual({
      macs: 6 * (40 + 40),
      muls: 6 * 4,
      adds: 6 * (10 + 4) + 3 * 8 + 6 * 10 + 6 * 4,
      others: 0,
    });
    const read = WORK_TABLE["com.microsoft.MoE"]!.elementsRead!;
    expect(read(contextOf("com.microsoft.MoE", inputs, [[3, 4]], { attributes }), 2)).toBe((320 * 6) / 8);
  });
});

describe("losses and matrix functions", () => {
  it("SoftmaxCrossEntropyLoss: log-softmax of every score, one pick per target", () => {
    expect(forward("SoftmaxCrossEntropyLoss", [[5, 10], [5]], [[]])).toEqual({
      ...none,
      adds: 4 * 50 + 5,
      others: 50 + 5,
    });
  });
  it("Det and Inverse grow with the cube", () => {
    expect(forward("Det", [[2, 6, 6]], [[2]])).toEqual({ ...none, muls: 2 * 72, adds: 2 * 72 });
    expect(forward("com.microsoft.Inverse", [[6, 6]], [[6, 6]])).toEqual({ ...none, muls: 216, adds: 216 });
  });
});

describe("signals and images", () => {
  it("DFT: 5·N·log2 N per complex transform, half for real input", () => {
    const complex = forward("DFT", [[3, 16, 2]], [[3, 16, 2]], { attributes: { axis: 1 } });
    expect(flopsOf(complex)).toBe(3 * 5 * 16 * 4);
    const real = forward("DFT", [[3, 16, 1], undefined, []], [[3, 16, 2]], { opset: 20, constants: { 2: [1] } });
    expect(2 * flopsOf(real)).toBe(flopsOf(complex));
  });
  it("STFT: a window and a transform per frame", () => {
    const inputs = [[1, 64, 1], [], [16], []];
    const count = forward("STFT", inputs, [[1, 4, 9, 2]], { constants: { 3: [16] } });
    expect(count).toEqual({ ...none, muls: 4 * (2 * 32 + 16), adds: 4 * 3 * 32 });
  });
  it("Resize: neighbours by mode and by the axes that change", () => {
    const resize = (mode: string) =>
      forward("Resize", [[1, 2, 4, 4], undefined, [4]], [[1, 2, 8, 8]], { attributes: { mode } });
    expect(resize("nearest")).toEqual(none);
    expect(resize("linear")).toEqual({ ...none, muls: 128 * 4, adds: 128 * 3 });
    expect(resize("cubic")).toEqual({ ...none, muls: 128 * 16, adds: 128 * 15 });
  });
});
