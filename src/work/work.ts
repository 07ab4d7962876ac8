// What a network DOES, as numbers: the types. Counting is count.ts, one rule per operator is rules/.
// 1 MAC = 2 FLOPs (units/quantity FLOPS_PER_MAC). `macs` and `flops` are different fields and never mixed.
import type { DataType } from "../graph/dtype.ts";
import type { Dim } from "../graph/graph.ts";

/** Arithmetic of one layer, by kind. MACs are not repeated in `muls` and `adds`. */
export interface Operations {
  /** Multiply-accumulates of convolutions, dense layers and matrix products, attention included; bias additions excluded. */
  readonly macs: number;
  /** Multiplications and divisions besides the MACs. */
  readonly muls: number;
  /** Additions, subtractions and comparisons besides the MACs. */
  readonly adds: number;
  /** Transcendental and other function evaluations (exp, log, sqrt, tanh, …), one each. */
  readonly others: number;
}

/** Work of one layer, a block or a whole network, for the batch that the shapes say. */
export interface Work extends Operations {
  /** 2 × macs + muls + adds + others. */
  readonly flops: number;
  /** Trained weights, in elements. */
  readonly params: number;
  /** Numbers that change in training but not by gradient: running mean and variance. Elements. */
  readonly buffers: number;
  /** Bytes of trained weights and buffers as stored. */
  readonly weightBytes: number;
  /** Bytes of activations and weights read, each input once. */
  readonly readBytes: number;
  /** Bytes of activations written. */
  readonly writtenBytes: number;
  /** Elements in the outputs. */
  readonly outputElements: number;
}

export interface LayerWork extends Work {
  readonly name: string;
  /** operatorKey: "Conv", "com.microsoft.FusedConv". */
  readonly op: string;
  /** Block the layer belongs to: the name's leading parts. */
  readonly block: string;
  /** Type the arithmetic is done in. */
  readonly dtype: DataType;
  readonly inputShape: readonly Dim[] | undefined;
  readonly outputShape: readonly Dim[] | undefined;
  /** Elements of the activations that come in (weights excluded). */
  readonly inputElements: number;
}

/** An operator that could not be counted: a result, not a silent zero. */
export interface UnknownWork {
  readonly layer: string;
  readonly op: string;
  /** Why: "no rule", "shape not known", "trip count not known". */
  readonly reason: string;
}

export interface BlockWork extends Work {
  readonly name: string;
  readonly layers: number;
}

/** The work of a network for one pass of its batch, or of one training step. */
export interface WorkReport {
  readonly name: string;
  /** "inference": one forward pass. "training": forward, backward and optimiser step. */
  readonly phase: "inference" | "training";
  /** Samples in one pass: the length of the batch axis. */
  readonly batch: number;
  readonly layers: readonly LayerWork[];
  readonly blocks: readonly BlockWork[];
  readonly total: Work;
  /** Most bytes of activations alive at once, in layer order, nothing computed in place (training: all kept for the backward pass). */
  readonly peakActivationBytes: number;
  readonly unknown: readonly UnknownWork[];
  /** What was assumed on the way: bound dimensions, trip counts, branches taken. */
  readonly assumptions: readonly string[];
}
