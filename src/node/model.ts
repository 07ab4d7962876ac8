// A network by the name a person gives it: "zoo:vgg16" or the path of an .onnx file, "-" for standard input. Weights stay where they are until asked for.
import { basename, dirname, join } from "node:path";
import type { Graph } from "../graph/graph.ts";
import { seededBytes } from "../graph/weights.ts";
import { seededRandom } from "../math/random.ts";
import { readOnnx } from "../onnx/read.ts";
import { type WeightBytes, weightsOf } from "../onnx/weights.ts";
import { ZOO_PREFIX } from "../zoo/network.ts";
import { openFile } from "./files.ts";
import { DASH } from "./standard-streams.ts";

/** Reads the network's graph. @throws InputError when there is none at that name, or it is no ONNX file */
export async function readModel(name: string): Promise<Graph> {
  if (name.startsWith(ZOO_PREFIX)) {
    // Loaded only here: thirty networks' modules are no part of reading a file.
    const { chooseNetwork } = await import("../zoo/catalogue.ts");
    const { network, options } = chooseNetwork(name);
    return network.build(options);
  }
  const file = openFile(name, "check the path; built-in networks are named zoo:NAME (`joulecast zoo` lists them)");
  try {
    return await readOnnx(file, name === DASH ? "stdin" : basename(name));
  } finally {
    file.close();
  }
}

/** Draws the weights of zoo networks. */
export const drawnWeights: WeightBytes = async (ref, type) => {
  if (ref.kind === "inline") return ref.bytes;
  if (ref.kind === "seeded") return seededBytes(ref.initialiser, type, seededRandom);
  throw new Error("a zoo network has no weights in files");
};

/** Weights of a model file; side files are opened for each weight and closed again. Close the result when done. */
export function fileWeights(path: string): { readonly weights: WeightBytes; close(): void } {
  const file = openFile(path);
  const read = weightsOf(file, async (side) => {
    const opened = openFile(join(dirname(path), side));
    return {
      size: opened.size,
      read: async (offset, length) => {
        try {
          return await opened.read(offset, length);
        } finally {
          opened.close();
        }
      },
    };
  });
  return { weights: read, close: () => file.close() };
}
