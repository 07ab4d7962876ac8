// A network that the worker keeps: its graph, and the zeros among its weights where these are few enough to be read here.
import type { ByteSource } from "../../graph/byte-source.ts";
import { sizeBytesOf } from "../../graph/dtype.ts";
import { elementCount, type Graph } from "../../graph/graph.ts";
import { drawWeight } from "../../graph/weights.ts";
import { seededRandom } from "../../math/random.ts";
import { readOnnx } from "../../onnx/read.ts";
import { type WeightBytes, weightsOf } from "../../onnx/weights.ts";
import { type Zeros, zerosOf } from "../../reduce/zeros.ts";
import { InputError } from "../../units/input-error.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import type { ModelSource } from "./messages.ts";
import { fileSource, servedSource } from "./sources.ts";

export interface Loaded {
  readonly graph: Graph;
  /** Counted when first asked for; undefined where the weights are too many, or in files beside the model. */
  zeros(): Promise<Zeros | undefined>;
}

/** Weights beyond this are not read to be counted, bytes. */
const MOST_WEIGHT_BYTES = 64 * 2 ** 20;

/** Zoo weights as far as zeros go: a number that is drawn is not zero, so it need not be. */
const drawnOrOne: WeightBytes = async (ref, type) => {
  const count = elementCount(type) ?? 0;
  if (ref.kind !== "seeded") return ref.kind === "inline" ? ref.bytes : new Uint8Array();
  const { initialiser } = ref;
  const numbers =
    initialiser.kind === "constant" ? drawWeight(initialiser, count, seededRandom) : new Float32Array(count).fill(1);
  return new Uint8Array(numbers.buffer);
};

function weightBytesOf(graph: Graph): number {
  const types = [...graph.weights.keys()].map((name) => graph.tensors.get(name));
  return types.reduce((sum, type) => sum + (type ? sizeBytesOf(type.dtype, elementCount(type) ?? 0) : 0), 0);
}

function loaded(graph: Graph, weights: WeightBytes): Loaded {
  let found: Promise<Zeros | undefined> | undefined;
  const count = async (): Promise<Zeros | undefined> => {
    if (weightBytesOf(graph) > MOST_WEIGHT_BYTES) return undefined;
    try {
      return await zerosOf({ graph, weights });
    } catch (error) {
      if (error instanceof InputError && error.code === "no-external-data") return undefined;
      throw error;
    }
  };
  return {
    graph,
    zeros: () => {
      found ??= count();
      return found;
    },
  };
}

const sourceOf = (source: Exclude<ModelSource, { readonly kind: "zoo" }>): readonly [ByteSource, string] =>
  source.kind === "file"
    ? [fileSource(source.file), source.file.name]
    : [servedSource(source.url, source.sizeBytes), source.name];

/** @throws InputError when there is no such network, or the file is no model */
export async function loadNetwork(source: ModelSource): Promise<Loaded> {
  if (source.kind === "zoo") {
    const { network, options } = chooseNetwork(source.name);
    return loaded(network.build(options), drawnOrOne);
  }
  const [bytes, name] = sourceOf(source);
  return loaded(await readOnnx(bytes, name), weightsOf(bytes));
}
