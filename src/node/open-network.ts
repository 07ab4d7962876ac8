// The network that learns: built with the run's seed when it is of the zoo, read with its weights when it is a file.
import type { Graph } from "../graph/graph.ts";
import type { WeightReader } from "../runtime/runtime.ts";
import { ZOO_PREFIX } from "../zoo/network.ts";
import { drawnWeights, fileWeights, readModel } from "./model.ts";

/** Seeds of a network's weights are so far apart: every weight takes the next seed. */
const SEED_STEP = 1_000_000;

export interface OpenNetwork {
  readonly graph: Graph;
  readonly weights: WeightReader;
  close(): void;
}

/** @throws InputError when there is no such network */
export async function openNetwork(model: string, seed: number): Promise<OpenNetwork> {
  if (model.startsWith(ZOO_PREFIX)) {
    const { chooseNetwork } = await import("../zoo/catalogue.ts");
    const { network, options } = chooseNetwork(model);
    return {
      graph: network.build({ ...options, seed: seed * SEED_STEP }),
      weights: drawnWeights,
      close: () => undefined,
    };
  }
  const graph = await readModel(model);
  const file = fileWeights(model);
  return {
    graph,
    // Moments begin with a drawn constant, also where the weights are in a file.
    weights: (ref, type) => (ref.kind === "seeded" ? drawnWeights : file.weights)(ref, type),
    close: file.close,
  };
}

/** The graph of a network with all of its weights inline: a teacher inside another graph, say. */
export async function inlineNetwork(model: string): Promise<Graph> {
  const { graph, weights, close } = await openNetwork(model, 0);
  try {
    const entries = [...graph.weights].map(async ([name, ref]) => {
      const bytes = await weights(ref, graph.tensors.get(name)!);
      return [name, { kind: "inline", bytes }] as const;
    });
    return { ...graph, weights: new Map(await Promise.all(entries)) };
  } finally {
    close();
  }
}
