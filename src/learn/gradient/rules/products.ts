// Matrix products: dA = dY·Bᵀ, dB = Aᵀ·dY. Activations of many axes against one matrix become a single Gemm, which ONNX
// Runtime runs fastest. Einsum: the gradient of an operand is an einsum of the output's gradient and the other operands.
import { floatAttribute, intAttribute, stringAttribute } from "../../../graph/attributes.ts";
import { type Emitter, productOf } from "../emitter.ts";
import {
  type BackwardContext,
  dyOf,
  type GradientTable,
  inputShape,
  notDifferentiable,
  type OperatorGradient,
} from "../rule.ts";

/** alpha·A·B + beta·C, A and B transposed where said. */
const gemm: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [a, b] = c.layer.inputs as [string, string];
    const [ta, tb] = [intAttribute(c.layer, "transA", 0), intAttribute(c.layer, "transB", 0)];
    const alpha = floatAttribute(c.layer, "alpha", 1);
    const beta = floatAttribute(c.layer, "beta", 1);
    const dy = dyOf(c);
    const product = (x: string, y: string, transA: number, transB: number): string =>
      e.op("Gemm", [x, y], { transA, transB, alpha: { float: alpha } });
    const da = () => (ta === 1 ? product(b, dy, tb, 1) : product(dy, b, 0, 1 - tb));
    const db = () => (tb === 1 ? product(dy, a, 1, ta) : product(a, dy, 1 - ta, 0));
    return [
      c.wants(0) ? da() : undefined,
      c.wants(1) ? db() : undefined,
      c.wants(2) ? e.unbroadcast(beta === 1 ? dy : e.mul(dy, beta), inputShape(c, 2)) : undefined,
    ];
  },
};

/** [..., rows, columns] as [product of all but the last, last]. */
const flattened = (e: Emitter, x: string): string => {
  const shape = e.shape(x);
  return e.reshape(x, [productOf(shape.slice(0, -1)), shape.at(-1)!]);
};

/** A [..., n, k] times one matrix B [k, m]. */
function againstMatrix(c: BackwardContext, a: string, b: string): readonly (string | undefined)[] {
  const { e } = c;
  const dy = flattened(e, dyOf(c));
  return [
    c.wants(0) ? e.reshape(e.op("Gemm", [dy, b], { transB: 1 }), e.shape(a)) : undefined,
    c.wants(1) ? e.op("Gemm", [flattened(e, a), dy], { transA: 1 }) : undefined,
  ];
}

/** Vectors are taken as one row on the left, one column on the right, as MatMul does. */
const matMul: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const [a, b] = c.layer.inputs as [string, string];
    const [left, right] = [e.shape(a), e.shape(b)];
    if (left.length >= 2 && right.length === 2) return againstMatrix(c, a, b);
    const rows = left.length === 1 ? [1, ...left] : left;
    const columns = right.length === 1 ? [...right, 1] : right;
    const [x, y] = [e.reshape(a, rows), e.reshape(b, columns)];
    const batch = e.shape(dyOf(c)).slice(0, Math.max(rows.length, columns.length) - 2);
    const dy = e.reshape(dyOf(c), [...batch, rows.at(-2)!, columns.at(-1)!]);
    const back = (g: string, padded: readonly number[], own: readonly number[]): string =>
      e.reshape(e.unbroadcast(g, padded), own);
    return [
      c.wants(0) ? back(e.op("MatMul", [dy, e.flip(y)]), rows, left) : undefined,
      c.wants(1) ? back(e.op("MatMul", [e.flip(x), dy]), columns, right) : undefined,
    ];
  },
};

const einsum: OperatorGradient = {
  backward: (c) => {
    const { e } = c;
    const equation = stringAttribute(c.layer, "equation", "").replaceAll(" ", "");
    const [left = "", output] = equation.split("->");
    const terms = left.split(",");
    if (output === undefined || equation.includes(".") || terms.some((term) => new Set(term).size < term.length))
      throw notDifferentiable(c, `equation "${equation}", expected an explicit output and no index twice in a term`);
    return terms.map((term, i) => {
      if (!c.wants(i)) return undefined;
      const others = terms.filter((_, j) => j !== i);
      const known = [...term].filter(
        (index) => output.includes(index) || others.some((other) => other.includes(index)),
      );
      const inputs = [dyOf(c), ...c.layer.inputs.filter((_, j) => j !== i)];
      const g = e.op("Einsum", inputs, { equation: `${[output, ...others].join(",")}->${known.join("")}` });
      // an index that only this operand has was summed away: its gradient is the same all along it
      const shape = e.shape(c.layer.inputs[i]!);
      const kept = shape.map((length, axis) => (known.includes(term[axis]!) ? length : 1));
      return e.expand(e.reshape(g, kept), shape);
    });
  },
};

export const PRODUCT_GRADIENTS: GradientTable = { Gemm: gemm, MatMul: matMul, Einsum: einsum };
