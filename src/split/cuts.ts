// Where a network can be cut: after each layer of its order (every cut of a chain), and the minimum cuts of a DAG, which no order
// has to contain. A cut is a set of layers on the device together with all that comes before them.
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import type { SplitNetwork, SplitTensor } from "./split-network.ts";

/** One place to cut. */
export interface Cut {
  /** What the device ends with: the layer before the cut, several joined by " + ", or INPUT. */
  readonly after: string;
  /** 1 for layers on the device, by index. */
  readonly onDevice: Uint8Array;
  /** Layers on the device. */
  readonly layers: number;
  /** Indices of the tensors that are sent. */
  readonly sent: readonly number[];
  /** Bits of all of them; Infinity when one cannot be sent. */
  readonly sentBits: number;
  /** The sent tensors show the input, or are it. */
  readonly isRaw: boolean;
  /** All layers are on the device. */
  readonly isLocal: boolean;
}

/** `Cut.after` of the cut before the first layer. */
export const INPUT = "input";

/** True when the device has the tensor and the server needs it. */
function crosses({ tensors, format }: SplitNetwork, id: number, onDevice: Uint8Array): boolean {
  const { producer, consumers, isOutput } = tensors[id] as SplitTensor;
  if (producer >= 0 && onDevice[producer] !== 1) return false;
  if (isOutput && format.answer === "server") return true;
  return consumers.some((consumer) => onDevice[consumer] !== 1);
}

/** The cut that a set of device layers makes. */
export function cutOf(network: SplitNetwork, onDevice: Uint8Array): Cut {
  const { layers, tensors } = network;
  const sent: number[] = [];
  for (let id = 0; id < tensors.length; id++) if (crosses(network, id, onDevice)) sent.push(id);
  const count = onDevice.reduce((sum, bit) => sum + bit, 0);
  const isLocal = count === layers.length;
  const ends = [...new Set(sent.map((id) => tensors[id]!.producer))];
  const names = ends.map((producer) => (producer < 0 ? INPUT : layers[producer]!.name));
  // A cut is called by its last layer where there is one such: tensors of earlier layers that are sent too follow from it.
  let last = -1;
  for (let i = 0; i < onDevice.length; i++) if (onDevice[i] === 1) last = i;
  const isPrefix = last + 1 === count;
  return {
    after: count === 0 ? INPUT : isPrefix ? layers[last]!.name : names.join(" + "),
    onDevice,
    layers: count,
    sent,
    sentBits: sent.reduce((bits, id) => bits + tensors[id]!.bits, 0),
    isRaw: sent.some((id) => tensors[id]!.isRaw),
    isLocal,
  };
}

/** The cut after the first `count` layers. */
export function prefixCut(network: SplitNetwork, count: number): Cut {
  return cutOf(
    network,
    Uint8Array.from(network.layers, (_, i) => (i < count ? 1 : 0)),
  );
}

/** How many tensors cross after each number of layers, 0 to all: linear in layers and tensors. */
export function crossingCounts({ layers, tensors, format }: SplitNetwork): Int32Array {
  const change = new Int32Array(layers.length + 2);
  for (const { producer, consumers, isOutput } of tensors) {
    const last = isOutput && format.answer === "server" ? layers.length : (consumers.at(-1) ?? producer);
    if (last <= producer) continue;
    change[producer + 1]! += 1;
    change[last + 1]! -= 1;
  }
  const counts = new Int32Array(layers.length + 1);
  for (let at = 0, sum = 0; at <= layers.length; at++) {
    sum += change[at]!;
    counts[at] = sum;
  }
  return counts;
}

/** Tensors that may cross at a place for it to be listed. */
export const DEFAULT_MOST_TENSORS = 4;

/**
 * The cuts along the order of the layers where at most `mostTensors` tensors cross, from the raw input to all on the device.
 * Both ends are always there.
 */
export function chainCuts(network: SplitNetwork, mostTensors = DEFAULT_MOST_TENSORS): readonly Cut[] {
  const count = network.layers.length;
  const places = [...crossingCounts(network)].flatMap((tensors, at) =>
    at === 0 || at === count || tensors <= mostTensors ? [at] : [],
  );
  return places
    .map((at) => prefixCut(network, at))
    .filter((cut) => cut.isLocal || cut.sentBits < Number.POSITIVE_INFINITY);
}

/** The cut that a person names by the layer it comes after, or by INPUT. @throws InputError "unknown-cut" */
export function findCut(cuts: readonly Cut[], after: string): Cut {
  const found = cuts.find((cut) => cut.after === after);
  if (found !== undefined) return found;
  throw unknownName(
    "cut",
    after,
    cuts.map((cut) => cut.after),
    "`joulecast split MODEL` lists all cuts by the layer before them",
  );
}

/** @throws InputError "no-layers" for a network with nothing to share out */
export function checkNetwork({ layers, shaped }: SplitNetwork): void {
  if (layers.length > 0) return;
  throw new InputError(
    "no-layers",
    `"${shaped.graph.name}" has no layer that depends on its inputs`,
    "give a network that does something with them",
  );
}
