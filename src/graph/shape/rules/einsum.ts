// Einstein sums: "bij,bjk->bik", with "..." for broadcast axes and the implicit output in alphabetical order [ONNX Einsum].
import { stringAttribute } from "../../attributes.ts";
import type { Dim } from "../../graph.ts";
import { broadcast, broadcastDim, contradiction, printShape, type Shape, typed } from "../dims.ts";
import type { ShapeContext, ShapeRule, ShapeTable } from "../rule.ts";

/** One operand's or the output's subscripts: the letters, and how many stand before the ellipsis (undefined: none). */
export interface Subscripts {
  readonly letters: readonly string[];
  readonly ellipsis: number | undefined;
}

/** An equation, taken apart. */
export interface Equation {
  readonly operands: readonly Subscripts[];
  readonly output: Subscripts;
}

function parseTerm(term: string): Subscripts | undefined {
  const parts = term.split("...");
  const letters = parts.join("");
  if (parts.length > 2 || !/^[A-Za-z]*$/.test(letters)) return undefined;
  return { letters: [...letters], ellipsis: parts.length === 2 ? parts[0]!.length : undefined };
}

/** Without "->": letters that occur once, sorted, after the ellipsis if there is one. */
function implicitOutput(operands: readonly Subscripts[]): Subscripts {
  const all = operands.flatMap((operand) => operand.letters);
  const once = all.filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter));
  return { letters: once.sort(), ellipsis: operands.some((operand) => operand.ellipsis !== undefined) ? 0 : undefined };
}

/** Takes an equation apart; undefined when it is not one. */
export function parseEquation(equation: string): Equation | undefined {
  const [left = "", right, ...more] = equation.replaceAll(/\s/g, "").split("->");
  const operands = left.split(",").map(parseTerm);
  if (more.length > 0 || !operands.every((operand) => operand !== undefined)) return undefined;
  const output = right === undefined ? implicitOutput(operands) : parseTerm(right);
  return output && { operands, output };
}

/** Lengths by letter, and those of the axes under the ellipsis. */
interface Bound {
  readonly letters: Map<string, Dim>;
  ellipsis: Shape;
}

function bindOperand(c: ShapeContext, bound: Bound, { letters, ellipsis }: Subscripts, shape: Shape): void {
  const hidden = shape.length - letters.length;
  if (hidden < 0 || (hidden > 0 && ellipsis === undefined))
    throw contradiction(c, `${letters.length} subscripts (${letters.join("")}) for the shape ${printShape(shape)}`);
  const from = ellipsis ?? letters.length;
  if (ellipsis !== undefined) bound.ellipsis = broadcast(c, [bound.ellipsis, shape.slice(from, from + hidden)])!;
  letters.forEach((letter, i) => {
    const dim = shape[i < from ? i : i + hidden]!;
    const before = bound.letters.get(letter);
    bound.letters.set(letter, before === undefined ? dim : broadcastDim(c, before, dim));
  });
}

const einsum: ShapeRule = (c) => {
  const text = stringAttribute(c.layer, "equation", "");
  const equation = parseEquation(text);
  const dtype = c.inputs[0]?.dtype;
  if (equation === undefined || equation.operands.length !== c.inputs.length)
    throw contradiction(c, `equation "${text}" does not fit ${c.inputs.length} inputs`);
  const bound: Bound = { letters: new Map(), ellipsis: [] };
  for (const [i, operand] of equation.operands.entries()) {
    const shape = c.inputs[i]?.shape;
    if (shape === undefined) return [typed(dtype, undefined)];
    bindOperand(c, bound, operand, shape);
  }
  const { letters, ellipsis } = equation.output;
  const shape = letters.map((letter) => {
    const dim = bound.letters.get(letter);
    if (dim === undefined) throw contradiction(c, `equation "${text}" asks for "${letter}", which no input has`);
    return dim;
  });
  return [typed(dtype, ellipsis === undefined ? shape : shape.toSpliced(ellipsis, 0, ...bound.ellipsis))];
};

export const EINSUM: ShapeTable = { Einsum: { shape: einsum } };
