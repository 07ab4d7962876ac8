// What the ImageNet networks share: an image in, 1,000 class scores out. The body between is each network's own file.
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ZooOptions } from "../network.ts";
import { batchNorm, type ConvOptions, conv, flatten, globalAveragePool, linear } from "../pieces.ts";

export const CLASSES = 1000;

/** A network from "input" [batch, 3, 224, 224] to what `body` returns. */
export function imageNetwork(
  name: string,
  options: ZooOptions,
  body: (b: NetworkBuilder, image: string) => string,
): Graph {
  const b = new NetworkBuilder(name, options.seed);
  b.output(body(b, b.input("input", ["batch", 3, 224, 224])));
  return b.graph();
}

/** Where torchvision's counts come from: parameters from its documentation, MACs by hooks on its own modules. */
export const TORCHVISION = "torchvision: num_params of its model pages; MACs counted on its modules at 3×224×224";

/** Convolution without bias and the normalisation that takes the bias's place: "conv1", "bn1". */
export function convNorm(
  b: NetworkBuilder,
  x: string,
  out: number,
  options: ConvOptions & { readonly norm?: string; readonly epsilon?: number },
): string {
  const { norm, epsilon, ...rest } = options;
  return batchNorm(b, conv(b, x, out, { ...rest, bias: false }), norm, epsilon);
}

/** Mean over the image, then one dense layer to the classes: [N, C, H, W] → [N, 1000]. Dropout does nothing here. */
export function poolAndClassify(b: NetworkBuilder, x: string): string {
  return linear(b, flatten(b, globalAveragePool(b, x)), CLASSES);
}
