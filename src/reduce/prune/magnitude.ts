// Unstructured pruning: the smallest weights become zero. By a threshold, step 2 of [Krouka2021], or by how few may be left
// [Han2015]. Shapes stay; nothing runs faster for it on a runtime that multiplies zeros too. Normalisation scales are left alone.

import type { Tensor } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import { readWeight, type WeightedNetwork, withWeights } from "../network.ts";
import { type Parameter, parametersOf } from "./parameters.ts";
import { countNonzero } from "./sparsity.ts";

/** What weights are compared with: all others, or those of the same tensor. */
export const SCOPES = ["global", "layer"] as const;
export type Scope = (typeof SCOPES)[number];

interface Candidate {
  readonly parameter: Parameter;
  readonly data: Float32Array | Float64Array;
}

async function candidatesOf(network: WeightedNetwork, kinds: readonly Parameter["kind"][]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const parameter of parametersOf(network.graph)) {
    if (!kinds.includes(parameter.kind)) continue;
    const { data } = await readWeight(network, parameter.name);
    if (data instanceof Float32Array || data instanceof Float64Array) candidates.push({ parameter, data });
  }
  if (candidates.length === 0)
    throw new InputError(
      "nothing-to-prune",
      `"${network.graph.name}" has no float weights of layers with a matrix`,
      "prune before quantising or converting to float16",
    );
  return candidates;
}

/** Zeroes what is below its tensor's threshold. @throws InputError "layer-removed" */
function cut(network: WeightedNetwork, candidates: readonly Candidate[], thresholdOf: (c: Candidate) => number) {
  const changed = new Map<string, Tensor>();
  for (const candidate of candidates) {
    const { parameter, data } = candidate;
    const threshold = thresholdOf(candidate);
    const kept = data.map((value) => (Math.abs(value) < threshold ? 0 : value));
    if (parameter.kind === "matrix" && kept.every((value) => value === 0))
      throw layerRemoved(parameter, threshold, largestOf(data));
    const dtype = data instanceof Float32Array ? "float32" : "float64";
    changed.set(parameter.name, { dtype, shape: parameter.shape, data: kept });
  }
  return withWeights(network, changed);
}

const largestOf = (data: Float32Array | Float64Array): number =>
  (data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function layerRemoved({ name, layers }: Parameter, threshold: number, largest: number): InputError {
  return new InputError(
    "layer-removed",
    `the threshold ${threshold.toPrecision(4)} would remove layer "${layers[0]}" whole: the largest of its weights ("${name}") is ${largest.toPrecision(4)}`,
    `give a threshold of at most ${largest.toPrecision(3)}, or prune layer by layer`,
  );
}

/**
 * Every weight and bias with |w| < threshold becomes zero [Krouka2021, step 2].
 * @param threshold in the weights' own unit; above 0
 * @throws InputError "layer-removed" naming the layer of which nothing would be left, "nothing-to-prune"
 */
export async function pruneByThreshold(network: WeightedNetwork, threshold: number): Promise<WeightedNetwork> {
  if (!(threshold > 0))
    throw new InputError("bad-threshold", `the threshold is ${threshold}, expected above 0`, "give 1e-3, say");
  return cut(network, await candidatesOf(network, ["matrix", "bias"]), () => threshold);
}

export interface NonzeroOptions {
  /** Trained parameters that may be left, biases and scales included; a whole number from 1. */
  readonly nonzero: number;
  /** Default "global". */
  readonly scope?: Scope;
}

/**
 * The smallest weights become zero until at most `nonzero` parameters of the network are left. Only matrices are cut: there
 * are few biases, and those of neurons that have become useless go with the neurons (dead.ts). Equal weights stay or go together.
 * @throws InputError "unreachable-ratio" when it cannot be met without removing a layer, "nothing-to-prune"
 */
export async function pruneToNonzero(network: WeightedNetwork, options: NonzeroOptions): Promise<WeightedNetwork> {
  const { nonzero, scope = "global" } = options;
  const candidates = await candidatesOf(network, ["matrix"]);
  const all = await countNonzero(network);
  const inMatrices = candidates.reduce((sum, { data }) => sum + nonzeroIn(data), 0);
  const others = all.nonzero - inMatrices;
  const budget = nonzero - others;
  if (budget >= inMatrices) return network;
  if (budget < candidates.length)
    throw unreachable(
      nonzero,
      `its ${others} biases and scales stay, and each of its ${candidates.length} matrices keeps one weight`,
    );
  if (scope === "layer") return cut(network, candidates, ({ data }) => thresholdFor([data], budget / inMatrices));
  const threshold = thresholdFor(
    candidates.map(({ data }) => data),
    budget / inMatrices,
  );
  const removed = candidates.find(({ data }) => largestOf(data) < threshold);
  if (removed !== undefined)
    throw unreachable(nonzero, `the weights of layer "${removed.parameter.layers[0]}" would all be among the smallest`);
  return cut(network, candidates, () => threshold);
}

function unreachable(nonzero: number, why: string): InputError {
  return new InputError(
    "unreachable-ratio",
    `the network cannot be pruned to ${nonzero} parameters: ${why}`,
    "ask for a smaller ratio, or prune layer by layer (--scope layer), or train with --l1 first",
  );
}

const nonzeroIn = (data: Float32Array | Float64Array): number =>
  (data as Float32Array).reduce((count, value) => count + (value === 0 ? 0 : 1), 0);

/** Least size that stays when at most `share` of the nonzero numbers do; at least one does. */
function thresholdFor(lists: readonly (Float32Array | Float64Array)[], share: number): number {
  const sizes = new Float64Array(lists.reduce((sum, list) => sum + nonzeroIn(list), 0));
  let at = 0;
  for (const list of lists) for (const value of list) if (value !== 0) sizes[at++] = Math.abs(value);
  sizes.sort();
  const kept = Math.max(1, Math.floor(sizes.length * share + 1e-9));
  const least = sizes[sizes.length - kept]!;
  const next = sizes[sizes.length - kept - 1];
  if (next !== least) return least;
  // Equals go together, so that no more are left than asked for; unless nothing else would be left.
  const above = sizes.find((size) => size > least);
  return above ?? least;
}
