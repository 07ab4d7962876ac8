// How much a set of channels matters: by the size of the weights that make it [Li2017], or by the scale of the batch
// normalisation behind it, network slimming [Liu2017].
import { operatorKey } from "../../graph/graph.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import { eachAlong, floatsOf } from "./channels/along.ts";
import type { Attachment, ChannelGroup, ChannelMap } from "./channels/map.ts";
import type { Slot } from "./channels/slots.ts";

export const IMPORTANCES = ["l1-norm", "bn-scale"] as const;
export type ImportanceKind = (typeof IMPORTANCES)[number];

/** Which weights tell. */
const TELLS: Readonly<Record<ImportanceKind, (attachment: Attachment) => boolean>> = {
  "l1-norm": ({ part }) => part === "makes",
  "bn-scale": ({ layer, weight }) => operatorKey(layer) === "BatchNormalization" && layer.inputs[1] === weight,
};

/** Σ|w| by set of channels; sets of which no weight tells are left out. */
function sums(map: ChannelMap, weights: ReadonlyMap<string, Tensor>, kind: ImportanceKind): ReadonlyMap<Slot, number> {
  const found = new Map<Slot, number>();
  for (const attachment of map.attachments) {
    const tensor = TELLS[kind](attachment) ? weights.get(attachment.weight) : undefined;
    const data = floatsOf(tensor);
    if (tensor === undefined || data === undefined) continue;
    const { axis, slots } = attachment;
    const sets = slots.map((slot) => map.slots.find(slot));
    const byIndex = new Float64Array(slots.length);
    eachAlong(tensor.shape, axis, (index, at) => {
      byIndex[index]! += Math.abs(data[at]!);
    });
    for (const [i, set] of sets.entries()) found.set(set, (found.get(set) ?? 0) + byIndex[i]!);
  }
  return found;
}

/**
 * Importance of every removable set of channels. By L1 norm it is relative to the mean of its group, since layers differ in the
 * size of their weights; batch-normalisation scales are compared as they are, as they all scale normalised numbers.
 * @returns by set; sets without such a weight are left out and so are not removed
 * @throws InputError "no-batch-norm" for scales of a network without batch normalisation
 */
export function importanceOf(
  map: ChannelMap,
  groups: readonly ChannelGroup[],
  weights: ReadonlyMap<string, Tensor>,
  kind: ImportanceKind,
): ReadonlyMap<Slot, number> {
  const found = sums(map, weights, kind);
  if (kind === "bn-scale" && found.size === 0)
    throw new InputError(
      "no-batch-norm",
      `"${map.shaped.graph.name}" has no batch normalisation whose scales would tell which channels matter`,
      "use --method structured, which goes by the size of the weights",
    );
  const importance = new Map<Slot, number>();
  for (const { sets } of groups) {
    const told = sets.filter((set) => found.has(set));
    const mean = told.reduce((sum, set) => sum + found.get(set)!, 0) / Math.max(1, told.length);
    for (const set of told) {
      const value = found.get(set)!;
      importance.set(set, kind === "l1-norm" && mean > 0 ? value / mean : value);
    }
  }
  return importance;
}
