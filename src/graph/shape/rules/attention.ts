// Attention: ONNX's own (opset 23) and the fused forms that ONNX Runtime's optimiser makes [ONNX, com.microsoft].
import { intAttribute, intsAttribute } from "../../attributes.ts";
import { type Dim, UNKNOWN_DIM } from "../../graph.ts";
import {
  addDims,
  contradiction,
  divideDim,
  hasInput,
  mapDim,
  multiplyDims,
  printShape,
  type Shape,
  typed,
} from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** Number of heads from an attribute that must be there. */
function heads(c: ShapeContext, name: string): number {
  const count = intAttribute(c.layer, name, 0);
  if (count < 1) throw contradiction(c, `${name} is ${count}, expected at least 1`);
  return count;
}

/** One of query, key, value as [batch, heads, length, size]. */
interface Operand {
  readonly batch: Dim;
  readonly heads: Dim;
  readonly length: Dim;
  readonly size: Dim;
}

/** [batch, heads, length, size], or [batch, length, heads·size] with the heads in an attribute. */
function operand(c: ShapeContext, shape: Shape, attribute: string): Operand {
  if (shape.length === 4) return { batch: shape[0]!, heads: shape[1]!, length: shape[2]!, size: shape[3]! };
  if (shape.length !== 3) throw contradiction(c, `shape ${printShape(shape)}, expected 3 or 4 axes`);
  const count = heads(c, attribute);
  return { batch: shape[0]!, heads: count, length: shape[1]!, size: divideDim(c, shape[2]!, count, "the hidden size") };
}

/** Length with the past before it, where a past is given as input `index` [batch, heads, past, size]. */
const withPast = (c: ShapeContext, length: Dim, index: number, axis = 2): Dim =>
  hasInput(c, index) ? addDims(c.inputs[index]?.shape?.[axis] ?? UNKNOWN_DIM, length) : length;

/** Y, present key, present value, scores [ONNX Attention-23]. */
const attention: ShapeRule = (c) => {
  const dtype = c.inputs[0]?.dtype;
  const [query, key, value] = [c.inputs[0]?.shape, c.inputs[1]?.shape, c.inputs[2]?.shape];
  if (query === undefined || key === undefined || value === undefined) return [typed(dtype, undefined)];
  const q = operand(c, query, "q_num_heads");
  const k = operand(c, key, "kv_num_heads");
  const v = operand(c, value, "kv_num_heads");
  if (typeof q.size === "number" && typeof k.size === "number" && q.size !== k.size)
    throw contradiction(c, `heads of the query have ${q.size} numbers, of the key ${k.size}`);
  const total = withPast(c, k.length, 4);
  const y =
    query.length === 4 ? [q.batch, q.heads, q.length, v.size] : [q.batch, q.length, multiplyDims(q.heads, v.size)];
  return [
    typed(dtype, y),
    typed(dtype, [k.batch, k.heads, total, k.size]),
    typed(c.inputs[2]?.dtype, [v.batch, v.heads, total, v.size]),
    typed(dtype, [q.batch, q.heads, q.length, total]),
  ];
};

/** Input and packed weights [features, hidden_q + hidden_k + hidden_v]: output, present [2, batch, heads, total, size]. */
const packedAttention =
  (past: number, dtypeOf: number): ShapeRule =>
  (c) => {
    const x = c.inputs[0]?.shape;
    const packed = c.inputs[1]?.shape?.[1];
    const dtype = c.inputs[dtypeOf]?.dtype;
    if (x === undefined || x.length !== 3) return [typed(dtype, undefined)];
    const sizes = intsAttribute(c.layer, "qkv_hidden_sizes");
    const hidden = sizes?.[2] ?? mapDim(packed, (all) => all / 3);
    const count = heads(c, "num_heads");
    const size = divideDim(c, hidden, count, "the hidden size");
    // A shared buffer already has the length of the longest sequence.
    const shared = intAttribute(c.layer, "past_present_share_buffer", 0) === 1;
    const total = shared ? (c.inputs[past]?.shape?.[3] ?? UNKNOWN_DIM) : withPast(c, x[1]!, past, 3);
    return [typed(dtype, [x[0]!, x[1]!, hidden]), typed(dtype, [2, x[0]!, count, total, size])];
  };

/** query, key, value separate or packed: [b, s, hidden]; [b, s, heads, 3, size]; key and value [b, heads, s, size]. */
const multiHeadAttention: ShapeRule = (c) => {
  const query = c.inputs[0]?.shape;
  const dtype = c.inputs[0]?.dtype;
  if (query === undefined) return [typed(dtype, undefined)];
  if (query.length !== 3 && query.length !== 5)
    throw contradiction(c, `query of shape ${printShape(query)}, expected 3 axes, or 5 when all three are packed`);
  const count = heads(c, "num_heads");
  const [batch, length] = [query[0]!, query[1]!];
  if (query.length === 5) {
    const size = query[4]!;
    const present = typed(dtype, [batch, count, length, size]);
    return [typed(dtype, [batch, length, multiplyDims(size, count)]), present, present];
  }
  const key = c.inputs[1]?.shape;
  const value = hasInput(c, 2) ? c.inputs[2]?.shape : key;
  if (key === undefined || value === undefined) return [typed(dtype, undefined)];
  const hidden = query[2]!;
  const headed = (shape: Shape): Operand => {
    if (shape.length === 5) return { batch, heads: count, length: shape[1]!, size: shape[4]! };
    if (shape.length === 4) return { batch, heads: count, length: shape[2]!, size: shape[3]! };
    return { batch, heads: count, length: shape[1]!, size: divideDim(c, shape[2] ?? hidden, count, "the hidden size") };
  };
  const k = headed(key);
  const v = headed(value);
  // Key and value of cross attention come headed already and hold the whole past.
  const total = withPast(c, k.length, 6);
  const scores = typed(dtype, [batch, count, length, total]);
  return [
    typed(dtype, [batch, length, multiplyDims(v.size, count)]),
    typed(dtype, [batch, count, total, k.size]),
    typed(dtype, [batch, count, total, v.size]),
    scores,
  ];
};

/** query [b, s, heads·size] or all three packed; present length: the whole sequence, or the shared buffer if longer. */
const groupQueryAttention: ShapeRule = (c) => {
  const query = c.inputs[0]?.shape;
  const dtype = c.inputs[0]?.dtype;
  if (query === undefined || query.length !== 3) return [typed(dtype, undefined)];
  const [count, groups] = [heads(c, "num_heads"), heads(c, "kv_num_heads")];
  const packed = !hasInput(c, 1);
  const size = divideDim(c, query[2]!, packed ? count + 2 * groups : count, "the hidden size");
  const past = c.inputs[3]?.shape?.[2];
  const whole = c.constant(6)?.data[0];
  const added = packed ? query[1]! : (c.inputs[1]?.shape?.[1] ?? UNKNOWN_DIM);
  const total = whole === undefined ? withPast(c, added, 3) : typeof past === "number" ? Math.max(past, whole) : whole;
  const present = typed(c.inputs[3]?.dtype ?? dtype, [query[0]!, groups, total, size]);
  return [typed(dtype, [query[0]!, query[1]!, multiplyDims(size, count)]), present, present];
};

const keep: ShapeRule = (c) => [c.inputs[0]];

/** Bias table lookup: [1, heads, query length, key length]. */
const relativePositionBias: ShapeRule = (c) => [
  typed(c.inputs[0]?.dtype, [
    1,
    c.inputs[0]?.shape?.[1] ?? UNKNOWN_DIM,
    c.constant(1)?.data[0] ?? UNKNOWN_DIM,
    c.constant(2)?.data[0] ?? UNKNOWN_DIM,
  ]),
];

export const ATTENTION: ShapeTable = {
  Attention: { shape: attention },
  RotaryEmbedding: { shape: keep },
  "com.microsoft.Attention": { shape: packedAttention(4, 0) },
  "com.microsoft.QAttention": { shape: packedAttention(8, 3) },
  "com.microsoft.MultiHeadAttention": { shape: multiHeadAttention },
  "com.microsoft.GroupQueryAttention": { shape: groupQueryAttention },
  "com.microsoft.RotaryEmbedding": { shape: keep },
  "com.microsoft.RelativePositionBias": { shape: relativePositionBias },
  "com.microsoft.MoE": { shape: keep },
  "com.microsoft.QMoE": { shape: keep },
};
