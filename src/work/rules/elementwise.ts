// Arithmetic, comparison and logic of one element at a time, with broadcasting: the cost is per output element.
// Comparisons, logic, rounding and signs are additions; divisions are multiplications; functions are one evaluation.
import { hasInput, outputCount, perOutput, plus, times } from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";

const scalars = { scalarsAreSettings: true } as const;
const ONE_ADD = perOutput({ adds: 1 }, scalars);
const ONE_MUL = perOutput({ muls: 1 }, scalars);
const ONE_FUNCTION = perOutput({ others: 1 });

/** n inputs joined by n − 1 operations. */
const joined = (operation: Partial<Operations>, last: Partial<Operations> = {}): WorkRule => ({
  forward: (context) => {
    const count = outputCount(context);
    const joins = times(operation, (context.layer.inputs.length - 1) * count);
    const end = times(last, count);
    return { muls: joins.muls + end.muls, adds: joins.adds + end.adds };
  },
  ...scalars,
});

/** x^2 and x^3 are multiplications when the exponent is known, any other power is one function evaluation. */
function power(context: WorkContext): Partial<Operations> {
  const exponent = context.constant(1)?.data;
  const whole = exponent?.length === 1 && (exponent[0] === 2 || exponent[0] === 3) ? exponent[0] : undefined;
  return times(whole === undefined ? { others: 1 } : { muls: whole - 1 }, outputCount(context));
}

/** Draw, compare with the ratio, scale. */
const DROP: Partial<Operations> = { muls: 1, adds: 1, others: 1 };

/** Inference passes the input on; training drops elements. */
const dropout: WorkRule = {
  forward: () => ({}),
  trainingForward: (context) => times(DROP, outputCount(context)),
  backward: (context) => ({ muls: outputCount(context) }),
  settings: [1, 2],
  view: "inference",
};

/** x + bias, and + skip when input 2 is there. */
const biasAndSkip = (context: WorkContext): Partial<Operations> => ({
  adds: outputCount(context) * (hasInput(context, 2) ? 2 : 1),
});

const all = (operators: readonly string[], rule: WorkRule): WorkTable =>
  Object.fromEntries(operators.map((operator) => [operator, rule]));

export const ELEMENTWISE_RULES: WorkTable = {
  ...all(["Add", "Sub", "Neg", "Abs", "Sign", "Floor", "Ceil", "Round", "IsNaN", "IsInf"], ONE_ADD),
  ...all(["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"], ONE_ADD),
  ...all(["And", "Or", "Xor", "Not", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift"], ONE_ADD),
  ...all(["Mul", "Div", "Reciprocal"], ONE_MUL),
  ...all(["Exp", "Log", "Sqrt", "Erf", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan"], ONE_FUNCTION),
  ...all(["Sinh", "Cosh", "Asinh", "Acosh", "Atanh"], ONE_FUNCTION),
  Pow: { forward: power, ...scalars },
  // divide, multiply back, subtract
  Mod: perOutput({ muls: 2, adds: 1 }, scalars),
  Max: joined({ adds: 1 }),
  Min: joined({ adds: 1 }),
  Sum: joined({ adds: 1 }),
  Mean: joined({ adds: 1 }, { muls: 1 }),
  Where: perOutput({}, scalars),
  Dropout: dropout,
  "com.microsoft.BitmaskDropout": dropout,
  "com.microsoft.BiasDropout": {
    // data + bias (+ residual 2)
    forward: biasAndSkip,
    trainingForward: (context) => plus(biasAndSkip(context), times(DROP, outputCount(context))),
    settings: [3, 4],
  },
  "com.microsoft.BiasAdd": { forward: biasAndSkip },
  "com.microsoft.BiasSplitGelu": {
    // halves of x + bias: one times gelu of the other
    forward: (context) => times({ muls: 4, adds: 3, others: 1 }, outputCount(context)),
  },
};
