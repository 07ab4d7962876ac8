// One Graph cut into two: the half that a device runs and the half that a server goes on with. Where to cut is split/;
// here is what it means for the graph: which tensors cross, and which weights and constants either half takes along.
// What does not depend on the inputs (constants, converted weights, folded shapes) belongs to neither half: both get what they read.

import { InputError } from "../units/input-error.ts";
import { type Graph, type Layer, operatorKey, type TensorType, type WeightRef } from "./graph.ts";
import { encodeNumbers } from "./numbers.ts";
import type { ShapedGraph } from "./shape/shaped.ts";

/** The two halves; either may have no layers. */
export interface CutGraph {
  readonly device: Graph;
  readonly server: Graph;
  /** Tensors that the device sends, in the order they are made: outputs of its half, or inputs of the whole network. */
  readonly crossing: readonly string[];
}

/** Layers whose outputs differ each time though nothing comes in: they cannot be run on both sides. */
const RANDOM = /^Random|^Bernoulli$|^Multinomial$/;

/** Tensors a layer reads, what its bodies take from around them included. */
export function tensorsRead(layer: Layer): readonly string[] {
  const inside = [...layer.attributes.values()].flatMap((attribute) =>
    attribute.kind === "graph" ? [...attribute.value.layers.flatMap(tensorsRead), ...attribute.value.outputs] : [],
  );
  const names = inside.length === 0 ? layer.inputs : [...layer.inputs, ...inside];
  return names.filter((name) => name !== "");
}

/** A graph's layers by whether they depend on its inputs. */
export interface Dependence {
  /** Layers that do, in order: the ones that are on one side or the other. */
  readonly active: readonly Layer[];
  /** The others, by each tensor they make. */
  readonly fixed: ReadonlyMap<string, Layer>;
  /** Tensors that an active layer makes, and the inputs of the graph. */
  readonly activations: ReadonlySet<string>;
}

/** Tells what depends on the inputs from what does not. Folded layers do not: their numbers are known. */
export function dependence({ graph, folded }: Pick<ShapedGraph, "graph" | "folded">): Dependence {
  const activations = new Set(graph.inputs);
  const fixed = new Map<string, Layer>();
  const active: Layer[] = [];
  for (const layer of graph.layers) {
    const depends = RANDOM.test(layer.op) || tensorsRead(layer).some((name) => activations.has(name));
    if (depends && !folded.has(layer.name)) {
      active.push(layer);
      for (const output of layer.outputs) if (output !== "") activations.add(output);
    } else for (const output of layer.outputs) fixed.set(output, layer);
  }
  return { active, fixed, activations };
}

/** Gathers the layers, weights and types of one half. */
class Half {
  readonly #shaped: ShapedGraph;
  readonly #fixed: ReadonlyMap<string, Layer>;
  readonly #layers = new Set<Layer>();
  readonly #weights = new Map<string, WeightRef>();
  readonly #tensors = new Map<string, TensorType>();

  constructor(shaped: ShapedGraph, fixed: ReadonlyMap<string, Layer>) {
    this.#shaped = shaped;
    this.#fixed = fixed;
  }

  add(layer: Layer): void {
    for (const name of tensorsRead(layer)) this.need(name);
    for (const name of layer.outputs) this.#type(name);
    this.#layers.add(layer);
  }

  /** A tensor that is read: its type, and its numbers where no input is behind them. */
  need(name: string): void {
    if (this.#tensors.has(name) || this.#weights.has(name)) return;
    this.#type(name);
    const ref = this.#shaped.graph.weights.get(name);
    if (ref !== undefined) {
      this.#weights.set(name, ref);
      return;
    }
    const maker = this.#fixed.get(name);
    if (maker === undefined) return;
    const known = this.#shaped.folded.has(maker.name) ? this.#shaped.constants.get(name) : undefined;
    if (known === undefined) this.add(maker);
    else {
      this.#weights.set(name, { kind: "inline", bytes: encodeNumbers(known.dtype, known.data) });
      this.#tensors.set(name, { dtype: known.dtype, shape: known.shape });
    }
  }

  graph(suffix: string, inputs: readonly string[], outputs: readonly string[]): Graph {
    const whole = this.#shaped.graph;
    for (const name of inputs) this.#type(name);
    for (const name of outputs) this.need(name);
    return {
      name: `${whole.name}-${suffix}`,
      inputs,
      outputs,
      layers: whole.layers.filter((layer) => this.#layers.has(layer)),
      tensors: this.#tensors,
      weights: this.#weights,
      opsets: whole.opsets,
      ...(whole.bound && { bound: whole.bound }),
    };
  }

  #type(name: string): void {
    const type = name === "" ? undefined : this.#shaped.graph.tensors.get(name);
    if (type !== undefined) this.#tensors.set(name, type);
  }
}

/**
 * Cuts a graph in two. The batch and all lengths are those that the shapes say: folded shapes become constants.
 * @param onDevice names of the layers that the device runs; no layer of them may read what another side's layer makes
 * @throws InputError "bad-cut" when a device layer needs a tensor of the server half, or a name is no layer that takes part
 */
export function cutGraph(shaped: ShapedGraph, onDevice: ReadonlySet<string>): CutGraph {
  const { graph } = shaped;
  const { active, fixed, activations } = dependence(shaped);
  const names = new Set(active.map(({ name }) => name));
  const stranger = [...onDevice].find((name) => !names.has(name));
  if (stranger !== undefined)
    throw new InputError("bad-cut", `"${stranger}" is no layer that a cut can place`, "give layers of this network");
  const [device, server] = [new Half(shaped, fixed), new Half(shaped, fixed)];
  const has = new Set(graph.inputs);
  const wanted = new Set<string>();
  for (const layer of active) {
    const reads = tensorsRead(layer).filter((name) => activations.has(name));
    if (!onDevice.has(layer.name)) {
      server.add(layer);
      for (const name of reads) wanted.add(name);
      continue;
    }
    const missing = reads.find((name) => !has.has(name));
    if (missing !== undefined)
      throw new InputError(
        "bad-cut",
        `layer "${layer.name}" (${operatorKey(layer)}) is on the device but reads "${missing}" of the server`,
        "a device half must hold all that comes before its layers",
      );
    device.add(layer);
    for (const output of layer.outputs) has.add(output);
  }
  const crossing = [...has].filter((name) => wanted.has(name));
  const sent = crossing.filter((name) => !graph.inputs.includes(name));
  const ownOutputs = graph.outputs.filter((name) => has.has(name) && !graph.inputs.includes(name));
  const deviceInputs = graph.inputs.filter((name) =>
    active.some((layer) => onDevice.has(layer.name) && tensorsRead(layer).includes(name)),
  );
  return {
    device: device.graph("device", deviceInputs, [...new Set([...sent, ...ownOutputs])]),
    server: server.graph(
      "server",
      crossing,
      graph.outputs.filter((name) => !has.has(name)),
    ),
    crossing,
  };
}
