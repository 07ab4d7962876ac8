// Bytes of activations alive at once when layers run in order and nothing is computed in place. A tensor lives from its
// layer (a graph input: from the start) to its last reader, a graph output to the end; a view lives with its source.
// Weights are not activations. Real allocators reuse and align, so this is a lower bound for one order of execution.

export interface Step {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The first output is the first input under another name. */
  readonly view: boolean;
  /** Bytes that live inside the step only (the body of a loop). */
  readonly insideBytes: number;
}

/**
 * @param sizeOf bytes of a tensor; 0 for weights and constants
 * @returns the largest sum of live bytes, that of the graph inputs before the first step included
 */
export function peakBytes(
  inputs: readonly string[],
  outputs: readonly string[],
  steps: readonly Step[],
  sizeOf: (tensor: string) => number,
): number {
  const roots = new Map<string, string>();
  const rootOf = (tensor: string): string => roots.get(tensor) ?? tensor;
  for (const {
    view,
    inputs: [source],
    outputs: [result],
  } of steps)
    if (view && source !== undefined && result !== undefined) roots.set(result, rootOf(source));

  const lastUse = new Map<string, number>();
  steps.forEach((step, at) => {
    for (const tensor of [...step.outputs, ...step.inputs]) lastUse.set(rootOf(tensor), at);
  });
  for (const tensor of outputs) lastUse.set(rootOf(tensor), steps.length);
  const ending = steps.map((): string[] => []);
  for (const [tensor, at] of lastUse) ending[at]?.push(tensor);

  const alive = new Set<string>(inputs);
  let live = 0;
  for (const tensor of alive) live += sizeOf(tensor);
  let peak = live;
  steps.forEach((step, at) => {
    for (const tensor of step.outputs) {
      if (rootOf(tensor) !== tensor || alive.has(tensor)) continue;
      alive.add(tensor);
      live += sizeOf(tensor);
    }
    peak = Math.max(peak, live + step.insideBytes);
    for (const tensor of ending[at]!) if (alive.delete(tensor)) live -= sizeOf(tensor);
  });
  return peak;
}

/** Everything kept for the backward pass: the graph inputs and every output that is not a view. */
export function keptBytes(
  inputs: readonly string[],
  steps: readonly Step[],
  sizeOf: (tensor: string) => number,
): number {
  const sum = (tensors: readonly string[]) => tensors.reduce((bytes, tensor) => bytes + sizeOf(tensor), 0);
  return steps.reduce(
    (bytes, step) => bytes + sum(step.view ? step.outputs.slice(1) : step.outputs) + step.insideBytes,
    sum(inputs),
  );
}
