// Every operator whose output types joulecast can tell, by operatorKey. One family per file in rules/.

import type { ShapeTable } from "./rule.ts";
import { ATTENTION } from "./rules/attention.ts";
import { CONVOLUTION } from "./rules/convolution.ts";
import { EINSUM } from "./rules/einsum.ts";
import { ELEMENTWISE } from "./rules/elementwise.ts";
import { GATHER } from "./rules/gather.ts";
import { GENERATE } from "./rules/generate.ts";
import { LAYOUT } from "./rules/layout.ts";
import { MATMUL } from "./rules/matmul.ts";
import { MICROSOFT } from "./rules/microsoft.ts";
import { NORMALISE } from "./rules/normalise.ts";
import { POOL } from "./rules/pool.ts";
import { QUANTISED } from "./rules/quantised.ts";
import { RECURRENT } from "./rules/recurrent.ts";
import { REDUCE } from "./rules/reduce.ts";
import { RESIZE } from "./rules/resize.ts";
import { SIGNAL } from "./rules/signal.ts";

/** The whole table; an operator that is not here is reported as unknown, never guessed. */
export const SHAPE_TABLE: ShapeTable = {
  ...ATTENTION,
  ...EINSUM,
  ...MICROSOFT,
  ...QUANTISED,
  ...RECURRENT,
  ...RESIZE,
  ...SIGNAL,
  ...CONVOLUTION,
  ...ELEMENTWISE,
  ...GATHER,
  ...GENERATE,
  ...LAYOUT,
  ...MATMUL,
  ...NORMALISE,
  ...POOL,
  ...REDUCE,
};
