// Unstructured pruning: the smallest weights become zero. By a threshold, step 2 of [Krouka2021], or by how few may be left
// [Han2015]. Shapes stay; nothing runs faster for it on a runtime that multiplies zeros too. Normalisation scales are left alone.

import type { Tensor } from "../../runtime/tensor.ts";
import { formatCount, formatNumber } from "../../units/format.ts";
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

/** Zeroes what is below its tensor's threshold. */
function cut(network: WeightedNetwork, candidates: readonly Candidate[], thresholdOf: (c: Candidate) => number) {
  const changed = new Map<string, Tensor>();
  for (const candidate of candidates) {
    const { parameter, data } = candidate;
    const threshold = thresholdOf(candidate);
    const kept = data.map((value) => (Math.abs(value) < threshold ? 0 : value));
    const dtype = data instanceof Float32Array ? "float32" : "float64";
    changed.set(parameter.name, { dtype, shape: parameter.shape, data: kept });
  }
  return withWeights(network, changed);
}

const largestOf = (data: Float32Array | Float64Array): number =>
  (data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The matrix whose largest weight is the smallest: a threshold above that removes a layer. */
function weakest(matrices: readonly Candidate[]): { readonly parameter: Parameter; readonly largest: number } {
  const all = matrices.map(({ parameter, data }) => ({ parameter, largest: largestOf(data) }));
  return all.reduce((least, one) => (one.largest < least.largest ? one : least));
}

/** Three digits, never above the number itself. */
function roundedDown(value: number): number {
  const near = Number(value.toPrecision(3));
  return near <= value ? near : Number((near - 10 ** (Math.floor(Math.log10(value)) - 2)).toPrecision(3));
}

/** @throws InputError "layer-removed" when a matrix has no weight of that size */
function checkKeepsAll(candidates: readonly Candidate[], threshold: number): void {
  const matrices = candidates.filter(({ parameter }) => parameter.kind === "matrix");
  if (matrices.length === 0) return;
  const { parameter, largest } = weakest(matrices);
  if (largest >= threshold) return;
  throw new InputError(
    "layer-removed",
    `the threshold ${formatNumber(threshold)} would remove layer "${parameter.layers[0]}" whole: the largest of its weights ("${parameter.name}") is ${formatNumber(largest, 4)}`,
    largest > 0
      ? `give a threshold of at most ${roundedDown(largest)}`
      : "that layer has no weights but zeros already: train the network first",
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
  const candidates = await candidatesOf(network, ["matrix", "bias"]);
  checkKeepsAll(candidates, threshold);
  return cut(network, candidates, () => threshold);
}

export interface NonzeroOptions {
  /** Trained parameters that may be left, biases and scales included; a whole number from 1. */
  readonly nonzero: number;
  /** Default "global". */
  readonly scope?: Scope;
  /** Nonzero parameters of the network that ratios are told against. Default: those of this network. */
  readonly original?: number;
  /** The ratio that was asked for, for what is told. Default: original over `nonzero`. */
  readonly ratio?: number;
}

/**
 * The smallest weights become zero until at most `nonzero` parameters of the network are left. Only matrices are cut: there
 * are few biases, and those of neurons that have become useless go with the neurons (dead.ts). Equal weights stay or go together.
 * @throws InputError "unreachable-ratio" when it cannot be met without removing a layer, "nothing-to-prune"
 */
export async function pruneToNonzero(network: WeightedNetwork, options: NonzeroOptions): Promise<WeightedNetwork> {
  const { nonzero, scope = "global", original, ratio } = options;
  const candidates = await candidatesOf(network, ["matrix"]);
  const all = await countNonzero(network);
  const inMatrices = candidates.reduce((sum, { data }) => sum + nonzeroIn(data), 0);
  const others = all.nonzero - inMatrices;
  const budget = nonzero - others;
  if (budget >= inMatrices) return network;
  const from = original ?? all.nonzero;
  const asked = { from, nonzero, ...(ratio !== undefined && { ratio }) };
  checkFloor({ ...asked, others, matrices: candidates.length });
  if (scope === "layer") return cut(network, candidates, ({ data }) => thresholdFor([data], budget / inMatrices));
  const threshold = thresholdFor(
    candidates.map(({ data }) => data),
    budget / inMatrices,
  );
  const { parameter, largest } = weakest(candidates);
  if (largest < threshold) {
    const left = candidates.reduce((sum, { data }) => sum + countFrom(data, largest), 0);
    throw unreachable(
      { ...asked, least: others + left },
      `the weights of layer "${parameter.layers[0]}" would all be among the smallest`,
      "or compare within each layer (--scope layer), or train with --l1 first",
    );
  }
  return cut(network, candidates, () => threshold);
}

/** What was asked for. */
interface Asked {
  /** Nonzero parameters of the original, and those that may be left. */
  readonly from: number;
  readonly nonzero: number;
  /** Default: one over the other. */
  readonly ratio?: number;
}

interface Floor extends Asked {
  /** Biases and scales, which stay. */
  readonly others: number;
  /** Each keeps one weight. */
  readonly matrices: number;
}

/** @throws InputError "unreachable-ratio" when biases, scales and one weight per matrix are more than may be left */
export function checkFloor({ others, matrices, ...asked }: Floor): void {
  if (asked.nonzero - others >= matrices) return;
  throw unreachable(
    { ...asked, least: others + matrices },
    `its ${formatCount(others)} biases and scales stay, and each of its ${matrices} matrices keeps one weight`,
    "or remove whole channels, whose biases go with them (--macs 0.2)",
  );
}

function unreachable(
  { from, nonzero, ratio = from / nonzero, least }: Asked & { readonly least: number },
  why: string,
  or: string,
): InputError {
  return new InputError(
    "unreachable-ratio",
    `a compression ratio of ${formatNumber(ratio)} (${formatCount(nonzero)} of ${formatCount(from)} parameters) cannot be met: ${why}`,
    `give a ratio of at most ${roundedDown(from / least)}, ${or}`,
  );
}

const countFrom = (data: Float32Array | Float64Array, size: number): number =>
  (data as Float32Array).reduce((count, value) => count + (Math.abs(value) >= size && value !== 0 ? 1 : 0), 0);

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
