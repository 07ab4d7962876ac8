// The shape of a work rule: how much arithmetic ONE operator does, forward and backward. One family per file in rules/;
// table.ts lists them. Bytes, parameters and totals are the same for all operators and live in count.ts.
import type { ConstantValue, Layer, TensorType } from "../graph/graph.ts";
import type { Operations } from "./work.ts";

export interface WorkContext {
  readonly layer: Layer;
  readonly opset: number;
  /** Types with numeric shapes by input position; undefined for omitted ones. */
  readonly inputs: readonly (TensorType | undefined)[];
  /** Types with numeric shapes by output position; undefined for omitted ones and for unused ones of unknown shape. */
  readonly outputs: readonly (TensorType | undefined)[];
  constant(index: number): ConstantValue | undefined;
}

/** What the backward pass must make: the gradient of the activations, of the weights, or both. */
export interface GradientNeeds {
  /** By input position: true when something upstream of this input is trained or it is a trained weight itself. */
  readonly wanted: readonly boolean[];
}

export interface WorkRule {
  /** Arithmetic of one forward pass. Fields left out are 0. */
  forward(context: WorkContext): Partial<Operations>;
  /** Arithmetic of one forward pass in training, where it differs (batch statistics, dropout). Default: as `forward`. */
  trainingForward?(context: WorkContext): Partial<Operations>;
  /** Arithmetic of the gradients wanted. Default: MACs once per wanted matrix operand, everything else once more as forward. */
  backward?(context: WorkContext, needs: GradientNeeds): Partial<Operations>;
  /** Input positions of the matrix operands; the first one's type is the type of the arithmetic. Default: 0 and 1 where there are MACs. */
  readonly operands?: readonly number[];
  /** Input positions that hold running statistics (buffers) and not trained weights. */
  readonly buffers?: readonly number[];
  /** Input positions that are settings (shapes, scales, bounds), neither trained nor buffers. */
  readonly settings?: readonly number[];
  /** Input positions whose integer initialisers are trained weights (or biases) in quantised form. */
  readonly quantised?: readonly number[];
  /** True when an input of one element is a fixed number (the 0.5 of x·0.5, an epsilon), not a trained weight. */
  readonly scalarsAreSettings?: boolean;
  /** Trained numbers that the weight at `index` stands for, where that is not its element count (packed 4-bit weights). */
  weightElements?(context: WorkContext, index: number): number | undefined;
  /** Elements that are read of the input at `index`, where that is not all of it (rows of an embedding). */
  elementsRead?(context: WorkContext, index: number): number | undefined;
  /** The output is the input under another name: no bytes move and no new activation is alive. "inference": not while training. */
  readonly view?: boolean | "inference";
}

export type WorkTable = Readonly<Record<string, WorkRule>>;
