// A DeepRx of a given size: the middle blocks are widened or narrowed until a slot takes so many FLOPs, as [DeepRxEnergy] sizes its networks.
// How FLOPs are counted is the caller's: the zoo knows no work rules.

import type { Graph } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { buildDeepRx, type DeepRxOptions } from "./deeprx.ts";

/** Multipliers between which sizes are looked for. */
const [LEAST, MOST] = [1 / 64, 16];
const HALVINGS = 30;

export interface SizedDeepRx {
  readonly options: DeepRxOptions;
  readonly graph: Graph;
  readonly flops: number;
}

/**
 * The network whose FLOPs per slot are nearest to `flops`.
 * @param base options besides `middle`
 * @param count FLOPs of one slot
 * @throws InputError "bad-size" for a size that widening the middle cannot reach
 */
export function deepRxOfSize(flops: number, base: DeepRxOptions, count: (graph: Graph) => number): SizedDeepRx {
  const made = (middle: number): SizedDeepRx => {
    const options = { ...base, middle };
    const graph = buildDeepRx(options);
    return { options, graph, flops: count(graph) };
  };
  let [low, high] = [LEAST, MOST];
  const [least, most] = [made(low), made(high)];
  if (!(flops >= least.flops / 2 && flops <= most.flops))
    throw new InputError(
      "bad-size",
      `${flops} FLOPs per slot cannot be had: the middle blocks make ${least.flops} to ${most.flops}`,
      "give another --size, or --width for the whole network",
    );
  for (let i = 0; i < HALVINGS; i++) {
    const middle = Math.sqrt(low * high);
    if (made(middle).flops < flops) low = middle;
    else high = middle;
  }
  const [below, above] = [made(low), made(high)];
  return flops - below.flops < above.flops - flops ? below : above;
}
