// Matrix products: MatMul with NumPy's broadcasting of leading axes, Gemm, and their integer and fused forms [ONNX].
// Einsum has its own file.
import { intAttribute } from "../../attributes.ts";
import type { DataType } from "../../dtype.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import { broadcast, contradiction, printShape, type Shape, shapeAtLeast, shapeOf, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** […, M, K] × […, K, N] → […, M, N]; a vector is a matrix of one row or column, dropped again afterwards. */
function multiplied(c: ShapeContext, a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0) throw contradiction(c, "a scalar cannot be multiplied as a matrix");
  const inner = a.at(-1)!;
  const other = b.length === 1 ? b[0]! : b.at(-2)!;
  if (typeof inner === "number" && typeof other === "number" && inner !== other)
    throw contradiction(
      c,
      `matrices ${printShape(a)} and ${printShape(b)} do not fit: ${inner} columns, ${other} rows`,
    );
  const lead = broadcast(c, [a.slice(0, -2), b.slice(0, -2)])!;
  return [...lead, ...(a.length > 1 ? [a.at(-2)!] : []), ...(b.length > 1 ? [b.at(-1)!] : [])];
}

const product =
  (left: number, right: number, dtype?: DataType): ShapeRule =>
  (c) => [typed(dtype ?? c.inputs[left]?.dtype, multiplied(c, shapeAtLeast(c, left, 1), shapeAtLeast(c, right, 1)))];

/** The last two axes exchanged. */
const transposed = (shape: Shape | undefined): Shape | undefined =>
  shape === undefined || shape.length < 2 ? shape : [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

/** [b0, …, M, K] → [b1, …, M, b0 …]: FusedMatMul's transBatchA moves the first axis before the last. */
const batchTransposed = (shape: Shape | undefined): Shape | undefined =>
  shape === undefined || shape.length < 3 ? shape : [...shape.slice(1, -1), shape[0]!, shape.at(-1)!];

/** MatMul with transpositions as attributes [com.microsoft]. */
const fusedProduct: ShapeRule = (c) => {
  const operand = (index: number, side: "A" | "B"): Shape | undefined => {
    let shape = c.inputs[index]?.shape;
    if (intAttribute(c.layer, `transBatch${side}`, 0) === 1) shape = batchTransposed(shape);
    return intAttribute(c.layer, `trans${side}`, 0) === 1 ? transposed(shape) : shape;
  };
  return [typed(c.inputs[0]?.dtype, multiplied(c, operand(0, "A"), operand(1, "B")))];
};

/** A [M, K] or its transpose times B [K, N] or its transpose, plus C that broadcasts to [M, N]. */
function gemmShape(c: ShapeContext, a: number, b: number, bias: number): Shape | undefined {
  const left = shapeOf(c, a, 2);
  const right = shapeOf(c, b, 2);
  const x = intAttribute(c.layer, "transA", 0) === 0 ? left : transposed(left);
  const y = intAttribute(c.layer, "transB", 0) === 0 ? right : transposed(right);
  if (x === undefined && y === undefined) return undefined;
  const rows: Dim = x?.[0] ?? UNKNOWN_DIM;
  const columns: Dim = y?.[1] ?? UNKNOWN_DIM;
  multiplied(c, x, y);
  const shape = [rows, columns];
  const added = c.inputs[bias]?.shape;
  if (added !== undefined) {
    const total = broadcast(c, [shape, added])!;
    const grown =
      total.length > 2 ||
      total.some((dim, i) => typeof dim === "number" && typeof shape[i] === "number" && dim !== shape[i]);
    if (grown) throw contradiction(c, `C ${printShape(added)} does not broadcast to the product ${printShape(shape)}`);
  }
  return shape;
}

const gemm: ShapeRule = (c) => [typed(c.inputs[0]?.dtype, gemmShape(c, 0, 1, 2))];

/** A, a_scale, a_zero, B, b_scale, b_zero, C, y_scale, y_zero [com.microsoft]: float when there is no y_scale. */
const quantisedGemm: ShapeRule = (c) => {
  const rescaled = (c.layer.inputs[7] ?? "") !== "";
  return [typed(rescaled ? (c.inputs[8]?.dtype ?? c.inputs[0]?.dtype) : "float32", gemmShape(c, 0, 3, 6))];
};

/** A [… , K] times B of N × K in 4-bit blocks; K and N are attributes [com.microsoft]. */
const blockwiseProduct: ShapeRule = (c) => {
  const a = shapeAtLeast(c, 0, 1);
  const k = intAttribute(c.layer, "K", 0);
  const n = intAttribute(c.layer, "N", 0);
  const inner = a?.at(-1);
  if (typeof inner === "number" && inner !== k)
    throw contradiction(c, `input ${printShape(a)} ends in ${inner}, expected K = ${k}`);
  return [typed(c.inputs[0]?.dtype, a && [...a.slice(0, -1), n])];
};

export const MATMUL: ShapeTable = {
  MatMul: { shape: product(0, 1) },
  MatMulInteger: { shape: product(0, 1, "int32") },
  QLinearMatMul: {
    shape: (c) => [
      typed(c.inputs[7]?.dtype ?? c.inputs[0]?.dtype, multiplied(c, shapeAtLeast(c, 0, 1), shapeAtLeast(c, 3, 1))),
    ],
  },
  Gemm: { shape: gemm },
  "com.microsoft.FusedMatMul": { shape: fusedProduct },
  "com.microsoft.TransposeMatMul": { shape: fusedProduct },
  "com.microsoft.FusedMatMulActivation": { shape: fusedProduct },
  "com.microsoft.FusedGemm": { shape: gemm },
  "com.microsoft.GemmFloat8": { shape: gemm },
  "com.microsoft.QGemm": { shape: quantisedGemm },
  "com.microsoft.MatMulInteger16": { shape: product(0, 1, "int32") },
  "com.microsoft.MatMulIntegerToFloat": { shape: (c) => product(0, 1, c.inputs[2]?.dtype ?? "float32")(c) },
  "com.microsoft.DynamicQuantizeMatMul": { shape: product(0, 1) },
  "com.microsoft.MatMulNBits": { shape: blockwiseProduct },
  "com.microsoft.MatMulFpQ4": {
    shape: (c) => {
      const a = shapeAtLeast(c, 0, 1);
      const n = c.constant(2)?.data.at(-1);
      return [typed(c.inputs[0]?.dtype, a && [...a.slice(0, -1), n ?? UNKNOWN_DIM])];
    },
  },
  "com.microsoft.MatMulBnb4": { shape: blockwiseProduct },
};
