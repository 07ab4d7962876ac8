// The shape of a work rule: how much arithmetic ONE operator does, forward and backward. One family per file in rules/;
// table.ts lists them. Bytes, parameters and totals are the same for all operators and live in count.ts.
import type { ConstantValue, Layer, TensorType } from "../graph/graph.ts";
import type { Operations } from "./work.ts";

export interface WorkContext {
  readonly layer: Layer;
  readonly opset: number;
  /** Types with numeric shapes by input position; undefined for omitted or unknown ones. */
  readonly inputs: readonly (TensorType | undefined)[];
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
  /** Arithmetic of the gradients wanted. Default: MACs once per wanted matrix operand, everything else once more as forward. */
  backward?(context: WorkContext, needs: GradientNeeds): Partial<Operations>;
  /** Input positions that hold running statistics (buffers) and not trained weights. */
  readonly buffers?: readonly number[];
  /** Input positions that are settings (shapes, scales, bounds), neither trained nor buffers. */
  readonly settings?: readonly number[];
  /** The output is the input under another name: no bytes move and no new activation is alive. */
  readonly view?: boolean;
}

export type WorkTable = Readonly<Record<string, WorkRule>>;
