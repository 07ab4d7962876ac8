// Element by element: unary functions and activations keep their input's type, the others broadcast [ONNX].
import type { DataType } from "../../dtype.ts";
import { broadcast, shapeOf, typed } from "../dims.ts";
import { foldElementwise } from "../fold.ts";
import type { OperatorShape, ShapeRule, ShapeTable } from "../rule.ts";

type Scalar = (values: readonly number[], integer: boolean) => number;

const keep: ShapeRule = (c) => [c.inputs[0]];
const keepAsBool: ShapeRule = (c) => [{ dtype: "bool", shape: c.inputs[0]?.shape }];

/** Broadcast of all inputs, element type of the first known one (or `dtype`). */
const broadcasting =
  (dtype?: DataType): ShapeRule =>
  (c) => {
    const shapes = c.inputs.map((type) => type?.shape);
    return [typed(dtype ?? c.inputs.find((type) => type !== undefined)?.dtype, broadcast(c, shapes))];
  };

const entries = (names: readonly string[], rule: OperatorShape): ShapeTable =>
  Object.fromEntries(names.map((name) => [name, rule]));

const folding = (rule: ShapeRule, functions: Readonly<Record<string, Scalar>>, dtype?: DataType): ShapeTable =>
  Object.fromEntries(
    Object.entries(functions).map(([name, f]) => [name, { shape: rule, fold: foldElementwise(f, dtype) }]),
  );

/** Activations and functions of one tensor that shape arithmetic does not use. */
const UNARY = [
  ...["LeakyRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Softplus", "Softsign", "Swish"],
  ...["Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf", "Shrink", "Clip", "PRelu"],
  ...["Exp", "Log", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"],
  ...["BitwiseNot"],
];

const roundEven = (x: number): number => {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
};

const UNARY_FOLDED: Readonly<Record<string, Scalar>> = {
  Identity: ([x]) => x!,
  Relu: ([x]) => Math.max(0, x!),
  Neg: ([x]) => -x!,
  Abs: ([x]) => Math.abs(x!),
  Sign: ([x]) => Math.sign(x!),
  Floor: ([x]) => Math.floor(x!),
  Ceil: ([x]) => Math.ceil(x!),
  Round: ([x]) => roundEven(x!),
  Sqrt: ([x]) => Math.sqrt(x!),
  Reciprocal: ([x]) => 1 / x!,
};

/** Remainder with the divisor's sign (fmod 0) [ONNX]; fmod = 1 is not needed for shapes and does not fold. */
const modulo: Scalar = ([x, y]) => x! - Math.floor(x! / y!) * y!;

const BINARY_FOLDED: Readonly<Record<string, Scalar>> = {
  Add: ([x, y]) => x! + y!,
  Sub: ([x, y]) => x! - y!,
  Mul: ([x, y]) => x! * y!,
  Div: ([x, y], integer) => (integer ? Math.trunc(x! / y!) : x! / y!),
  Pow: ([x, y]) => x! ** y!,
  Max: (values) => Math.max(...values),
  Min: (values) => Math.min(...values),
  Sum: (values) => values.reduce((a, b) => a + b, 0),
};

const COMPARISONS: Readonly<Record<string, Scalar>> = {
  Equal: ([x, y]) => Number(x === y),
  Less: ([x, y]) => Number(x! < y!),
  Greater: ([x, y]) => Number(x! > y!),
  LessOrEqual: ([x, y]) => Number(x! <= y!),
  GreaterOrEqual: ([x, y]) => Number(x! >= y!),
  And: ([x, y]) => Number(x !== 0 && y !== 0),
  Or: ([x, y]) => Number(x !== 0 || y !== 0),
  Xor: ([x, y]) => Number((x !== 0) !== (y !== 0)),
};

const foldModulo = foldElementwise(modulo);

/** Output and mask; the mask has the input's shape [ONNX Dropout-13]. */
const dropout: ShapeRule = (c) => [c.inputs[0], { dtype: "bool", shape: c.inputs[0]?.shape }];

/** where(condition, x, y): all three broadcast; the element type is that of x and y. */
const where: ShapeRule = (c) => {
  const shapes = [shapeOf(c, 0), shapeOf(c, 1), shapeOf(c, 2)];
  return [typed(c.inputs[1]?.dtype ?? c.inputs[2]?.dtype, broadcast(c, shapes))];
};

export const ELEMENTWISE: ShapeTable = {
  ...entries(UNARY, { shape: keep }),
  ...entries(["IsNaN", "IsInf"], { shape: keepAsBool }),
  ...folding(keep, UNARY_FOLDED),
  ...folding(keepAsBool, { Not: ([x]) => Number(x === 0) }, "bool"),
  ...folding(broadcasting(), BINARY_FOLDED),
  ...folding(broadcasting("bool"), COMPARISONS, "bool"),
  ...entries(["Mean", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"], { shape: broadcasting() }),
  Mod: {
    shape: broadcasting(),
    fold: (c) => (c.layer.attributes.get("fmod")?.value === 1 ? undefined : foldModulo(c)),
  },
  Dropout: { shape: dropout },
  Where: { shape: where, fold: foldElementwise(([condition, x, y]) => (condition !== 0 ? x! : y!), 1) },
};
