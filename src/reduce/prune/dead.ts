// Neurons and channels that do nothing, taken out exactly: those that nobody reads any more, and those whose value never changes,
// which goes into the next bias first. The answers stay the same but for rounding; that is what sets this apart from pruning.
import type { Tensor } from "../../runtime/tensor.ts";
import { type WeightedNetwork, withWeights } from "../network.ts";
import { eachAlong, type Floats, floatsOf } from "./channels/along.ts";
import { fixedChannels, readWeights } from "./channels/fixed.ts";
import { type ChannelMap, groupsOf, type MapOptions, mapChannels } from "./channels/map.ts";
import { removeChannels } from "./channels/remove.ts";
import type { Slot } from "./channels/slots.ts";
import { foldFixed } from "./fold-fixed.ts";
import { parametersOf } from "./parameters.ts";

export interface DeadRemoved {
  readonly network: WeightedNetwork;
  /** Channels and neurons removed, by the first layer that makes them; layers that lost none are left out. */
  readonly removed: ReadonlyMap<string, number>;
}

export interface DeadOptions extends MapOptions {
  /** Channels left in each layer are a multiple of this, by leaving some dead ones in: vector units work on 4, 8 or 16. Default 1. */
  readonly multiple?: number;
}

/** Which indices of the axis hold any number that is not zero. */
function inUse(tensor: Tensor, data: Floats, axis: number): readonly boolean[] {
  const used = new Array<boolean>(tensor.shape[axis]!).fill(false);
  eachAlong(tensor.shape, axis, (index, at) => {
    if (data[at] !== 0) used[index] = true;
  });
  return used;
}

type Weights = ReadonlyMap<string, Tensor>;

/** Removable sets of channels that are read by zeros only. */
function unreadSets(map: ChannelMap, weights: Weights): ReadonlySet<Slot> {
  const read = new Set<Slot>();
  for (const { weight, axis, slots, part } of map.attachments) {
    if (part !== "reads") continue;
    const tensor = weights.get(weight)!;
    const data = floatsOf(tensor);
    const used = data === undefined ? undefined : inUse(tensor, data, axis);
    slots.forEach((slot, i) => {
      if (used?.[i] ?? true) read.add(map.slots.find(slot));
    });
  }
  return new Set(groupsOf(map).flatMap(({ sets }) => sets.filter((set) => !read.has(set))));
}

/** Those that go: as many as leave a multiple, and never the last of a layer. */
function removable(map: ChannelMap, unread: ReadonlySet<Slot>, multiple: number): ReadonlySet<Slot> {
  const removed = new Set<Slot>();
  for (const { sets } of groupsOf(map)) {
    const dead = sets.filter((set) => unread.has(set));
    const left = Math.ceil((sets.length - dead.length) / multiple) * multiple;
    for (const set of dead.slice(0, Math.max(0, sets.length - left))) removed.add(set);
  }
  for (const { slots } of map.attachments) {
    const sets = slots.map((slot) => map.slots.find(slot));
    if (sets.every((set) => removed.has(set))) removed.delete(sets[0]!);
  }
  return removed;
}

/** Dead channels that stay are made with zeros only, weights and biases: they cost no nonzero parameter, and what they read may be dead too. */
function silenced(
  network: WeightedNetwork,
  map: ChannelMap,
  weights: Weights,
  unread: ReadonlySet<Slot>,
): WeightedNetwork {
  const plain = new Set(parametersOf(network.graph).flatMap(({ name, kind }) => (kind === "scale" ? [] : [name])));
  const changed = new Map<string, Tensor>();
  for (const { weight, axis, slots, part } of map.attachments) {
    const tensor = changed.get(weight) ?? weights.get(weight);
    const data = floatsOf(tensor);
    if (part === "reads" || tensor === undefined || data === undefined || !plain.has(weight)) continue;
    const isUnread = slots.map((slot) => unread.has(map.slots.find(slot)));
    if (!isUnread.includes(true)) continue;
    const kept = data.slice();
    let isChanged = false;
    eachAlong(tensor.shape, axis, (index, at) => {
      if (!isUnread[index] || data[at] === 0) return;
      kept[at] = 0;
      isChanged = true;
    });
    if (isChanged) changed.set(weight, { ...tensor, data: kept });
  }
  return changed.size === 0 ? network : withWeights(network, changed);
}

/** Whether an output's numbers are all the same for every input. @throws InputError for dimensions that are unbound */
export async function hasFixedOutput(network: WeightedNetwork, options: MapOptions = {}): Promise<boolean> {
  const fixed = fixedChannels(mapChannels(network.graph, options), await readWeights(network));
  return network.graph.outputs.some((output) => {
    const values = fixed.get(output);
    return values !== undefined && values.length > 0 && values.every((value) => value !== undefined);
  });
}

/**
 * Removes dead channels and neurons until there are none: weights, shapes and multiplications fall, the answers stay (to rounding).
 * Fixed channels before a padded convolution stay, since the padding is no such channel; unless they are 0.
 * @throws InputError for dimensions that are unbound
 */
export async function removeDead(network: WeightedNetwork, options: DeadOptions = {}): Promise<DeadRemoved> {
  const { multiple = 1 } = options;
  const removed = new Map<string, number>();
  let now = network;
  for (;;) {
    const folded = foldFixed(now, mapChannels(now.graph, options), await readWeights(now));
    const map = mapChannels(folded.graph, options);
    const weights = await readWeights(folded);
    const unread = unreadSets(map, weights);
    const quiet = silenced(folded, map, weights, unread);
    const going = removable(map, unread, multiple);
    if (going.size === 0 && quiet === now) return { network: now, removed };
    for (const { layers, sets } of groupsOf(map)) {
      const count = sets.filter((set) => going.has(set)).length;
      if (count > 0) removed.set(layers[0]!, (removed.get(layers[0]!) ?? 0) + count);
    }
    now = going.size === 0 ? quiet : await removeChannels(quiet, map, going);
  }
}
