// What the walk of count.ts knows of a graph and its tensors: which layers take part, where tensors come from, what is
// read. A body of control flow is a scope inside another and sees the tensors around it.
import { type ConstantValue, type Graph, type Layer, operatorKey, type WeightRef } from "../graph/graph.ts";
import type { ShapedGraph } from "../graph/shape/infer.ts";
import { type Codes, codesIn } from "./codes.ts";
import { convertedWeight, storedWeight, type WeightOrigin } from "./weights.ts";

/** A graph with what is known of its tensors, and the graph around it when it is a body. */
export interface Scope {
  readonly shaped: ShapedGraph;
  readonly outer: Scope | undefined;
  /** Put before layer and weight names: "loop/". */
  readonly prefix: string;
  /** Tensors made in this body: they hide those of the same name around it. Empty for the whole graph. */
  readonly own: ReadonlySet<string>;
  /** Runs of this graph in one pass. */
  readonly times: number;
  readonly origins: Map<string, WeightOrigin>;
  /** Outputs of constants and folded layers. */
  readonly fixed: Set<string>;
  /** Activations that depend on trained weights: a gradient runs through them. */
  readonly upstream: Set<string>;
  /** Layers that take part in a pass. */
  readonly active: readonly Layer[];
  /** What is done on 8-bit codes. */
  readonly codes: Codes;
  /** Tensors that are read by a layer or handed out. */
  readonly used: ReadonlySet<string>;
  /** Activations from which a graph output follows. */
  readonly needed: ReadonlySet<string>;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Everything a body makes or is given itself. */
function namesOf({ inputs, layers }: Graph, weights: readonly (readonly [string, WeightRef])[]): Set<string> {
  const names = new Set(inputs);
  for (const [name] of weights) names.add(name);
  for (const layer of layers) for (const output of layer.outputs) names.add(output);
  return names;
}

/** The scope of a graph, or of a body inside `outer` that runs `runs` times in a pass. */
export function makeScope(shaped: ShapedGraph, outer?: Scope, prefix = "", runs = 1): Scope {
  const { graph } = shaped;
  const origins = new Map<string, WeightOrigin>();
  const ownWeights = [...graph.weights].filter(
    ([name, ref]) => outer === undefined || weightRefOf(outer, name) !== ref,
  );
  for (const [name] of ownWeights) {
    const origin = storedWeight(prefix + name, graph.tensors.get(name));
    if (origin !== undefined) origins.set(name, origin);
  }
  const fixed = new Set<string>();
  const active: Layer[] = [];
  const own = outer === undefined ? NO_NAMES : namesOf(graph, ownWeights);
  const scope = { shaped, outer, prefix, own, times: runs, origins, fixed, upstream: new Set<string>(), active };
  for (const layer of graph.layers) {
    const source = layer.inputs[0];
    const converted = convertedWeight(layer, source === undefined ? undefined : originOf(scope, source));
    if (converted !== undefined) origins.set(layer.outputs[0]!, converted);
    else if (operatorKey(layer) === "Constant" || shaped.folded.has(layer.name))
      for (const output of layer.outputs) fixed.add(output);
    else active.push(layer);
  }
  const used = new Set(graph.outputs);
  for (const layer of active) for (const input of readsOf(shaped, layer)) used.add(input);
  const codes = codesIn(graph, active, (tensor) => originOf(scope, tensor) !== undefined);
  return { ...scope, codes, used, needed: neededTensors(shaped, active) };
}

/** Tensors a layer reads, those that its bodies take from around them included. */
export function readsOf(shaped: ShapedGraph, layer: Layer): readonly string[] {
  const bodies = shaped.bodies.get(layer.name);
  if (bodies === undefined) return layer.inputs;
  const inside = bodies.flatMap(({ shaped: body }) => [
    ...body.graph.outputs,
    ...body.graph.layers.flatMap((inner) => readsOf(body, inner)),
  ]);
  return [...layer.inputs, ...inside];
}

function neededTensors(shaped: ShapedGraph, layers: readonly Layer[]): Set<string> {
  const needed = new Set(shaped.graph.outputs);
  for (const layer of layers.toReversed())
    if (layer.outputs.some((output) => needed.has(output)))
      for (const input of readsOf(shaped, layer)) needed.add(input);
  return needed;
}

type Known = Pick<Scope, "shaped" | "outer" | "own" | "origins" | "fixed" | "upstream">;

/** What is known of a tensor where it is made: here, or in the graph around a body. */
function lookUp<T>(scope: Known, name: string, here: (scope: Known) => T | undefined): T | undefined {
  const found = here(scope);
  if (found !== undefined || scope.outer === undefined || scope.own.has(name)) return found;
  return lookUp(scope.outer, name, here);
}

/** A body's graph repeats the weights it takes from around it, with the same reference. */
const weightRefOf = (scope: Known, name: string) => lookUp(scope, name, ({ shaped }) => shaped.graph.weights.get(name));
export const originOf = (scope: Known, name: string) => lookUp(scope, name, ({ origins }) => origins.get(name));
export const typeOf = (scope: Known, name: string) =>
  lookUp(scope, name, ({ shaped }) => shaped.graph.tensors.get(name));
export const constantOf = (scope: Known, name: string): ConstantValue | undefined =>
  lookUp(scope, name, ({ shaped }) => shaped.constants.get(name));
export const isFixed = (scope: Known, name: string) => lookUp(scope, name, ({ fixed }) => fixed.has(name) || undefined);
export const isUpstream = (scope: Known, name: string) =>
  lookUp(scope, name, ({ upstream }) => upstream.has(name) || undefined) === true;

/** Newest operator set, taken where the file does not say. */
const NEWEST_OPSET = 24;

export function opsetOf(scope: Known, layer: Layer): number {
  const domain = layer.domain === "ai.onnx" ? "" : layer.domain;
  const here = scope.shaped.graph.opsets.get(domain);
  return here ?? (scope.outer === undefined ? NEWEST_OPSET : opsetOf(scope.outer, layer));
}
