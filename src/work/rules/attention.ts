// Attention. Two matrix products per head: queries × keys (MACs = scores × head size) and scores × values (× value head
// size), where scores = batch × heads × queries × keys. All scores count, also those a causal mask discards; keys include
// the cached ones. Per score: softmax, one multiplication for the scale, one addition for each mask or bias given.
// Forms with grouped heads (fewer key heads than query heads) do the same arithmetic, they only read less.
import { floatAttribute, intAttribute, intsAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, outputCount, outputDims, plus, product, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { DEQUANTISE, QUANTISE } from "./quantisation.ts";
import { SOFTMAX, SOFTMAX_BACKWARD } from "./reduction.ts";

/** What all forms come down to. */
interface Extent {
  readonly scores: number;
  readonly headSize: number;
  readonly valueHeadSize: number;
  /** Masks and biases added to each score. */
  readonly masks: number;
  readonly softcap?: boolean;
}

const productsMacs = ({ scores, headSize, valueHeadSize }: Extent): number => scores * (headSize + valueHeadSize);

function attention(extent: Extent): Operations {
  const perScore = plus(
    SOFTMAX,
    { muls: 1, adds: extent.masks },
    extent.softcap === true ? { muls: 2, others: 1 } : {},
  );
  return plus({ macs: productsMacs(extent) }, times(perScore, extent.scores));
}

/** Both products once per operand, softmax backwards, the scale once more. */
function attentionBackward(extent: Extent): Operations {
  return plus({ macs: 2 * productsMacs(extent) }, times(plus(SOFTMAX_BACKWARD, { muls: 1 }), extent.scores));
}

const rule = (extentOf: (context: WorkContext) => Extent, extra: Partial<WorkRule> = {}): WorkRule => ({
  forward: (context) => attention(extentOf(context)),
  backward: (context) => attentionBackward(extentOf(context)),
  ...extra,
});

/** Heads, length and head size of a [batch, heads, length, size] or [batch, length, heads·size] operand. */
function split(dims: readonly number[], heads: number): { heads: number; length: number; size: number } {
  if (dims.length === 4) return { heads: dims[1]!, length: dims[2]!, size: dims[3]! };
  return { heads, length: dims[1] ?? 0, size: (dims[2] ?? 0) / (heads || 1) };
}

/** ONNX Attention (opset 23): Q, K, V, mask, past key, past value. */
function onnxAttention(context: WorkContext): Extent {
  const { layer } = context;
  const queryHeads = intAttribute(layer, "q_num_heads", 1);
  const keyHeads = intAttribute(layer, "kv_num_heads", queryHeads);
  const query = split(inputDims(context, 0), queryHeads);
  const key = split(inputDims(context, 1), keyHeads);
  const past = hasInput(context, 4) ? (inputDims(context, 4)[2] ?? 0) : 0;
  return {
    scores: (inputDims(context, 0)[0] ?? 1) * query.heads * query.length * (key.length + past),
    headSize: query.size,
    valueHeadSize: split(inputDims(context, 2), keyHeads).size,
    masks: hasInput(context, 3) ? 1 : 0,
    softcap: floatAttribute(layer, "softcap", 0) !== 0,
  };
}

/** com.microsoft.Attention: [batch, length, hidden] × weights [hidden, q + k + v], past [2, batch, heads, length, size]. */
function projected(pastAt: number, biasAt: number | undefined) {
  return (context: WorkContext): Extent => {
    const { layer } = context;
    const [batch = 1, length = 0] = inputDims(context, 0);
    const heads = intAttribute(layer, "num_heads", 1);
    const third = (inputDims(context, 1)[1] ?? 0) / 3;
    const [query = third, , value = third] = intsAttribute(layer, "qkv_hidden_sizes") ?? [];
    const past = hasInput(context, pastAt) ? (inputDims(context, pastAt)[3] ?? 0) : 0;
    const biases = biasAt !== undefined && hasInput(context, biasAt) ? 1 : 0;
    return {
      scores: batch * heads * length * (length + past),
      headSize: query / heads,
      valueHeadSize: value / heads,
      masks: (hasInput(context, 3) ? 1 : 0) + biases,
    };
  };
}

/** The projections: tokens × weights, and the bias. */
function projections(context: WorkContext): Operations {
  const tokens = product(inputDims(context, 0).slice(0, 2));
  const adds = hasInput(context, 2) ? tokens * inputCount(context, 2) : 0;
  return plus({ macs: tokens * inputCount(context, 1), adds });
}

const microsoftExtent = projected(4, 5);
const microsoftAttention: WorkRule = {
  forward: (context) => plus(projections(context), attention(microsoftExtent(context))),
  backward: (context, { wanted }) => {
    const sides = (wanted[0] === true ? 1 : 0) + (wanted[1] === true ? 1 : 0);
    const { macs, adds } = projections(context);
    return plus({ macs: macs * sides, adds }, attentionBackward(microsoftExtent(context)));
  },
};

/** Inputs input, weight, bias, their scales (3, 4), mask (5), zero points (6, 7), past (8). */
const quantisedExtent = projected(8, undefined);
const quantisedAttention: WorkRule = {
  forward: (context) => {
    const extent = { ...quantisedExtent(context), masks: hasInput(context, 5) ? 1 : 0 };
    const scaled = product(inputDims(context, 0).slice(0, 2)) * (inputDims(context, 1)[1] ?? 0);
    return plus(projections(context), attention(extent), { muls: scaled });
  },
  settings: [3, 4, 6, 7],
  quantised: [1],
};

/** MultiHeadAttention: query [b, l, h·d] or packed [b, l, h, 3, d]; key may be packed with value [b, l, h, 2, d] or cached [b, h, l, d]. */
function multiHead(context: WorkContext): Extent {
  const { layer } = context;
  const heads = intAttribute(layer, "num_heads", 1);
  const query = inputDims(context, 0);
  const key = hasInput(context, 1) ? inputDims(context, 1) : query;
  const value = hasInput(context, 2) ? inputDims(context, 2) : key;
  const headSize = query.length === 5 ? query[4]! : (query[2] ?? 0) / heads;
  const past = hasInput(context, 6) ? (inputDims(context, 6)[2] ?? 0) : 0;
  const keyLength = key.length === 4 ? key[2]! : (key[1] ?? 0);
  return {
    scores: (query[0] ?? 1) * heads * (query[1] ?? 0) * (keyLength + past),
    headSize,
    valueHeadSize: value.length === 3 ? value[2]! / heads : (value.at(-1) ?? headSize),
    masks: (hasInput(context, 4) ? 1 : 0) + (hasInput(context, 5) ? 1 : 0),
  };
}

const multiHeadBias = (context: WorkContext): Operations =>
  plus({ adds: product(inputDims(context, 0).slice(0, 2)) * inputCount(context, 3) });

/** Rotation of pairs: (x₁cos − x₂sin, x₂cos + x₁sin): per element two multiplications and one addition. */
const ROTATE: Partial<Operations> = { muls: 2, adds: 1 };

/** GroupQueryAttention: query [b, l, h·d], or all three packed when key is omitted; past key [b, kvh, cached, d] (3). */
function groupQuery(context: WorkContext): Extent {
  const { layer } = context;
  const heads = intAttribute(layer, "num_heads", 1);
  const keyHeads = intAttribute(layer, "kv_num_heads", heads);
  const [batch = 1, length = 0, width = 0] = inputDims(context, 0);
  const headSize = width / (hasInput(context, 1) ? heads : heads + 2 * keyHeads);
  const cached = hasInput(context, 3) ? (inputDims(context, 3)[2] ?? 0) : 0;
  const present = outputDims(context, 1)[2];
  return {
    scores: batch * heads * length * (present ?? cached + length),
    headSize,
    valueHeadSize: headSize,
    masks: hasInput(context, 10) ? 1 : 0,
    softcap: floatAttribute(layer, "softcap", 0) !== 0,
  };
}

/** Queries and keys are rotated when attribute do_rotary is set. */
function groupQueryRotation(context: WorkContext): Operations {
  if (intAttribute(context.layer, "do_rotary", 0) === 0) return times({}, 0);
  const heads = intAttribute(context.layer, "num_heads", 1);
  const keyHeads = intAttribute(context.layer, "kv_num_heads", heads);
  const tokens = product(inputDims(context, 0).slice(0, 2));
  return times(ROTATE, tokens * (heads + keyHeads) * groupQuery(context).headSize);
}

/** Rotates the first `rotary_embedding_dim` numbers of each head; all when it is 0. cos and sin are looked up by row. */
const rotary = (tables: readonly number[]): WorkRule => ({
  forward: (context) => {
    const part = intAttribute(context.layer, "rotary_embedding_dim", 0);
    const dims = inputDims(context, 0);
    const heads = intAttribute(context.layer, "num_heads", 0);
    const size = dims.length === 4 ? dims[3]! : heads > 0 ? (dims[2] ?? 0) / heads : 0;
    const share = part > 0 && size > 0 ? part / size : 1;
    return times(ROTATE, outputCount(context) * share);
  },
  settings: tables,
});

export const ATTENTION_RULES: WorkTable = {
  Attention: rule(onnxAttention),
  RotaryEmbedding: rotary([1, 2]),
  "com.microsoft.Attention": microsoftAttention,
  "com.microsoft.QAttention": quantisedAttention,
  "com.microsoft.MultiHeadAttention": rule(multiHead, {
    forward: (context) => plus(attention(multiHead(context)), multiHeadBias(context)),
  }),
  "com.microsoft.GroupQueryAttention": rule(groupQuery, {
    forward: (context) => plus(attention(groupQuery(context)), groupQueryRotation(context)),
    settings: [7, 8],
  }),
  "com.microsoft.RotaryEmbedding": rotary([2, 3]),
  "com.microsoft.QEmbedLayerNormalization": {
    // rows of three 8-bit embeddings brought to real numbers and summed, then a layer normalisation
    forward: (context) => times(plus(times(DEQUANTISE, 3), { muls: 3, adds: 7 }, QUANTISE), outputCount(context)),
    elementsRead: (context, index) => (index >= 2 && index <= 4 ? outputCount(context) : undefined),
    settings: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    quantised: [2, 3, 4, 5, 6],
  },
};
