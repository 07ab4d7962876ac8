// A small transformer encoder [Vaswani2017]: the stack of BERT-Mini [Turc2019] (4 layers, 256 features, 4 heads, 1,024
// inner features) without its embeddings, so that it takes numbers and not words. Post-norm, exact GELU, no mask; plain
// ONNX operators, so that each matrix product is a layer of its own. torch.nn.TransformerEncoder has the same form.
// Option `depth` is the number of layers; `width` scales heads (64 features each), features and inner features.
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import type { ZooNetwork, ZooOptions } from "./network.ts";
import { countOf, scaled, widthOf } from "./options.ts";
import { add, multiply } from "./pieces.ts";

export interface TransformerOptions extends ZooOptions {
  /** Tokens in the input; 1 to 131,072. Default 128. */
  readonly sequence?: number;
}

const LAYERS = 4;
const HEADS = 4;
const HEAD_FEATURES = 64;
/** Inner features of the feed-forward part per feature. */
const EXPANSION = 4;

/** Dense layer over the last axis of [N, S, F]: x·W + bias, W kept as [F, out]. */
function dense(b: NetworkBuilder, x: string, out: number, name: string): string {
  const features = b.length(x, -1);
  const bound = 1 / Math.sqrt(features);
  return b.scope(name, () => {
    const weight = b.weight("weight", [features, out], { kind: "uniform", bound, seed: b.nextSeed() });
    const bias = b.weight("bias", [out], { kind: "uniform", bound, seed: b.nextSeed() });
    return add(b, b.layer("MatMul", [x, weight]), bias);
  });
}

function layerNorm(b: NetworkBuilder, x: string, name: string): string {
  const shape = [b.length(x, -1)];
  const weights = b.scope(name, () => [
    b.weight("weight", shape, { kind: "constant", value: 1 }),
    b.weight("bias", shape, { kind: "constant", value: 0 }),
  ]);
  return b.layer("LayerNormalization", [x, ...weights], { name, attributes: { axis: -1, epsilon: 1e-5 } });
}

const scalar = (b: NetworkBuilder, name: string, value: number): string => b.constant(name, "float32", [value], []);

/** x·(1 + erf(x/√2))/2 [Hendrycks2016]. */
function gelu(b: NetworkBuilder, x: string): string {
  return b.scope("gelu", () => {
    const erf = b.layer("Erf", [multiply(b, x, scalar(b, "inverse_root_two", Math.SQRT1_2))]);
    const half = multiply(b, x, scalar(b, "half", 0.5), "halve");
    return multiply(b, half, add(b, erf, scalar(b, "one", 1)), "gate");
  });
}

/** [N, S, F] → [N, heads, S, F/heads], or [N, heads, F/heads, S] when `transposed`. */
function heads(b: NetworkBuilder, x: string, name: string, transposed = false): string {
  const [sequence, features] = [b.length(x, 1), b.length(x, 2)];
  return b.scope(name, () => {
    const shape = b.constant("shape", "int64", [0, sequence, features / HEAD_FEATURES, HEAD_FEATURES]);
    const perm = transposed ? [0, 2, 3, 1] : [0, 2, 1, 3];
    return b.layer("Transpose", [b.layer("Reshape", [x, shape])], { attributes: { perm } });
  });
}

/** Multi-head self-attention: softmax(Q·Kᵀ/√64)·V, joined and projected. */
function attention(b: NetworkBuilder, x: string): string {
  const [sequence, features] = [b.length(x, 1), b.length(x, 2)];
  return b.scope("attention", () => {
    const query = heads(b, dense(b, x, features, "query"), "query_heads");
    const key = heads(b, dense(b, x, features, "key"), "key_heads", true);
    const value = heads(b, dense(b, x, features, "value"), "value_heads");
    const raw = b.layer("MatMul", [query, key], { name: "scores" });
    const scores = multiply(b, raw, scalar(b, "scale_factor", 1 / Math.sqrt(HEAD_FEATURES)), "scale");
    const weights = b.layer("Softmax", [scores], { attributes: { axis: -1 } });
    const mixed = b.layer("MatMul", [weights, value], { name: "mix" });
    const joined = b.layer("Transpose", [mixed], { name: "join", attributes: { perm: [0, 2, 1, 3] } });
    const flat = b.layer("Reshape", [joined, b.constant("shape", "int64", [0, sequence, features])], { name: "flat" });
    return dense(b, flat, features, "output");
  });
}

function feedForward(b: NetworkBuilder, x: string): string {
  const features = b.length(x, -1);
  return b.scope("feed_forward", () =>
    dense(b, gelu(b, dense(b, x, features * EXPANSION, "widen")), features, "narrow"),
  );
}

/** @returns a network from "input" [batch, sequence, features] to the same shape
 *  @throws InputError for an option that is no (whole) number in its range */
export function buildTransformerEncoder(options: TransformerOptions = {}): Graph {
  const features = scaled(HEADS, widthOf(options)) * HEAD_FEATURES;
  const depth = countOf("depth", options.depth ?? LAYERS);
  const sequence = countOf("sequence", options.sequence ?? 128);
  const b = new NetworkBuilder("transformer-encoder", options.seed);
  let x = b.input("input", ["batch", sequence, features]);
  for (let i = 1; i <= depth; i++) {
    x = b.scope(`layer${i}`, () => {
      const attended = layerNorm(b, add(b, x, attention(b, x)), "norm1");
      return layerNorm(b, add(b, attended, feedForward(b, attended)), "norm2");
    });
  }
  b.output(x);
  return b.graph();
}

export const TRANSFORMER_ENCODER: ZooNetwork = {
  name: "transformer-encoder",
  summary: "Transformer encoder of BERT-Mini's size without embeddings: 128×256 in and out",
  takes: ["width", "depth", "sequence"],
  source: "Vaswani2017",
  published: { params: 3_159_040, macs: 436_207_616, source: "derived by hand; torch.nn.TransformerEncoder agrees" },
  build: buildTransformerEncoder,
};
