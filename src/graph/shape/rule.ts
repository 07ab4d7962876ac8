// The shape of an operator family: what a rule is given and what it answers. One family per file in rules/;
// table.ts lists them all. A rule describes ONE operator; walking the graph is infer.ts.
import type { ConstantValue, Layer, TensorType } from "../graph.ts";

/** What a rule may look at: one layer, the types of its inputs, and the numbers of those inputs that are known. */
export interface ShapeContext {
  readonly layer: Layer;
  /** Version of the layer's operator set. */
  readonly opset: number;
  /** Types by input position; undefined for an omitted optional input or one whose type is not known. */
  readonly inputs: readonly (TensorType | undefined)[];
  /** The numbers of input `index` when they are known before the network runs (weights small enough, folded arithmetic). */
  constant(index: number): ConstantValue | undefined;
}

/** One type per output; undefined where not even the element type can be told, `shape: undefined` or UNKNOWN_DIM where it
 * depends on data. Throws InputError on a contradiction. */
export type ShapeRule = (context: ShapeContext) => readonly (TensorType | undefined)[];

/** Constant folding: the outputs' numbers when the inputs' are known, else undefined. Only for small tensors. */
export type FoldRule = (context: ShapeContext) => readonly (ConstantValue | undefined)[] | undefined;

/** How an operator's output types follow from its inputs, and, for shape arithmetic, the values too. */
export interface OperatorShape {
  readonly shape: ShapeRule;
  readonly fold?: FoldRule;
}

/** Operators by operatorKey: "Conv", "com.microsoft.FusedConv". */
export type ShapeTable = Readonly<Record<string, OperatorShape>>;
