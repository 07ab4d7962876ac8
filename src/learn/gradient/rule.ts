// The shape of a gradient rule: how the derivative of ONE operator is written as operators. One family per file in rules/;
// table.ts lists them; walking a graph is pass.ts. A rule makes only the gradients that are wanted.
import { type Layer, operatorKey } from "../../graph/graph.ts";
import { InputError } from "../../units/input-error.ts";
import type { Emitter } from "./emitter.ts";

/** What a rule may look at and write with. */
export interface LayerContext {
  readonly e: Emitter;
  /** The layer, its inputs and outputs named as in the graph that is made. */
  readonly layer: Layer;
  /** Version of the layer's operator set. */
  readonly opset: number;
}

/** What a layer's forward form in training may ask for besides. */
export interface ForwardContext extends LayerContext {
  /** True when a gradient will be asked of this layer. */
  readonly wanted: boolean;
  /** How batch normalisation normalises. */
  readonly statistics: "batch" | "running";
  /** The input that holds this step's seed of dropout. */
  seed(): string;
  /** A number that is this layer's own: two layers with dropout draw unlike masks. */
  readonly ordinal: number;
  /** State `name` (an input of the graph) becomes `value` after the step. */
  carry(name: string, value: string): void;
}

/** A layer's forward form in training: its outputs by position, and what its backward form reads. */
export interface ForwardForm {
  readonly outputs: readonly string[];
  readonly kept: Readonly<Record<string, string>>;
}

export interface BackwardContext extends LayerContext {
  /** Gradient of each output; undefined where none arrives. At least one is there. */
  readonly given: readonly (string | undefined)[];
  /** True when the gradient of input `index` is to be made. */
  wants(index: number): boolean;
  /** True when the forward form kept something by that name. */
  keeps(name: string): boolean;
  /** What the forward form kept. @throws Error for a name it did not keep */
  kept(name: string): string;
}

/** Gradients by input position; undefined where none is wanted or none flows. */
export type BackwardRule = (c: BackwardContext) => readonly (string | undefined)[];

/** How one operator is differentiated. */
export type OperatorGradient =
  /** By a formula; `forward`: its form in training, where that differs or keeps something. */
  | { readonly backward: BackwardRule; readonly forward?: (c: ForwardContext) => ForwardForm | undefined }
  /** By writing it in simpler operators, which have rules; undefined: it stays as it is and is differentiated by `backward`. */
  | { readonly rewrite: (c: ForwardContext) => readonly string[] | undefined; readonly backward?: BackwardRule };

/** Operators by operatorKey. */
export type GradientTable = Readonly<Record<string, OperatorGradient>>;

/** The gradient of the only output that counts. */
export const dyOf = (c: BackwardContext): string => c.given[0]!;

/** Shape of input `index`. */
export const inputShape = (c: LayerContext, index = 0): readonly number[] => c.e.shape(c.layer.inputs[index]!);

/** The error for a layer that a rule cannot differentiate. */
export function notDifferentiable({ layer }: LayerContext, why: string): InputError {
  return new InputError(
    "no-gradient",
    `layer "${layer.name}" (${operatorKey(layer)}): ${why}`,
    "freeze the layers up to this one, or export the network with simpler operators",
  );
}

/** Numbers of input `index`; undefined when it is left out. @throws InputError when they are known only while the network runs */
export function knownInput(c: LayerContext, index: number): readonly number[] | undefined {
  const name = c.layer.inputs[index];
  if (name === undefined || name === "") return undefined;
  const value = c.e.b.valueOf(name);
  if (value === undefined) throw notDifferentiable(c, `input ${index} is not a constant, expected fixed numbers`);
  return value.data;
}

/** An axis from 0 for one that may count from the end. */
export const axisFrom = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
