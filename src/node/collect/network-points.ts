// Whole networks as points: end to end, and each of their distinct layers alone.
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph } from "../../graph/graph.ts";
import { networkLayers } from "../../predict/collect/network-layers.ts";
import { configurationId, oneLayerNetwork } from "../../predict/collect/points.ts";
import { readModel } from "../model.ts";
import type { RunnablePoint } from "./collect.ts";

export interface NetworkPoints {
  readonly points: readonly RunnablePoint[];
  /** Layers that no collected type describes, by network. */
  readonly without: readonly { readonly network: string; readonly layers: number }[];
}

/** End to end, as `name` at one batch. */
export function wholeNetworkPoint(name: string, batch: number, graph: Graph): RunnablePoint {
  return {
    sample: { id: `network/${name}/${batch}`, op: "network", network: name, parameters: { batch_size: batch } },
    graph: () => bindDimensions(graph, { batch }).graph,
  };
}

/** @param names "zoo:NAME" or files; equal layers of one network are run once */
export async function networkPoints(names: readonly string[], batches: readonly number[]): Promise<NetworkPoints> {
  const points: RunnablePoint[] = [];
  const without: { network: string; layers: number }[] = [];
  for (const name of names) {
    const graph = await readModel(name);
    for (const batch of batches) {
      points.push(wholeNetworkPoint(name, batch, graph));
      const layers = networkLayers(graph, { batch }).filter(({ runs }) => runs !== "free");
      const seen = new Set<string>();
      for (const { name: layer, kind, parameters } of layers) {
        if (kind === undefined || parameters === undefined) continue;
        const id = `${name}/${configurationId(kind.id, parameters)}`;
        if (seen.has(id)) continue;
        seen.add(id);
        points.push({
          sample: { id, op: kind.id, network: name, layer, parameters },
          graph: () => oneLayerNetwork(kind, parameters),
        });
      }
      const unknown = layers.filter(({ kind }) => kind === undefined).length;
      if (unknown > 0) without.push({ network: name, layers: unknown });
    }
  }
  return { points, without };
}
