// From a network as it was read to its work: bind dimensions, infer shapes, count. The three steps that every "how much?" begins with.
import { bindDimensions } from "../graph/bind.ts";
import type { Graph } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { countWork } from "./count.ts";
import type { Optimiser } from "./training.ts";
import type { WorkReport } from "./work.ts";

export interface CountOptions {
  /** Samples in one pass. Default: what the model file says, 1 where it leaves that open. */
  readonly batch?: number;
  /** Lengths of symbolic dimensions by name, or of an input's axis as "input.2". */
  readonly dims?: Readonly<Record<string, number>>;
  /** Iterations of a Loop whose count the model does not say. Default: reported as unknown. */
  readonly tripCount?: number;
  /** "training" counts forward, backward and the optimiser's step. Default "inference". */
  readonly phase?: "inference" | "training";
  /** Default: the first of the optimiser table. */
  readonly optimiser?: Optimiser;
}

/** The work of one pass (or training step). @throws InputError for dimensions that are unbound or contradict each other */
export function countGraph(graph: Graph, options: CountOptions = {}): WorkReport {
  const { batch, dims, tripCount, phase, optimiser } = options;
  const bound = bindDimensions(graph, { ...(batch !== undefined && { batch }), ...(dims && { dims }) });
  const shaped = inferShapes(bound.graph, tripCount === undefined ? {} : { tripCount });
  const report = countWork(shaped, { ...(phase && { phase }), ...(optimiser && { optimiser }) });
  return { ...report, assumptions: [...bound.assumptions, ...report.assumptions] };
}
