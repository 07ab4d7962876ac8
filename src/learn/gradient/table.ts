// Every operator that joulecast can differentiate, by operatorKey. The families are in rules/.
import type { GradientTable } from "./rule.ts";
import { ACTIVATION_GRADIENTS } from "./rules/activation.ts";
import { ARITHMETIC_GRADIENTS } from "./rules/arithmetic.ts";
import { CONVOLUTION_GRADIENTS } from "./rules/convolution.ts";
import { GATHER_GRADIENTS } from "./rules/gather.ts";
import { LAYOUT_GRADIENTS } from "./rules/layout.ts";
import { NORMALISATION_GRADIENTS } from "./rules/normalisation.ts";
import { POOLING_GRADIENTS } from "./rules/pooling.ts";
import { PRODUCT_GRADIENTS } from "./rules/products.ts";
import { RECURRENT_GRADIENTS } from "./rules/recurrent.ts";
import { REDUCTION_GRADIENTS } from "./rules/reduction.ts";
import { RESIZE_GRADIENTS } from "./rules/resize.ts";
import { SELECTION_GRADIENTS } from "./rules/selection.ts";

/** The whole table; an operator that is not here is an error that names its layer. */
export const GRADIENT_TABLE: GradientTable = {
  ...ACTIVATION_GRADIENTS,
  ...ARITHMETIC_GRADIENTS,
  ...CONVOLUTION_GRADIENTS,
  ...GATHER_GRADIENTS,
  ...LAYOUT_GRADIENTS,
  ...NORMALISATION_GRADIENTS,
  ...POOLING_GRADIENTS,
  ...PRODUCT_GRADIENTS,
  ...RECURRENT_GRADIENTS,
  ...REDUCTION_GRADIENTS,
  ...RESIZE_GRADIENTS,
  ...SELECTION_GRADIENTS,
};

/** Operators whose output does not change with small changes of their inputs: no gradient flows, and none is missed. */
export const FLAT_OPERATORS: ReadonlySet<string> = new Set([
  ...[
    "Floor",
    "Ceil",
    "Round",
    "Sign",
    "Shape",
    "Size",
    "ArgMax",
    "ArgMin",
    "NonZero",
    "IsNaN",
    "IsInf",
    "ConstantOfShape",
  ],
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor", "OneHot"],
]);
