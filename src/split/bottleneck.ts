// A bottleneck at the cut: fewer channels go over the air and are spread out again behind it [Eshratifar2019]. Two more layers, a 1×1
// convolution each (or a dense layer for [N, features]); the network must then be trained, since they begin with random weights.
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph, Layer } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import type { Cut } from "./cuts.ts";
import type { SplitNetwork } from "./split-network.ts";

/** Names of the two layers; the cut is after the first. */
export const ENCODER = "bottleneck/encode";
export const DECODER = "bottleneck/decode";

/** From the channels of `x` to `to` of them. */
function mix(b: NetworkBuilder, x: string, to: number, name: string): string {
  const from = b.length(x, 1);
  const isImage = b.shapeOf(x).length > 2;
  const bound = 1 / Math.sqrt(from);
  const shape = isImage
    ? [
        to,
        from,
        ...b
          .shapeOf(x)
          .slice(2)
          .map(() => 1),
      ]
    : [to, from];
  const weights = b.scope(name, () => [
    b.weight("weight", shape, { kind: "uniform", bound, seed: b.nextSeed() }),
    b.weight("bias", [to], { kind: "constant", value: 0 }),
  ]);
  const attributes = isImage ? { kernel_shape: shape.slice(2) } : { transB: 1 };
  return b.layer(isImage ? "Conv" : "Gemm", [x, ...weights], { name, attributes });
}

/**
 * The network with a bottleneck where the cut is.
 * @param graph the network as it was read, its batch open or not
 * @param cut where exactly one tensor of [N, channels, …] crosses
 * @param channels that are sent; from 1, fewer than there are
 * @throws InputError "bad-bottleneck"
 */
export function insertBottleneck(network: SplitNetwork, graph: Graph, cut: Cut, channels: number): Graph {
  const [sent, ...others] = cut.sent.map((id) => network.tensors[id]!);
  const shape = sent?.type?.shape;
  const width = shape?.[1];
  if (
    sent === undefined ||
    others.length > 0 ||
    sent.producer < 0 ||
    cut.isLocal ||
    sent.type?.dtype !== "float32" ||
    typeof width !== "number"
  )
    throw new InputError(
      "bad-bottleneck",
      `after "${cut.after}" there is no single tensor of floats with channels`,
      "choose another --cut",
    );
  if (!(Number.isInteger(channels) && channels >= 1 && channels < width))
    throw new InputError(
      "bad-bottleneck",
      `${channels} channels in place of ${width} after "${cut.after}"`,
      `give a whole number from 1 to ${width - 1}`,
    );
  const { constants } = network.shaped;
  const b = NetworkBuilder.from({ graph, constants }, graph.opsets.get("") ?? 1);
  const maker = network.layers[sent.producer]!.name;
  let spread: string | undefined;
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map((name) => (spread !== undefined && name === sent.name ? spread : name));
    b.append({ ...layer, inputs } satisfies Layer);
    if (layer.name === maker) spread = mix(b, mix(b, sent.name, channels, ENCODER), width, DECODER);
  }
  for (const name of graph.outputs) b.output(name === sent.name ? spread! : name);
  return b.graph();
}
