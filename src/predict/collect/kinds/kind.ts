// The shape of a collected layer type: the ranges its configurations are drawn from, the one-layer network that runs it, and the way
// back from a layer of any network to the same parameters. One family per file; table.ts lists them. Nothing is run here.
import type { NetworkBuilder } from "../../../graph/build.ts";
import type { Layer } from "../../../graph/graph.ts";
import type { Random } from "../../../math/random.ts";
import type { Parameters } from "../../layerwise/parameters.ts";

/** Whole numbers a parameter is drawn from: evenly on a logarithmic scale from low to high, or one of `choices` (repeated: likelier). */
export type ParameterRange = { readonly low: number; readonly high: number } | { readonly choices: readonly number[] };

/** What is known of the tensors around a layer. */
export interface LayerView {
  readonly layer: Layer;
  /** Lengths by position of the input; undefined: not known, or not given. */
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly (readonly number[] | undefined)[];
  /** True for inputs that are weights or constants. */
  readonly fixed: readonly boolean[];
}

export interface CollectedKind {
  /** Name on the command line, and `op` of its samples: "conv". */
  readonly id: string;
  readonly summary: string;
  /** ONNX operators that it stands for. */
  readonly ops: readonly string[];
  /** By the names of layerwise/parameters.ts; drawn in this order. */
  readonly ranges: Readonly<Record<string, ParameterRange>>;
  /** Makes drawn parameters fit each other; undefined: no such layer, draw again. Default: as drawn. */
  settle?(drawn: Parameters, random: Random): Parameters | undefined;
  /** Appends inputs and the layer; gives its output. */
  build(b: NetworkBuilder, parameters: Parameters): string;
  /** The output must be handed out whole: a runtime would move a cut before the layer. Default false. */
  readonly wholeOutput?: boolean;
  /** Parameters of a layer of some network; undefined where this type does not describe it (dilated, 1-D, …). */
  read(view: LayerView): Parameters | undefined;
}

export const product = (lengths: readonly number[]): number => lengths.reduce((total, length) => total * length, 1);

/** [N, C, H, W], or undefined. */
export function imageOf(shape: readonly number[] | undefined): Parameters | undefined {
  if (shape?.length !== 4) return undefined;
  const [batch_size, in_channels, image_size, image_width] = shape as [number, number, number, number];
  return { batch_size, in_channels, image_size, image_width };
}
