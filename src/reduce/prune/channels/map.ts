// Which channels of a network hang together, and on which axes of which weights they lie. One walk over the layers; operators are
// in rules/. Safe rather than complete: what is not understood is pinned, and pinned channels are never removed.
import { bindDimensions } from "../../../graph/bind.ts";
import { elementCount, type Graph, type Layer, operatorKey } from "../../../graph/graph.ts";
import { inferShapes } from "../../../graph/shape/infer.ts";
import type { ShapedGraph } from "../../../graph/shape/shaped.ts";
import type { LinkContext, Part } from "./rule.ts";
import { type Slot, Slots } from "./slots.ts";
import { CHANNEL_TABLE } from "./table.ts";

/** Channels on one axis of a weight, as one layer sees them. */
export interface Attachment {
  readonly weight: string;
  readonly axis: number;
  readonly slots: readonly Slot[];
  readonly part: Part;
  readonly layer: Layer;
}

export interface ChannelMap {
  /** Bound to one sample. */
  readonly shaped: ShapedGraph;
  readonly slots: Slots;
  /** Slots on the axes of activations. */
  readonly axes: ReadonlyMap<string, ReadonlyMap<number, readonly Slot[]>>;
  readonly attachments: readonly Attachment[];
  /** Layers to be written anew when some of the slots are gone. */
  readonly rewrites: readonly Rewrite[];
}

export interface Rewrite {
  readonly layer: string;
  readonly slots: readonly Slot[];
  readonly write: (isRemoved: (slot: Slot) => boolean) => Layer;
}

export interface MapOptions {
  /** Lengths of symbolic dimensions by name. */
  readonly dims?: Readonly<Record<string, number>>;
}

/** A walk under way; a lifetime, hence a class. */
class Walk {
  readonly shaped: ShapedGraph;
  readonly slots = new Slots();
  readonly axes = new Map<string, Map<number, readonly Slot[]>>();
  readonly attachments: Attachment[] = [];
  readonly rewrites: Rewrite[] = [];

  constructor(shaped: ShapedGraph) {
    this.shaped = shaped;
  }

  shape(tensor: string | undefined): readonly number[] | undefined {
    const type = tensor === undefined ? undefined : this.shaped.graph.tensors.get(tensor);
    return elementCount(type) === undefined ? undefined : (type!.shape as readonly number[]);
  }

  visit(layer: Layer): void {
    const rule = Object.hasOwn(CHANNEL_TABLE, operatorKey(layer)) ? CHANNEL_TABLE[operatorKey(layer)] : undefined;
    if (rule?.link(this.#context(layer)) === true) return;
    for (const name of [...layer.inputs, ...layer.outputs, ...readInside(layer)]) this.pinTensor(name);
    for (const attachment of this.attachments) if (attachment.layer === layer) this.slots.pin(attachment.slots);
  }

  pinTensor(name: string): void {
    for (const slots of this.axes.get(name)?.values() ?? []) this.slots.pin(slots);
  }

  /** Weights that somebody else reads too, in a way that is not understood, keep their lengths. */
  pinShared(): void {
    const { graph } = this.shaped;
    const readers = new Map<string, Set<Layer>>();
    for (const layer of graph.layers)
      for (const name of [...layer.inputs, ...readInside(layer)])
        readers.set(name, (readers.get(name) ?? new Set()).add(layer));
    const attached = new Map<string, Set<Layer>>();
    for (const { weight, layer } of this.attachments)
      attached.set(weight, (attached.get(weight) ?? new Set()).add(layer));
    const outputs = new Set(graph.outputs);
    const first = new Map<string, readonly Slot[]>();
    for (const { weight, axis, slots } of this.attachments) {
      if (outputs.has(weight) || attached.get(weight)!.size !== readers.get(weight)!.size) this.slots.pin(slots);
      const before = first.get(`${axis} ${weight}`);
      if (before === undefined) first.set(`${axis} ${weight}`, slots);
      else this.slots.joinAll(before, slots);
    }
  }

  #context(layer: Layer): LinkContext {
    const isWeight = (tensor: string | undefined) => tensor !== undefined && this.shaped.graph.weights.has(tensor);
    return {
      layer,
      slots: this.slots,
      shape: (tensor) => this.shape(tensor),
      isWeight,
      axis: (tensor, axis) => this.axes.get(tensor)?.get(axis),
      give: (tensor, axis, slots) => {
        const axes = this.axes.get(tensor) ?? new Map<number, readonly Slot[]>();
        this.axes.set(tensor, axes.set(axis, slots));
      },
      attach: (weight, axis, slots, part) => void this.attachments.push({ weight, axis, slots, part, layer }),
      pinOthers: (tensor, but) => {
        for (const [axis, slots] of this.axes.get(tensor) ?? []) if (axis !== but) this.slots.pin(slots);
      },
      rewrite: (slots, write) => void this.rewrites.push({ layer: layer.name, slots, write }),
    };
  }
}

/** Outer tensors that the bodies of a control-flow layer may read. */
function readInside(layer: Layer): readonly string[] {
  return [...layer.attributes.values()].flatMap((attribute) =>
    attribute.kind === "graph"
      ? [
          ...attribute.value.outputs,
          ...attribute.value.layers.flatMap((inner) => [...inner.inputs, ...readInside(inner)]),
        ]
      : [],
  );
}

/** @throws InputError for dimensions that are unbound */
export function mapChannels(graph: Graph, { dims }: MapOptions = {}): ChannelMap {
  const bound = bindDimensions(graph, { batch: 1, ...(dims && { dims }) }).graph;
  const walk = new Walk(inferShapes(bound));
  for (const layer of walk.shaped.graph.layers) walk.visit(layer);
  for (const output of graph.outputs) walk.pinTensor(output);
  walk.pinShared();
  return walk;
}

/** Channels that may go, by set; with the weights that make them. */
export interface ChannelGroup {
  /** Layers that make these channels, in the network's order: all of them lose the same ones. */
  readonly layers: readonly string[];
  /** One set of channels each; removing it takes one or more indices off every axis that it lies on. */
  readonly sets: readonly Slot[];
}

/** Removable sets of channels, grouped by the weights that make them. */
export function groupsOf({ slots, attachments }: ChannelMap): readonly ChannelGroup[] {
  const makers = new Map<Slot, Set<string>>();
  for (const { part, slots: made, layer } of attachments) {
    if (part !== "makes") continue;
    for (const slot of made) {
      const set = slots.find(slot);
      if (!slots.isPinned(set)) makers.set(set, (makers.get(set) ?? new Set()).add(layer.name));
    }
  }
  const groups = new Map<string, { readonly layers: readonly string[]; readonly sets: Slot[] }>();
  for (const [set, layers] of makers) {
    const key = JSON.stringify([...layers]);
    const group = groups.get(key) ?? { layers: [...layers], sets: [] };
    group.sets.push(set);
    groups.set(key, group);
  }
  return [...groups.values()];
}
