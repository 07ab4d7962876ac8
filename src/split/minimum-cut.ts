// The cut of a DAG that costs least when a bit on the air has a price: a minimum cut between source (device) and sink (server), as in
// [Hu2019]. Then all cuts that are best at some price: the lower convex hull of device joules against bits.
import { type Cut, cutOf } from "./cuts.ts";
import { FlowNetwork } from "./flow.ts";
import type { SplitNetwork } from "./split-network.ts";

export interface MinimumCutOptions {
  /** Tensors that show the input may be sent. Default false. */
  readonly allowRaw?: boolean;
}

/**
 * The cut with the least Σ device + price × sent bits. Never undefined: all on the device is always possible when the outputs can be
 * sent.
 * @param device cost of each layer on the device, J (or s); from 0
 * @param pricePerBit of one sent bit in the unit of the costs; above 0
 * @returns undefined when no cut can be sent at all
 */
export function minimumCut(
  network: SplitNetwork,
  device: Float64Array,
  pricePerBit: number,
  { allowRaw = false }: MinimumCutOptions = {},
): Cut | undefined {
  const { layers, tensors, format } = network;
  const [source, sink] = [layers.length + tensors.length, layers.length + tensors.length + 1];
  const flow = new FlowNetwork(layers.length + tensors.length + 2);
  const forbidden = Number.POSITIVE_INFINITY;
  layers.forEach(({ reads }, layer) => {
    flow.edge(layer, sink, device[layer]!);
    for (const id of reads) {
      const { producer } = tensors[id]!;
      // What comes before a device layer is on the device: the server never sends a tensor back.
      if (producer >= 0) flow.edge(layer, producer, forbidden);
    }
  });
  tensors.forEach(({ producer, consumers, isOutput, isRaw, bits }, id) => {
    const node = layers.length + id;
    const isWanted = isOutput && format.answer === "server";
    flow.edge(producer < 0 ? source : producer, node, isRaw && !allowRaw ? forbidden : bits * pricePerBit);
    for (const consumer of consumers) flow.edge(node, consumer, forbidden);
    if (isWanted) flow.edge(node, sink, forbidden);
  });
  const { value, onSourceSide } = flow.minimumCut(source, sink);
  return value === forbidden ? undefined : cutOf(network, onSourceSide.slice(0, layers.length));
}

/** Minimum cuts that one search makes at most; networks have far fewer corners. */
const MOST_CUTS = 200;
/** Prices at the ends of the search, relative to joules over bits of the whole network. */
const NEARLY_FREE = 1e-9;
const NEARLY_CLOSED = 1e9;
/** A cut must be better by this share to count as another one. */
const BETTER = 1e-9;

const costOf = (cut: Cut, costs: Float64Array): number =>
  costs.reduce((sum, cost, layer) => (cut.onDevice[layer] === 1 ? sum + cost : sum), 0);

/**
 * Every cut that is the best at some price of a bit, fewest bits last. Between two of them lie only cuts that are better for no
 * price: for a link whose energy is not in proportion to bits, such a cut in between may still win; chainCuts has some of them.
 * The search is that of [Eisner1976]: where two found lines cross, ask for the best cut there.
 */
export function hullCuts(network: SplitNetwork, device: Float64Array, options: MinimumCutOptions = {}): readonly Cut[] {
  const joules = device.reduce((sum, cost) => sum + cost, 0);
  const bits = network.tensors.reduce((sum, tensor) => (Number.isFinite(tensor.bits) ? sum + tensor.bits : sum), 0);
  if (!(joules > 0 && bits > 0)) return [];
  const scale = joules / bits;
  const first = minimumCut(network, device, scale * NEARLY_FREE, options);
  const last = minimumCut(network, device, scale * NEARLY_CLOSED, options);
  if (first === undefined || last === undefined) return [];
  const found: Cut[] = [first];
  let asked = 2;
  const between = (a: Cut, b: Cut): void => {
    const [energyA, energyB] = [costOf(a, device), costOf(b, device)];
    if (!(a.sentBits > b.sentBits && energyB > energyA) || asked >= MOST_CUTS) return;
    const price = (energyB - energyA) / (a.sentBits - b.sentBits);
    const middle = minimumCut(network, device, price, options);
    asked++;
    if (middle === undefined) return;
    const known = energyA + price * a.sentBits;
    if (costOf(middle, device) + price * middle.sentBits >= known * (1 - BETTER)) return;
    between(a, middle);
    found.push(middle);
    between(middle, b);
  };
  between(first, last);
  if (last.sentBits < first.sentBits) found.push(last);
  return found;
}

/** Both lists without doubles, in the order of layers on the device. */
export function mergeCuts(...lists: readonly (readonly Cut[])[]): readonly Cut[] {
  const kept = new Map<string, Cut>();
  for (const cut of lists.flat()) {
    const key = cut.onDevice.join("");
    if (!kept.has(key)) kept.set(key, cut);
  }
  return [...kept.values()].sort((a, b) => a.layers - b.layers);
}
