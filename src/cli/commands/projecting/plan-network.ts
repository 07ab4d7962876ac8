// What a network of a plan does per sample: counted from the zoo or an .onnx file at the plan's image size.

import type { Graph } from "../../../graph/graph.ts";
import { plainName } from "../../../hardware/find.ts";
import { readModel } from "../../../node/model.ts";
import type { Features } from "../../../predict/pre/run.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import { countGraph } from "../../../work/count-graph.ts";
import { ZOO } from "../../../zoo/catalogue.ts";
import { ZOO_PREFIX } from "../../../zoo/network.ts";

/** A counted network and what was assumed on the way. */
export interface CountedNetwork {
  readonly features: Features;
  readonly remarks: readonly string[];
}

const GIGA = 1e9;

/** Side of the network's own image; undefined when its input is no square image. */
function ownSide(graph: Graph): number | undefined {
  const shape = graph.tensors.get(graph.inputs[0] ?? "")?.shape;
  const [, , height, width] = shape ?? [];
  return typeof height === "number" && height === width ? height : undefined;
}

/** Counts at the image asked for; where the network's dense layers do not fit that size, its other layers are scaled by the image's area. */
function countAt(graph: Graph, image: number | undefined): CountedNetwork {
  const own = ownSide(graph);
  const input = graph.inputs[0] ?? "";
  const dims = image === undefined || own === undefined ? {} : { [`${input}.2`]: image, [`${input}.3`]: image };
  try {
    return { features: featuresOf(graph, dims, 1), remarks: [] };
  } catch (error) {
    if (!(error instanceof InputError) || image === undefined || own === undefined) throw error;
    const remarks = [
      `${graph.name} takes ${own} × ${own} images only: its convolutions are scaled by area to ${image} × ${image}`,
    ];
    return { features: featuresOf(graph, {}, (image / own) ** 2), remarks };
  }
}

/** @param area factor on everything but the dense layers */
function featuresOf(graph: Graph, dims: Readonly<Record<string, number>>, area: number): Features {
  const forward = countGraph(graph, { batch: 1, dims });
  const training = countGraph(graph, { batch: 1, dims, phase: "training" });
  const dense = (op: string): boolean => op === "Gemm" || op === "MatMul";
  const macs = forward.layers.reduce((total, layer) => total + layer.macs * (dense(layer.op) ? 1 : area), 0);
  const flops = training.layers.reduce((total, layer) => total + layer.flops * (dense(layer.op) ? 1 : area), 0);
  return {
    // As histories state it: 2 × MACs of one forward pass.
    gflops: (2 * macs) / GIGA,
    params: forward.total.params,
    activationBytes: training.peakActivationBytes * area,
    trainingGflops: flops / GIGA,
  };
}

/** The zoo's name of a network as a history writes it: "mobilenet_v2" → "mobilenet-v2". */
export function zooNameOf(name: string): string | undefined {
  const bare = name.startsWith(ZOO_PREFIX) ? name.slice(ZOO_PREFIX.length) : name;
  const [family = "", ...options] = bare.split(":");
  const found = ZOO.find(({ name: each }) => plainName(each) === plainName(family))?.name;
  return found === undefined ? undefined : [found, ...options].join(":");
}

const isFile = (name: string): boolean => name.endsWith(".onnx");

/**
 * Counts a network of the zoo or a file.
 * @param known names of the history, for the suggestion when there is no such network
 * @throws InputError "unknown-network"
 */
export async function countNetwork(
  name: string,
  image: number | undefined,
  known: readonly string[] = [],
): Promise<CountedNetwork> {
  if (isFile(name)) return countAt(await readModel(name), image);
  const zooName = zooNameOf(name);
  if (zooName === undefined)
    throw unknownName(
      "network",
      name,
      [...new Set([...known, ...ZOO.map((network) => network.name)])],
      "give a network of the history, of `joulecast zoo`, or an .onnx file; or its --gflops",
    );
  return countAt(await readModel(`${ZOO_PREFIX}${zooName}`), image);
}
