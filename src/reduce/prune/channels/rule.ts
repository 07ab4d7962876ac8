// The shape of a channel rule: how ONE operator ties the channels of what it reads to those of what it makes, and what it makes of
// channels whose value is known before the network runs. Families are in rules/, table.ts lists them; an operator without a rule
// pins every channel that it touches.
import type { Layer } from "../../../graph/graph.ts";
import type { Tensor } from "../../../runtime/tensor.ts";
import type { Slot, Slots } from "./slots.ts";

/** What a weight's axis is to the channels on it. */
export type Part =
  /** Makes them: rows of a dense layer, filters of a convolution. */
  | "makes"
  /** Reads them. */
  | "reads"
  /** One number (or slice) per channel besides: bias, scale, statistics, depthwise filter. */
  | "along";

export interface LinkContext {
  readonly layer: Layer;
  readonly slots: Slots;
  /** Lengths of all axes, batch 1; undefined when they are not all known. */
  shape(tensor: string | undefined): readonly number[] | undefined;
  isWeight(tensor: string | undefined): boolean;
  /** Slots on an activation's axis; undefined: its channels are nobody's and stay (a network's input). */
  axis(tensor: string, axis: number): readonly Slot[] | undefined;
  /** Puts slots on an axis of a tensor that this layer makes. */
  give(tensor: string, axis: number, slots: readonly Slot[]): void;
  /** Puts slots on a weight's axis. */
  attach(weight: string, axis: number, slots: readonly Slot[], part: Part): void;
  /** Pins what is on the tensor's other axes: this layer mixes or orders it. */
  pinOthers(tensor: string, but: number): void;
  /** The layer as it must be written when some of these slots are gone: other attributes, another operator. */
  rewrite(slots: readonly Slot[], write: (isRemoved: (slot: Slot) => boolean) => Layer): void;
}

/** What is known of a tensor's channels: value by index of its channel axis, the same at every position; undefined: varies. */
export type Fixed = readonly (number | undefined)[];

export interface FixedContext {
  readonly layer: Layer;
  shape(tensor: string | undefined): readonly number[] | undefined;
  isWeight(tensor: string | undefined): boolean;
  /** Of an activation; undefined when nothing is fixed. */
  fixed(tensor: string): Fixed | undefined;
  /** Numbers of a weight. */
  weight(name: string | undefined): Tensor | undefined;
  /** Length of the output's channel axis, and which axis it is. */
  readonly channels: number;
  readonly axis: number;
}

export interface ChannelRule {
  /** Ties the channels. False: not understood, as if there were no rule. */
  link(context: LinkContext): boolean;
  /** True when a fixed channel that it reads can go into its bias: it adds the same at every position. Default: no. */
  folds?(layer: Layer): boolean;
  /** Channels of the first output that are the same for every input. Default: none. */
  fixed?(context: FixedContext): Fixed | undefined;
}

export type ChannelTable = Readonly<Record<string, ChannelRule>>;
