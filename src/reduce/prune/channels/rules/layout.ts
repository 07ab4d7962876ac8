// Operators that move numbers without changing them, and those that gather a window or a plane: pooling, means, concatenation,
// flattening, transposing. Along the channels nothing is mixed.
import { intAttribute, intsAttribute } from "../../../../graph/attributes.ts";
import type { Layer } from "../../../../graph/graph.ts";
import type { ChannelRule, ChannelTable, Fixed, FixedContext, LinkContext } from "../rule.ts";
import type { Slot } from "../slots.ts";
import { isUnpadded } from "./products.ts";

const fixedSame = (c: FixedContext): Fixed | undefined => c.fixed(c.layer.inputs[0]!);

/** Only channels (axis 1) go through a window: what is on other axes is mixed. */
function linkChannels(c: LinkContext): boolean {
  const [x = ""] = c.layer.inputs;
  const rank = c.shape(x)?.length;
  if (rank === undefined || c.layer.outputs.slice(1).some((name) => name !== "")) return false;
  c.pinOthers(x, 1);
  const slots = c.axis(x, 1);
  if (slots !== undefined) c.give(c.layer.outputs[0]!, 1, slots);
  return true;
}

/** The mean of equal numbers is that number, unless zeros of the padding count. */
function fixedAverage(c: FixedContext): Fixed | undefined {
  const counted = intAttribute(c.layer, "count_include_pad", 0) === 1 && !isUnpadded(c.layer);
  return fixedSame(c)?.map((value) => (counted && value !== 0 ? undefined : value));
}

const normal = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const concat: ChannelRule = {
  link: (c) => {
    const { inputs, outputs } = c.layer;
    const shapes = inputs.map((input) => c.shape(input));
    const rank = shapes[0]?.length;
    if (rank === undefined || shapes.some((shape) => shape?.length !== rank)) return false;
    const along = normal(intAttribute(c.layer, "axis", 1), rank);
    for (let axis = 0; axis < rank; axis++) {
      const parts = inputs.map((input) => (c.isWeight(input) ? undefined : c.axis(input, axis)));
      if (parts.every((slots) => slots === undefined)) continue;
      if (axis === along) {
        c.give(
          outputs[0]!,
          axis,
          parts.flatMap((slots, i) => slots ?? fixedSlots(c, shapes[i]![axis]!)),
        );
        continue;
      }
      const first = parts.find((slots) => slots !== undefined)!;
      for (const slots of parts) {
        if (slots === undefined) c.slots.pin(first);
        else c.slots.joinAll(first, slots);
      }
      c.give(outputs[0]!, axis, first);
    }
    return true;
  },
  fixed: (c) => {
    const rank = c.shape(c.layer.outputs[0])!.length;
    if (normal(intAttribute(c.layer, "axis", 1), rank) !== c.axis) return undefined;
    return c.layer.inputs.flatMap(
      (input) => c.fixed(input) ?? Array.from({ length: c.shape(input)![c.axis]! }, () => undefined),
    );
  },
};

/** Channels that nobody may remove. */
function fixedSlots(c: LinkContext, count: number): readonly Slot[] {
  const slots = c.slots.fresh(count);
  c.slots.pin(slots);
  return slots;
}

/** [N, C, …] → [N, C·…]: channel c is found at c·area to (c + 1)·area − 1. */
function linkFlat(c: LinkContext): boolean {
  const [x = ""] = c.layer.inputs;
  const [from, to] = [c.shape(x), c.shape(c.layer.outputs[0])];
  if (from === undefined || to === undefined) return false;
  const slots = c.axis(x, 1);
  if (from.some((_, axis) => axis !== 1 && c.axis(x, axis) !== undefined)) return false;
  if (slots === undefined) return true;
  if (to.length !== 2 || to[0] !== from[0]) return false;
  const area = to[1]! / from[1]!;
  c.give(
    c.layer.outputs[0]!,
    1,
    slots.flatMap((slot) => Array.from({ length: area }, () => slot)),
  );
  return true;
}

function fixedFlat(c: FixedContext): Fixed | undefined {
  const values = fixedSame(c);
  const area = c.channels / (values?.length ?? c.channels);
  return values?.flatMap((value) => Array.from({ length: area }, () => value));
}

/** Reshape and the like are written as Flatten, which does not say how many channels there are. */
const reshape: ChannelRule = {
  link: (c) => {
    if (!linkFlat(c)) return false;
    if (c.axis(c.layer.inputs[0]!, 1) === undefined) return true;
    const { name, inputs, outputs } = c.layer;
    const flat: Layer = {
      name,
      op: "Flatten",
      domain: "",
      inputs: inputs.slice(0, 1),
      outputs,
      attributes: new Map([["axis", { kind: "int", value: 1 }]]),
    };
    c.rewrite(c.axis(inputs[0]!, 1)!, () => flat);
    return true;
  },
  fixed: fixedFlat,
};

const flatten: ChannelRule = {
  link: (c) => intAttribute(c.layer, "axis", 1) === 1 && linkFlat(c),
  fixed: fixedFlat,
};

const transpose: ChannelRule = {
  link: (c) => {
    const [x = ""] = c.layer.inputs;
    const rank = c.shape(x)?.length;
    if (rank === undefined || c.isWeight(x)) return false;
    const order = intsAttribute(c.layer, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    order.forEach((from, to) => {
      const slots = c.axis(x, from);
      if (slots !== undefined) c.give(c.layer.outputs[0]!, to, slots);
    });
    return true;
  },
  fixed: fixedSame,
};

/** Means over a plane: axes that are gone shift the later ones. */
const reduceMean: ChannelRule = {
  link: (c) => {
    const [x = ""] = c.layer.inputs;
    const [from, to] = [c.shape(x), c.shape(c.layer.outputs[0])];
    if (from === undefined || to === undefined) return false;
    const axes = intsAttribute(c.layer, "axes")?.map((axis) => normal(axis, from.length));
    const keeps = intAttribute(c.layer, "keepdims", 1) === 1;
    // Axes that come as an input are not read here: with four axes in and the last two gone, they are those.
    const isPlane = (axis: number): boolean =>
      axes === undefined ? axis >= 2 && (keeps ? to[axis] === 1 : to.length === 2) : axes.includes(axis);
    if (
      axes === undefined &&
      (to[0] !== from[0] || to[1] !== from[1] || !from.slice(2).every((_, i) => isPlane(i + 2)))
    )
      return false;
    let at = 0;
    for (let axis = 0; axis < from.length; axis++) {
      const slots = c.axis(x, axis);
      if (isPlane(axis)) c.slots.pin(slots ?? []);
      else if (slots !== undefined) c.give(c.layer.outputs[0]!, at, slots);
      if (keeps || !isPlane(axis)) at++;
    }
    return true;
  },
  fixed: fixedSame,
};

/** Squeeze and Unsqueeze move axes: found again by length, as long as no other axis could be meant. */
const moveAxes: ChannelRule = {
  link: (c) => {
    const [x = ""] = c.layer.inputs;
    const [from, to] = [c.shape(x), c.shape(c.layer.outputs[0])];
    if (from === undefined || to === undefined) return false;
    const long = (shape: readonly number[]) => shape.flatMap((length, axis) => (length > 1 ? [axis] : []));
    const [before, after] = [long(from), long(to)];
    if (before.length !== after.length) return false;
    for (const [axis, length] of from.entries()) {
      const slots = c.axis(x, axis);
      if (slots === undefined) continue;
      if (length === 1) c.slots.pin(slots);
      else c.give(c.layer.outputs[0]!, after[before.indexOf(axis)]!, slots);
    }
    return true;
  },
  fixed: fixedSame,
};

const pool: ChannelRule = { link: linkChannels, fixed: fixedSame };
const average: ChannelRule = { link: linkChannels, fixed: fixedAverage };

function linkPlane(c: LinkContext): boolean {
  const [from, to] = [c.shape(c.layer.inputs[0]), c.shape(c.layer.outputs[0])];
  return from !== undefined && from[1] === to?.[1] && linkChannels(c);
}

/** Resizing rows and columns; sizes that stand in the file count the channels too. */
const resize: ChannelRule = { link: (c) => !c.isWeight(c.layer.inputs[SIZES]) && linkPlane(c) };
const SIZES = 3;

/** Padding rows and columns; what is fixed varies then, unless it is zero and padded with zeros, which is not looked at. */
const pad: ChannelRule = { link: linkPlane };

export const LAYOUT: ChannelTable = {
  MaxPool: pool,
  GlobalMaxPool: pool,
  GlobalAveragePool: pool,
  AveragePool: average,
  LpPool: { link: linkChannels },
  Concat: concat,
  Flatten: flatten,
  Reshape: reshape,
  Transpose: transpose,
  ReduceMean: reduceMean,
  ReduceMax: reduceMean,
  Squeeze: moveAxes,
  Unsqueeze: moveAxes,
  Resize: resize,
  Pad: pad,
  // The shape of a tensor follows its channels; what is done with those numbers is another layer's matter.
  Shape: { link: () => true },
};
