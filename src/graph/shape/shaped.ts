// What shape inference answers with: the types. Walking a graph is infer.ts, bodies of If, Loop and Scan are control.ts.
import type { ConstantValue, Graph } from "../graph.ts";

/** A layer that inference could not tell everything of: a result, not an error. */
export interface UnknownShape {
  /** Layer; of a body's layer "loop/inner". */
  readonly layer: string;
  /** operatorKey. */
  readonly op: string;
  /** "no rule" or "trip count not known …". */
  readonly reason: string;
}

/** One body of a control-flow layer, shaped. */
export interface ShapedBody {
  /** The attribute it stands in: "then_branch", "else_branch", "body". */
  readonly name: string;
  readonly shaped: ShapedGraph;
  /** How often it runs; undefined: not known. */
  readonly times: number | undefined;
  /** "max": only one of the layer's bodies runs and nobody can tell which; count the one with the most work. */
  readonly choose?: "max";
}

/** A graph with every type that could be told. */
export interface ShapedGraph {
  /** The graph with complete `tensors`: inferred types over declared ones. A body's also has the outer tensors and weights it reads. */
  readonly graph: Graph;
  /** Tensors whose numbers are known before the network runs. */
  readonly constants: ReadonlyMap<string, ConstantValue>;
  /** Layers whose outputs are all known numbers: shape arithmetic, which costs nothing at run time. */
  readonly folded: ReadonlySet<string>;
  /** Bodies of control flow by layer name. Of an If whose branch is known, only that branch. */
  readonly bodies: ReadonlyMap<string, readonly ShapedBody[]>;
  readonly unknown: readonly UnknownShape[];
  /** What was taken for granted: trip counts, branches. Plain sentences. */
  readonly assumptions: readonly string[];
}
