// Convolutions of a graph in ONNX Runtime's blocked form, which it makes by itself only for constant weights: here for weights
// that are fed, as training has them. What lies between two convolutions stays blocked where that costs nothing: functions of
// single elements, pooling, sums per channel. The same numbers up to rounding; which block, the runtime says.
import { intAttribute, intsAttribute, stringAttribute } from "../../graph/attributes.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import { blockedKernel, swapsFirstAxes } from "./kernel.ts";
import { isPairPooling, type Pooled, pairPooling, pairUnpooling } from "./pool.ts";
import { BLOCKED_DOMAIN, Rewriting } from "./rewriting.ts";

/** What is remembered from layer to layer. */
interface Lowering {
  readonly r: Rewriting;
  /** Poolings by the name of their indices. */
  readonly pooled: Map<string, Pooled>;
  /** Layers that are part of another one already. */
  readonly taken: Set<Layer>;
}

/** Writes a layer in blocked form; false: it stays as it is. */
type Rule = (l: Lowering, layer: Layer) => boolean;

const fits = (r: Rewriting, tensor: string): boolean => {
  const shape = r.shapeOf(tensor);
  return shape?.length === 4 && r.typeOf(tensor)?.dtype === "float32" && shape[1]! % r.block === 0;
};

/** Fewer channels than a block are read in plain form. */
const isDirect = (r: Rewriting, x: string): boolean => r.shapeOf(x)![1]! < r.block;

/** A window over two axes, not grouped, not constant; a single position is a product, which is fast as it is. */
function isBlockable(r: Rewriting, layer: Layer): boolean {
  const [x, w] = layer.inputs as [string, string];
  const window = r.shapeOf(w)?.slice(2);
  const pads = intsAttribute(layer, "pads") ?? [];
  return (
    layer.domain === "" &&
    window?.length === 2 &&
    window.some((length) => length > 1) &&
    !r.isWeight(w) &&
    intAttribute(layer, "group", 1) === 1 &&
    stringAttribute(layer, "auto_pad", "NOTSET") === "NOTSET" &&
    pads.every((length) => length >= 0) &&
    fits(r, layer.outputs[0]!) &&
    (fits(r, x) || (r.shapeOf(x)?.length === 4 && isDirect(r, x)))
  );
}

const WINDOW = ["kernel_shape", "strides", "pads", "dilations"];

const convolution: Rule = ({ r, taken }, layer) => {
  if (!isBlockable(r, layer)) return false;
  const [x, w, bias = ""] = layer.inputs as [string, string, string?];
  const [y] = layer.outputs as [string];
  const direct = isDirect(r, x);
  const window = Object.fromEntries(
    WINDOW.flatMap((name) => {
      const value = intsAttribute(layer, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const next = r.readers(y);
  const relu = next?.length === 1 && operatorKey(next[0]!) === "Relu" ? next[0] : undefined;
  const inputs = [
    direct ? r.plain(x) : r.blocked(x),
    blockedKernel(r, w, direct),
    ...(bias === "" ? [] : [r.plain(bias)]),
  ];
  const made = r.op("Conv", inputs, r.shapeOf(y)!, {
    domain: BLOCKED_DOMAIN,
    attributes: { ...window, kernel_shape: r.shapeOf(w)!.slice(2), group: 1, ...(relu && { activation: "Relu" }) },
  });
  r.setBlocked(relu === undefined ? y : relu.outputs[0]!, made);
  if (relu !== undefined) taken.add(relu);
  return true;
};

/** An element-wise operator follows its operands when all of them are blocked and one has no other form. */
const elementwise: Rule = ({ r }, layer) => {
  const [y] = layer.outputs as [string];
  const shape = r.shapeOf(y);
  if (shape?.length !== 4 || shape[1]! % r.block !== 0) return false;
  const operands = layer.inputs.map((input) => {
    const own = r.shapeOf(input);
    if (own?.join() === shape.join()) return "whole";
    return own?.every((length) => length === 1) && own.length <= 4 ? "single" : undefined;
  });
  const whole = layer.inputs.filter((_, i) => operands[i] === "whole");
  if (operands.includes(undefined) || !whole.some((input) => r.isOnlyBlocked(input))) return false;
  if (!whole.every((input) => r.isBlocked(input))) return false;
  const inputs = layer.inputs.map((input, i) => (operands[i] === "whole" ? r.blocked(input) : r.plain(input)));
  const { dtype } = r.typeOf(y)!;
  const form = r.copy(layer, inputs, shape, dtype);
  // what is no float32 cannot be converted: its plain form is computed from plain operands
  r.setBlocked(y, form, dtype === "float32" ? undefined : () => r.keep(layer));
  return true;
};

const maxPool: Rule = ({ r, pooled }, layer) => {
  const [x] = layer.inputs as [string];
  const [y, indices = ""] = layer.outputs as [string, string?];
  const readers = indices === "" ? [] : r.readers(indices);
  if (!fits(r, x) || !r.isBlocked(x) || !isPairPooling(layer, r.shapeOf(x))) return false;
  if (readers === undefined || readers.some((reader) => operatorKey(reader) !== "MaxUnpool")) return false;
  const made = pairPooling(r, r.blocked(x), r.shapeOf(x)!);
  if (indices !== "") pooled.set(indices, made.pooled);
  r.setBlocked(y, made.y);
  return true;
};

const maxUnpool: Rule = ({ r, pooled }, layer) => {
  const [dy, indices] = layer.inputs as [string, string];
  const kept = pooled.get(indices);
  if (kept === undefined) return false;
  r.setBlocked(layer.outputs[0]!, pairUnpooling(r, r.blocked(dy), kept));
  return true;
};

/** Σ over positions, [N, C, H·W] → [N, C]: the sum of a tensor that is blocked. */
const positionSum: Rule = ({ r }, layer) => {
  const [rows, axes = ""] = layer.inputs as [string, string?];
  const view = r.producer(rows);
  const x = view?.inputs[0];
  if (view === undefined || x === undefined || !isRowsView(r, view) || !r.isOnlyBlocked(x)) return false;
  if (r.numbersOf(axes)?.join() !== "2" || intAttribute(layer, "keepdims", 1) !== 0) return false;
  const b = r.block;
  const [n, channels, ...window] = r.shapeOf(x) as [number, number, number, number];
  const apart = r.reshape(r.blocked(x), [(n * channels) / b, window[0]! * window[1]!, b]);
  const sum = r.op("ReduceSum", [apart, r.ints(1)], [(n * channels) / b, b], { attributes: { keepdims: 0 } });
  r.reshape(sum, [n, channels], layer.outputs[0]!);
  return true;
};

/** [N, C, H, W] → [N, C, H·W]. */
function isRowsView(r: Rewriting, layer: Layer): boolean {
  const [from, to] = [r.shapeOf(layer.inputs[0]!), r.shapeOf(layer.outputs[0]!)];
  return layer.op === "Reshape" && from?.length === 4 && to?.join() === [from[0], from[1], from[2]! * from[3]!].join();
}

/** Views that another rule may take over; written when somebody needs them as they are. */
const view: Rule = ({ r }, layer) => {
  if (!swapsFirstAxes(layer) && !isRowsView(r, layer) && layer.op !== "Slice") return false;
  if (r.readers(layer.outputs[0]!) === undefined) return false;
  r.postpone(layer);
  return true;
};

const ELEMENTWISE = [
  ...["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "HardSigmoid", "Softplus", "Erf", "Exp", "Log", "Sqrt"],
  ...["Abs", "Neg", "Sign", "Reciprocal", "Cast", "Identity", "Not", "Clip"],
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Where", "And", "Or"],
  ...["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"],
];

const RULES: Readonly<Record<string, Rule>> = {
  Conv: convolution,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
  ReduceSum: positionSum,
  Reshape: view,
  Transpose: view,
  Slice: view,
  ...Object.fromEntries(ELEMENTWISE.map((op) => [op, elementwise])),
};

/**
 * The same function of the same inputs, its convolutions in blocked form where they can be.
 * @param graph with fixed shapes; what has none stays as it is
 * @param block channels in a block, as Runtime.convolutionBlock says
 */
export function blockedConvolutions(graph: Graph, block: number): Graph {
  const r = new Rewriting(graph, block);
  const l: Lowering = { r, pooled: new Map(), taken: new Set() };
  for (const layer of graph.layers) {
    if (l.taken.has(layer)) continue;
    const key = operatorKey(layer);
    const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    if (!(rule !== undefined && r.within(layer, () => rule(l, layer)))) r.keep(layer);
  }
  return r.graph();
}
