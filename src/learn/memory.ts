// How much memory a training step takes, told from its graph: tensors live from the layer that makes them to the last that reads
// them. Not what a runtime's allocator does with that: it works in place where it can, and rounds up where it must.
import { sizeBytesOf } from "../graph/dtype.ts";
import { elementCount, type Graph, operatorKey } from "../graph/graph.ts";
import { formatQuantity } from "../units/format.ts";
import { InputError } from "../units/input-error.ts";
import { peakBytes, type Step } from "../work/liveness.ts";
import { WORK_TABLE } from "../work/table.ts";
import type { TrainingGraph } from "./training-graph.ts";

export interface StepMemory {
  /** Parameters, statistics and moments, twice: as they were and as they become. */
  readonly stateBytes: number;
  /** Weights that do not learn. */
  readonly weightBytes: number;
  /** Data, activations and gradients alive at once, at the worst moment of the step, its layers run in order. */
  readonly peakActivationBytes: number;
  /** All three. */
  readonly totalBytes: number;
}

/** Bytes of a tensor of the graph; 0 where its shape is open. */
export function tensorBytes({ tensors }: Pick<Graph, "tensors">, name: string): number {
  const type = tensors.get(name);
  const elements = elementCount(type);
  return type === undefined || elements === undefined ? 0 : sizeBytesOf(type.dtype, elements);
}

/** @param apart tensors that are counted elsewhere: the state that goes in and comes out */
export function peakActivationBytes(graph: Graph, apart: ReadonlySet<string>): number {
  const steps = graph.layers.map((layer): Step => {
    const view = WORK_TABLE[operatorKey(layer)]?.view === true;
    return { inputs: layer.inputs, outputs: layer.outputs.filter((name) => name !== ""), view, insideBytes: 0 };
  });
  const sizeOf = (name: string) => (apart.has(name) || graph.weights.has(name) ? 0 : tensorBytes(graph, name));
  return peakBytes(graph.inputs, graph.outputs, steps, sizeOf);
}

/** What one step takes beside the program itself and the data set. */
export function stepMemory({ graph, state }: Pick<TrainingGraph, "graph" | "state">): StepMemory {
  const sum = (names: Iterable<string>) => [...names].reduce((bytes, name) => bytes + tensorBytes(graph, name), 0);
  const stateBytes = 2 * sum(state.map(({ input }) => input));
  const weightBytes = sum(graph.weights.keys());
  const peak = peakActivationBytes(graph, new Set(state.flatMap(({ input, output }) => [input, output])));
  return { stateBytes, weightBytes, peakActivationBytes: peak, totalBytes: stateBytes + weightBytes + peak };
}

/** Of the machine. */
export interface MachineMemory {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/**
 * Compares what a step takes at least with what there is.
 * @returns a sentence when that is more than is free now
 * @throws InputError "too-little-memory" when it is more than the machine has
 */
export function checkMemory(needs: StepMemory, machine: MachineMemory): string | undefined {
  const text = (bytes: number) => formatQuantity(bytes, "B");
  const need = `a training step needs at least ${text(needs.totalBytes)} of memory`;
  if (needs.totalBytes > machine.totalBytes)
    throw new InputError(
      "too-little-memory",
      `${need} (${text(needs.stateBytes)} weights and moments, ${text(needs.peakActivationBytes)} activations and gradients), this machine has ${text(machine.totalBytes)}`,
      "give a smaller --batch (with --accumulate for the same updates), or --recompute",
    );
  return needs.totalBytes > machine.freeBytes ? `${need}, ${text(machine.freeBytes)} are free now` : undefined;
}
