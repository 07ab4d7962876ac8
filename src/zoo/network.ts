// What a member of the zoo is: a named function that returns a Graph, with the published counts it must meet.
import type { Graph } from "../graph/graph.ts";

/** What a zoo name starts with where a model file could stand too. */
export const ZOO_PREFIX = "zoo:";

export interface ZooOptions {
  /** Width multiplier where the family has one; above 0, at most 64. Default 1. */
  readonly width?: number;
  /** Depth (blocks) where the family has one; 1 to 1,000. Default: the published depth. */
  readonly depth?: number;
  /** First seed of the weights. Default 0. */
  readonly seed?: number;
}

export interface ZooNetwork {
  /** Name on the command line, without "zoo:": "cifar/resnet18". */
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Key of REFERENCES.md for the architecture. */
  readonly source: string;
  /** Published counts with their source; tests hold the network to them. */
  readonly published?: { readonly params: number; readonly macs: number; readonly source: string };
  /** Options it takes besides the seed, as written after the name: "zoo:deeprx:width=0.5,depth=7". Default: none. */
  readonly takes?: readonly string[];
  /** The network; options that it does not take are not looked at. */
  build(options?: ZooOptions): Graph;
}
