// One step of pruning, whatever the method: a network and how far it should go in, a smaller or sparser network out. A table, one
// entry per method; training before, between and after is pipeline.ts.

import { checkFinite } from "../finite.ts";
import type { WeightedNetwork } from "../network.ts";
import { nonzeroSteps } from "./gradual.ts";
import type { ImportanceKind } from "./importance.ts";
import { checkFloor, pruneByThreshold, pruneToNonzero, type Scope } from "./magnitude.ts";
import { parametersOf } from "./parameters.ts";
import { countNonzero } from "./sparsity.ts";
import {
  channelOrigin,
  checkChannels,
  macsOf,
  pruneChannels,
  type StructuredOptions,
  type StructuredPruned,
} from "./structured.ts";

/** Channels go until the share of MACs is reached: by their weights, or (slimming) by their batch-normalisation scales. */
export interface ChannelTarget<M extends "structured" | "slimming"> {
  readonly method: M;
  /** MACs left, as a share of the original's; above 0, below 1. */
  readonly macsRatio: number;
  readonly scope?: Scope;
  /** Share of its channels that every layer keeps at least. */
  readonly keepRatio?: number;
}

/** How far a network is pruned. */
export type PruneTarget =
  /** Weights and biases smaller than `threshold` become zero [Krouka2021]. */
  | { readonly method: "threshold"; readonly threshold: number }
  /** The smallest weights become zero until the compression ratio C_r is reached; above 1. */
  | { readonly method: "magnitude"; readonly ratio: number; readonly scope?: Scope }
  | ChannelTarget<"structured">
  | ChannelTarget<"slimming">;

export type TargetOf<M extends PruneMethod> = Extract<PruneTarget, { readonly method: M }>;
export type PruneMethod = PruneTarget["method"];
export const PRUNE_METHODS: readonly PruneMethod[] = ["threshold", "magnitude", "structured", "slimming"];

/** What a step leaves. */
export interface Pruned {
  readonly network: WeightedNetwork;
  /** Channels by layer where channels were removed. */
  readonly channels: StructuredPruned["layers"];
}

/** One step after another; the last reaches the target. */
export type PruneStep = (network: WeightedNetwork) => Promise<Pruned>;

interface StepsContext {
  readonly original: WeightedNetwork;
  readonly steps: number;
  readonly dims: Readonly<Record<string, number>> | undefined;
  /** Channels left in a layer are a multiple of this. */
  readonly multiple: number;
}

type Steps<T extends PruneTarget> = (target: T, context: StepsContext) => Promise<readonly PruneStep[]>;

const sparse = async (network: Promise<WeightedNetwork>): Promise<Pruned> => ({ network: await network, channels: [] });

const IMPORTANCE: Readonly<Record<"structured" | "slimming", ImportanceKind>> = {
  structured: "l1-norm",
  slimming: "bn-scale",
};

/** What pruneChannels is told, but for how far to go in a step. */
function channelOptions(
  { method, scope, keepRatio }: ChannelTarget<"structured" | "slimming">,
  { dims, multiple }: Pick<StepsContext, "dims" | "multiple">,
): Omit<StructuredOptions, "macsRatio"> {
  return {
    importance: IMPORTANCE[method],
    multiple,
    ...(scope && { scope }),
    ...(keepRatio !== undefined && { keepRatio }),
    ...(dims && { dims }),
  };
}

const channelSteps: Steps<TargetOf<"structured" | "slimming">> = async (target, context) => {
  const { original, steps, dims } = context;
  const first = channelOrigin(original.graph, dims === undefined ? {} : { dims });
  const options = { ...channelOptions(target, context), original: first };
  return Array.from({ length: steps }, (_, i) => async (network: WeightedNetwork): Promise<Pruned> => {
    // Equal factors: every step takes the same share of what is left.
    const macsRatio = target.macsRatio ** ((i + 1) / steps);
    if (macsOf(network.graph, dims) <= macsRatio * first.macs && first.macs > 0) return { network, channels: [] };
    const { network: smaller, layers } = await pruneChannels(network, { ...options, macsRatio });
    return { network: smaller, channels: layers };
  });
};

const TARGETS: { readonly [M in PruneMethod]: Steps<TargetOf<M>> } = {
  threshold: async ({ threshold }, { steps }) =>
    Array.from(
      { length: steps },
      (_, i) => (network: WeightedNetwork) => sparse(pruneByThreshold(network, (threshold * (i + 1)) / steps)),
    ),
  magnitude: async ({ ratio, scope = "global" }, { original, steps }) => {
    const { nonzero, params } = await countNonzero(original);
    return nonzeroSteps(nonzero, Math.floor(nonzero / ratio), params, steps).map(
      (left) => (network: WeightedNetwork) =>
        sparse(pruneToNonzero(network, { nonzero: left, scope, original: nonzero, ratio })),
    );
  },
  structured: channelSteps,
  slimming: channelSteps,
};

/** The steps towards a target, from an original; `steps` from 1. */
export function pruneSteps(target: PruneTarget, context: StepsContext): Promise<readonly PruneStep[]> {
  return (TARGETS[target.method] as Steps<PruneTarget>)(target, context);
}

interface CheckContext extends Omit<StepsContext, "original"> {
  /** Something is trained before the first step: only shapes tell then, and biases that are zero now will not be. */
  readonly isTrained: boolean;
}

type Check<T extends PruneTarget> = (target: T, network: WeightedNetwork, context: CheckContext) => Promise<void>;

const channelCheck: Check<TargetOf<"structured" | "slimming">> = (target, network, context) =>
  checkChannels(network, { ...channelOptions(target, context), macsRatio: target.macsRatio });

const CHECKS: { readonly [M in PruneMethod]: Check<TargetOf<M>> } = {
  // Which weights are small is known after training only.
  threshold: async ({ threshold }, network, { isTrained }) => {
    if (!isTrained) await pruneByThreshold(network, threshold);
  },
  magnitude: async ({ ratio }, network, { isTrained, steps }) => {
    const kinds = new Map(parametersOf(network.graph).map(({ name, kind }) => [name, kind]));
    const { params, nonzero, weights } = await countNonzero(network);
    const from = isTrained ? params : nonzero;
    // Between steps neurons that have died take their biases with them, all but one.
    const others = weights
      .filter(({ name, nonzero: some }) => kinds.get(name) !== "matrix" && (isTrained || some > 0))
      .reduce((sum, one) => sum + (steps > 1 ? 1 : isTrained ? one.params : one.nonzero), 0);
    const matrices = [...kinds.values()].filter((kind) => kind === "matrix").length;
    checkFloor({ from, nonzero: Math.floor(from / ratio), ratio, others, matrices });
  },
  structured: channelCheck,
  slimming: channelCheck,
};

/**
 * Whether a target can be met, as far as can be told before anything is trained.
 * @throws InputError "unreachable-ratio", "unreachable-macs", "no-batch-norm", "nothing-to-prune", "layer-removed", "not-finite"
 */
export async function checkTarget(target: PruneTarget, network: WeightedNetwork, context: CheckContext): Promise<void> {
  await checkFinite(network);
  await (CHECKS[target.method] as Check<PruneTarget>)(target, network, context);
}

/** Which weights stay zero in fine-tuning: those that this method looks at. */
export function staysZero(target: PruneTarget, network: WeightedNetwork): (name: string) => boolean {
  const kinds: readonly string[] = target.method === "threshold" ? ["matrix", "bias"] : ["matrix"];
  const names = new Set(parametersOf(network.graph).flatMap(({ name, kind }) => (kinds.includes(kind) ? [name] : [])));
  return (name) => names.has(name);
}
