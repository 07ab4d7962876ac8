// Which layers are run: seeded configurations of each type, and the distinct layers of given networks. Names and graphs; nothing is run.
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { type Random, seededRandom } from "../../math/random.ts";
import { countGraph } from "../../work/count-graph.ts";
import type { Parameters } from "../layerwise/parameters.ts";
import type { CollectedKind, ParameterRange } from "./kinds/kind.ts";

/** What one pass of a configuration may need: larger ones are drawn again. */
export interface PointLimits {
  /** Multiply-accumulates of a pass. */
  readonly macs: number;
  /** Elements of the largest tensor, weights included. */
  readonly elements: number;
}

/** 4.3 GMAC, and 64 MiB for each tensor. */
export const POINT_LIMITS: PointLimits = { macs: 2 ** 32, elements: 2 ** 24 };
/** Elements that the largest tensor has at least: less is done in less time than a call's own jitter. */
export const LEAST_ELEMENTS = 2 ** 14;

/** One configuration of one layer type. */
export interface LayerPoint {
  /** Unique in a file: "conv/0/17" is configuration 17 of seed 0. */
  readonly id: string;
  readonly kind: CollectedKind;
  readonly parameters: Parameters;
}

const MOST_DRAWS = 10_000;

function drawFrom(range: ParameterRange, random: Random): number {
  if ("choices" in range) return range.choices[random.below(range.choices.length)]!;
  const [low, high] = [Math.log(range.low - 0.5), Math.log(range.high + 0.5)];
  const value = Math.round(Math.exp(low + random.uniform() * (high - low)));
  return Math.min(range.high, Math.max(range.low, value));
}

/** FNV-1a: types draw from streams of their own, so that asking for one type more changes no other. */
function labelOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * A network of one layer. Its result is cut to one element, so that copying a large output to the caller is not charged to the layer;
 * not so where a runtime would move the cut before the layer.
 * @param seed of the weights
 */
export function oneLayerNetwork(kind: CollectedKind, parameters: Parameters, seed = 0): Graph {
  const b = new NetworkBuilder(kind.id, seed);
  const y = kind.build(b, parameters);
  if (kind.wholeOutput === true) {
    b.output(y);
    return b.graph();
  }
  const axes = b.shapeOf(y).map((_, axis) => axis);
  const constant = (name: string, data: readonly number[]) => b.constant(name, "int64", data);
  const ends = axes.map(() => 1);
  const starts = axes.map(() => 0);
  b.output(
    b.layer("Slice", [y, constant("starts", starts), constant("ends", ends), constant("axes", axes)], { name: "cut" }),
  );
  return b.graph();
}

function fits(graph: Graph, limits: PointLimits): boolean {
  const { total } = countGraph(graph);
  const largest = [...graph.tensors.values()].reduce((most, { shape }) => {
    const elements = (shape ?? []).reduce<number>((count, dim) => count * (dim as number), 1);
    return Math.max(most, elements);
  }, 0);
  return total.macs <= limits.macs && largest <= limits.elements && largest >= LEAST_ELEMENTS;
}

/** Configuration `index` of a type: the same for the same seed, whatever else is drawn. */
export function drawPoint(
  kind: CollectedKind,
  index: number,
  seed: number,
  limits: PointLimits = POINT_LIMITS,
): LayerPoint {
  const random = seededRandom(seed).fork(labelOf(kind.id)).fork(index);
  for (let i = 0; i < MOST_DRAWS; i++) {
    const drawn = Object.fromEntries(
      Object.entries(kind.ranges).map(([name, range]) => [name, drawFrom(range, random)]),
    );
    const parameters = kind.settle ? kind.settle(drawn, random) : drawn;
    if (parameters !== undefined && fits(oneLayerNetwork(kind, parameters), limits))
      return { id: `${kind.id}/${seed}/${index}`, kind, parameters };
  }
  throw new Error(`no configuration of ${kind.id} within ${limits.macs} MAC and ${limits.elements} elements`);
}

/** How many configurations of a type. */
export interface KindCount {
  readonly kind: CollectedKind;
  readonly count: number;
  /** Index of the first. Default 0. */
  readonly from?: number;
  /** Default: POINT_LIMITS. */
  readonly limits?: PointLimits;
}

/**
 * Configurations of all types, in turns: wherever a run is cut short, each type has its share.
 * Types with more configurations come more often.
 */
export function drawPoints(kinds: readonly KindCount[], seed: number): LayerPoint[] {
  return kinds
    .flatMap(({ kind, count, from = 0, limits = POINT_LIMITS }) =>
      Array.from({ length: count }, (_, i) => ({ turn: (i + 0.5) / count, kind, index: from + i, limits })),
    )
    .sort((a, b) => a.turn - b.turn)
    .map(({ kind, index, limits }) => drawPoint(kind, index, seed, limits));
}

/** The name of a configuration that was not drawn: its parameters. */
export function configurationId(op: string, parameters: Parameters): string {
  const named = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `${op}/${named.sort().join(",")}`;
}
