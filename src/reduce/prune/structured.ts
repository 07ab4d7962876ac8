// Structured pruning: whole channels and neurons go, the least important first, until the multiplications are few enough. What hangs
// together through additions, concatenations and depthwise filters goes together (channels/). The result is a smaller dense network.

import type { Graph } from "../../graph/graph.ts";
import { formatRatio } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { countGraph } from "../../work/count-graph.ts";
import type { WeightedNetwork } from "../network.ts";
import { readWeights } from "./channels/fixed.ts";
import { type ChannelGroup, type ChannelMap, groupsOf, type MapOptions, mapChannels } from "./channels/map.ts";
import { removeChannels, shrunkGraph } from "./channels/remove.ts";
import type { Slot } from "./channels/slots.ts";
import { type ImportanceKind, importanceOf } from "./importance.ts";
import type { Scope } from "./magnitude.ts";

export interface StructuredOptions extends MapOptions {
  /** MACs that may be left, as a share of the network's own; above 0, below 1. */
  readonly macsRatio: number;
  /** Default "l1-norm". */
  readonly importance?: ImportanceKind;
  /** global: all channels compared with each other. layer: the same share of every layer. Default "global". */
  readonly scope?: Scope;
  /** Channels left in each layer are a multiple of this where there are enough: vector units work on 8 or 16. Default 1. */
  readonly multiple?: number;
  /** Share of its channels that every layer keeps at least, in [0, 1]; one channel in any case. Default 0.1. */
  readonly keepRatio?: number;
  /** What shares are shares of, where this network is pruned already. Default: this network. */
  readonly original?: ChannelOrigin;
}

/** A network before its first channel went. */
export interface ChannelOrigin {
  readonly macs: number;
  /** Channels by the layers that make them, joined by commas. */
  readonly channels: ReadonlyMap<string, number>;
}

export interface StructuredPruned {
  readonly network: WeightedNetwork;
  /** Channels and neurons by the layers that make them. */
  readonly layers: readonly { readonly layers: readonly string[]; readonly before: number; readonly after: number }[];
}

const DEFAULT_KEEP = 0.1;

/** A group with its sets from the least important to the most. */
interface Ranked {
  readonly group: ChannelGroup;
  readonly sets: readonly Slot[];
  /** Most that may go. */
  readonly most: number;
}

function ranked(
  group: ChannelGroup,
  importance: ReadonlyMap<Slot, number>,
  { keepRatio = DEFAULT_KEEP, original }: StructuredOptions,
): Ranked {
  const sets = group.sets
    .filter((set) => importance.has(set))
    .sort((a, b) => importance.get(a)! - importance.get(b)! || a - b);
  const first = original?.channels.get(group.layers.join()) ?? group.sets.length;
  const keep = Math.max(1, Math.ceil(keepRatio * first - 1e-9));
  return { group, sets, most: Math.max(0, Math.min(sets.length, group.sets.length - keep)) };
}

/** Numbers of sets that each group loses, from nothing to the most; one step may take one more set or a share of each group. */
function stepsOf(groups: readonly Ranked[], importance: ReadonlyMap<Slot, number>, scope: Scope) {
  if (scope === "layer") {
    const steps = Math.max(...groups.map(({ sets }) => sets.length));
    const losses = (step: number) =>
      groups.map(({ most, group }) => Math.min(most, Math.round((step / steps) * group.sets.length)));
    return { steps, losses };
  }
  const order = groups
    .flatMap(({ sets, most }, g) => sets.slice(0, most).map((set) => ({ g, value: importance.get(set)! })))
    .sort((a, b) => a.value - b.value || a.g - b.g);
  const losses = (step: number) => {
    const counts = groups.map(() => 0);
    for (const { g } of order.slice(0, step)) counts[g]!++;
    return counts;
  };
  return { steps: order.length, losses };
}

/** Fewer losses, so that a multiple of `multiple` is left. */
function rounded(loss: number, sets: number, multiple: number): number {
  const left = Math.min(sets, Math.ceil((sets - loss) / multiple) * multiple);
  return sets - left;
}

/** A network looked over: what may go, and the MACs that are left when it has. */
interface Survey {
  readonly map: ChannelMap;
  readonly all: readonly Ranked[];
  readonly steps: number;
  /** Number of sets that each group loses up to a step, rounded to multiples. */
  readonly lossesAt: (step: number) => readonly number[];
  readonly removedAt: (step: number) => ReadonlySet<Slot>;
  readonly macsAt: (step: number) => number;
  /** MACs that may be left. */
  readonly target: number;
}

/** @throws InputError "unreachable-macs", "nothing-to-prune", "no-batch-norm", "bad-ratio" */
async function survey(network: WeightedNetwork, options: StructuredOptions): Promise<Survey> {
  const { macsRatio, importance: kind = "l1-norm", scope = "global", multiple = 1, dims, original } = options;
  if (!(macsRatio > 0 && macsRatio < 1))
    throw new InputError("bad-ratio", `the share of MACs is ${macsRatio}, expected between 0 and 1`, "give 0.2, say");
  const map = mapChannels(network.graph, options);
  const groups = groupsOf(map);
  const importance = importanceOf(map, groups, await readWeights(network), kind);
  const all = groups.map((group) => ranked(group, importance, options)).filter(({ most }) => most > 0);
  const macs = original?.macs ?? macsOf(network.graph, dims);
  if (all.length === 0 || macs === 0)
    throw new InputError(
      "nothing-to-prune",
      macs === 0
        ? `"${network.graph.name}" has no multiplications, so that there is no share of them to leave`
        : `no channel of "${network.graph.name}" can be removed: all of them reach an output, or a layer that needs them all`,
      "prune its weights instead: --method magnitude",
    );
  const { steps, losses } = stepsOf(all, importance, scope);
  const lossesAt = (step: number) => losses(step).map((loss, g) => rounded(loss, all[g]!.group.sets.length, multiple));
  const removedAt = (step: number): ReadonlySet<Slot> =>
    new Set(lossesAt(step).flatMap((loss, g) => all[g]!.sets.slice(0, loss)));
  const macsAt = (step: number) => macsOf(shrunkGraph(network.graph, map, removedAt(step)), dims);
  const target = macsRatio * macs;
  const least = macsAt(steps);
  if (least > target)
    throw new InputError(
      "unreachable-macs",
      `at least ${formatRatio(least / macs)} of the MACs stay, ${formatRatio(macsRatio)} were asked for`,
      `give a larger --macs, ${multiple > 1 ? `a smaller --multiple (${multiple}), ` : ""}or a smaller --keep share of channels per layer`,
    );
  return { map, all, steps, lossesAt, removedAt, macsAt, target };
}

export const macsOf = (graph: Graph, dims: MapOptions["dims"]): number =>
  countGraph(graph, { batch: 1, ...(dims && { dims }) }).total.macs;

/** What shares of channels and MACs are shares of, for networks that are pruned in several steps. @throws InputError for dimensions that are unbound */
export function channelOrigin(graph: Graph, options: MapOptions): ChannelOrigin {
  const groups = groupsOf(mapChannels(graph, options));
  const channels = new Map(groups.map(({ layers, sets }) => [layers.join(), sets.length]));
  return { macs: macsOf(graph, options.dims), channels };
}

/**
 * Whether pruneChannels can do it: only shapes matter, so a network that is not trained yet tells.
 * @throws InputError as pruneChannels
 */
export async function checkChannels(network: WeightedNetwork, options: StructuredOptions): Promise<void> {
  await survey(network, options);
}

/**
 * Removes the least important channels until the network's MACs are at most `macsRatio` of what they were.
 * @throws InputError "unreachable-macs" with the least share that can be had, "nothing-to-prune" when no channel can be removed,
 *   "no-batch-norm", "bad-ratio"
 */
export async function pruneChannels(network: WeightedNetwork, options: StructuredOptions): Promise<StructuredPruned> {
  const { map, all, steps, lossesAt, removedAt, macsAt, target } = await survey(network, options);
  let [low, high] = [0, steps];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (macsAt(middle) <= target) high = middle;
    else low = middle;
  }
  const lost = lossesAt(high);
  const smaller = await removeChannels(network, map, removedAt(high));
  return {
    network: smaller,
    layers: all.map(({ group }, g) => ({
      layers: group.layers,
      before: group.sets.length,
      after: group.sets.length - lost[g]!,
    })),
  };
}
