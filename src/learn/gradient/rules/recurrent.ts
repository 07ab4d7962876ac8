// Recurrent cells, unrolled into the operators of their equations, step by step [ONNX]: RNN, GRU and LSTM with the default functions.
// A sequence of T steps becomes about T times 10 to 20 operators per direction. Gates stand in ONNX's order: GRU z r h, LSTM i o f c.
import { floatAttribute, intAttribute, stringAttribute } from "../../../graph/attributes.ts";
import type { Emitter } from "../emitter.ts";
import {
  type ForwardContext,
  type GradientTable,
  inputShape,
  knownInput,
  notDifferentiable,
  type OperatorGradient,
} from "../rule.ts";

/** What one step does to the state before it, for one gate or for all together. */
interface Weights {
  /** [hidden, hidden] or [hidden, gates·hidden]. */
  readonly recurrent: string;
  /** What the recurrent product adds; undefined: nothing. */
  readonly bias: string | undefined;
}

interface State {
  /** [batch, hidden]; undefined: zeros. */
  readonly h: string | undefined;
  readonly c: string | undefined;
}

interface Cell {
  readonly gates: number;
  readonly functions: readonly string[];
  /** The state's products are made gate by gate, not all in one. */
  readonly byGate: boolean;
  /** One step. @param x W·x + bias of the input, [batch, gates·hidden] @param weights one per gate, or one for all */
  step(c: ForwardContext, x: string, state: State, weights: readonly Weights[]): State;
}

const HIDDEN = 1;

function apart(e: Emitter, gates: string, count: number): string[] {
  const hidden = e.shape(gates)[HIDDEN]! / count;
  return e.split(gates, new Array<number>(count).fill(hidden), HIDDEN);
}

/** R·h + bias; undefined where it is nothing. */
function carriedIn(e: Emitter, h: string | undefined, weights: Weights | undefined): string | undefined {
  const { recurrent, bias } = weights!;
  if (h === undefined) return bias;
  const product = e.op("MatMul", [h, recurrent]);
  return bias === undefined ? product : e.add(product, bias);
}

const plus = (e: Emitter, x: string, y: string | undefined): string => (y === undefined ? x : e.add(x, y));
const sigmoid = (e: Emitter, x: string): string => e.op("Sigmoid", [x]);
const tanh = (e: Emitter, x: string): string => e.op("Tanh", [x]);

/** h = tanh(W·x + R·h). */
const RNN: Cell = {
  gates: 1,
  functions: ["Tanh"],
  byGate: false,
  step: ({ e }, x, { h }, [weights]) => ({ h: tanh(e, plus(e, x, carriedIn(e, h, weights))), c: undefined }),
};

/** h = (1 − z)·h̃ + z·h; h̃ = tanh(W·x + r·(R·h + b)) or, with linear_before_reset 0, tanh(W·x + R·(r·h) + b). */
const GRU: Cell = {
  gates: 3,
  functions: ["Sigmoid", "Tanh"],
  byGate: true,
  step: ({ e, layer }, x, { h }, [ofZ, ofR, ofH]) => {
    const [xz, xr, xh] = apart(e, x, 3) as [string, string, string];
    const z = sigmoid(e, plus(e, xz, carriedIn(e, h, ofZ)));
    const r = sigmoid(e, plus(e, xr, carriedIn(e, h, ofR)));
    const late = intAttribute(layer, "linear_before_reset", 0) !== 0;
    const inner = carriedIn(e, late || h === undefined ? h : e.mul(r, h), ofH);
    const gated = late && inner !== undefined ? e.mul(r, inner) : inner;
    const fresh = e.mul(e.sub(1, z), tanh(e, plus(e, xh, gated)));
    return { h: plus(e, fresh, h === undefined ? h : e.mul(z, h)), c: undefined };
  },
};

/** c = f·c + i·c̃; h = o·tanh(c). */
const LSTM: Cell = {
  gates: 4,
  functions: ["Sigmoid", "Tanh", "Tanh"],
  byGate: false,
  step: ({ e }, x, { h, c }, [weights]) => {
    const [i, o, f, g] = apart(e, plus(e, x, carriedIn(e, h, weights)), 4) as [string, string, string, string];
    const taken = e.mul(sigmoid(e, i), tanh(e, g));
    const cell = c === undefined ? taken : e.add(e.mul(sigmoid(e, f), c), taken);
    return { h: e.mul(sigmoid(e, o), tanh(e, cell)), c: cell };
  },
};

/** What the equations above leave out is refused with its layer. */
function checkPlain(c: ForwardContext, cell: Cell): void {
  const { layer } = c;
  const functions = layer.attributes.get("activations");
  const plain = cell.functions.join();
  if (
    functions?.kind === "strings" &&
    functions.value.some((name, i) => name !== cell.functions[i % cell.functions.length])
  )
    throw notDifferentiable(c, `its functions are ${functions.value.join()}, expected ${plain}`);
  if (floatAttribute(layer, "clip", 0) !== 0) throw notDifferentiable(c, "it clips its gates, expected none");
  if (intAttribute(layer, "input_forget", 0) !== 0)
    throw notDifferentiable(c, "its input and forget gates are coupled");
  if ((layer.inputs[7] ?? "") !== "") throw notDifferentiable(c, "it has peepholes, expected none");
  const [length] = sizesOf(c);
  const lengths = knownInput(c, 4);
  if (lengths?.some((given) => given !== length))
    throw notDifferentiable(c, `its sequences have lengths ${lengths.join()}, expected all of ${length}`);
}

const isBatchFirst = ({ layer }: ForwardContext): boolean => intAttribute(layer, "layout", 0) === 1;

/** Steps and samples. */
function sizesOf(c: ForwardContext): readonly [number, number] {
  const [first, second] = inputShape(c) as [number, number, number];
  return isBatchFirst(c) ? [second, first] : [first, second];
}

/** Part `index` of the first axis, without that axis. */
function part(e: Emitter, x: string, index: number, axis = 0): string {
  const shape = e.shape(x);
  return e.reshape(
    e.slice(x, axis, index, index + 1),
    shape.filter((_, i) => i !== axis),
  );
}

/** All states h [T, batch, hidden] of one direction, and the last state. */
function direction(c: ForwardContext, cell: Cell, index: number, backwards: boolean) {
  const { e, layer } = c;
  const [length, batch] = sizesOf(c);
  const given = (at: number): string | undefined => ((layer.inputs[at] ?? "") === "" ? undefined : layer.inputs[at]);
  const [w, r] = [part(e, layer.inputs[1]!, index), part(e, layer.inputs[2]!, index)];
  const width = e.shape(w)[0]!;
  const bias = given(3) === undefined ? undefined : e.split(part(e, given(3)!, index), [width, width], 0);
  const steps = isBatchFirst(c) ? e.transpose(layer.inputs[0]!, [1, 0, 2]) : layer.inputs[0]!;
  // one product for all steps: [T·batch, features]
  const rows = e.reshape(steps, [length * batch, e.shape(steps)[2]!]);
  const ahead = plus(e, e.op("MatMul", [rows, e.flip(w)]), bias?.[0]);
  const inputs = e.split(ahead, new Array<number>(length).fill(batch), 0);
  const start = (at: number) => {
    const initial = given(at);
    return initial === undefined ? undefined : part(e, initial, index, isBatchFirst(c) ? 1 : 0);
  };
  const turned = e.flip(r);
  const sizes = new Array<number>(cell.byGate ? cell.gates : 1).fill(cell.byGate ? width / cell.gates : width);
  const biases = bias === undefined ? [] : e.split(bias[1]!, sizes, 0);
  const weights = e.split(turned, sizes, HIDDEN).map((recurrent, i): Weights => ({ recurrent, bias: biases[i] }));
  let state: State = { h: start(5), c: cell === LSTM ? start(6) : undefined };
  const states: string[] = [];
  for (const x of backwards ? inputs.toReversed() : inputs) {
    state = cell.step(c, x, state, weights);
    states.push(state.h!);
  }
  return { states: backwards ? states.reverse() : states, last: state };
}

const recurrent = (cell: Cell): OperatorGradient => ({
  rewrite: (c) => {
    const { e, layer } = c;
    if (!c.wanted) return undefined;
    checkPlain(c, cell);
    const [length, batch] = sizesOf(c);
    const kind = stringAttribute(layer, "direction", "forward");
    const turns = kind === "bidirectional" ? [false, true] : [kind === "reverse"];
    const made = turns.map((backwards, i) => direction(c, cell, i, backwards));
    const hidden = e.shape(made[0]!.last.h!)[HIDDEN]!;
    const first = isBatchFirst(c);
    // [batch, hidden] of every direction and step → [T, D, batch, hidden] or [batch, T, D, hidden]
    const all = made.map(({ states }) => e.reshape(e.concat(states, 0), [length, 1, batch, hidden]));
    const y = e.concat(all, 1);
    const last = (of: "h" | "c") => {
      const parts = made.map(({ last: state }) => e.reshape(state[of]!, [1, batch, hidden]));
      return e.transpose(e.concat(parts, 0), first ? [1, 0, 2] : [0, 1, 2]);
    };
    const outputs = [first ? e.transpose(y, [2, 0, 1, 3]) : y, last("h"), ...(cell === LSTM ? [last("c")] : [])];
    return outputs.slice(0, layer.outputs.length);
  },
});

export const RECURRENT_GRADIENTS: GradientTable = { RNN: recurrent(RNN), GRU: recurrent(GRU), LSTM: recurrent(LSTM) };
