// Recurrent cells. MACs = steps × batch × (input weights + recurrent weights), all steps counted whatever sequence_lens
// says. Biases (input and recurrent) and the sum of the two products are additions; then gates and the cell's own arithmetic.
import { hasInput, inputCount, inputDims, plus, product, times } from "../extent.ts";
import type { GradientNeeds, WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { ACTIVATIONS } from "./activation.ts";
import { QUANTISE } from "./quantisation.ts";

/** Per hidden element and step, with the default activations. */
interface Cell {
  readonly gates: number;
  readonly arithmetic: Operations;
}

const { Sigmoid, Tanh } = ACTIVATIONS;

/** i, o, f, c: three sigmoids, two tanh, c = f·c + i·c̃, h = o·tanh(c). */
const LSTM: Cell = { gates: 4, arithmetic: plus(times(Sigmoid, 3), times(Tanh, 2), { muls: 3, adds: 1 }) };
/** z, r, h: two sigmoids, one tanh, r·h, h = (1 − z)·h̃ + z·h. */
const GRU: Cell = { gates: 3, arithmetic: plus(times(Sigmoid, 2), Tanh, { muls: 3, adds: 2 }) };
const RNN: Cell = { gates: 1, arithmetic: plus(Tanh) };

/** Steps × batch: the first two axes of the input in either layout. */
const cellRuns = (context: WorkContext): number => product(inputDims(context, 0).slice(0, 2));

/** R is [directions, gates·hidden, hidden], or transposed in com.microsoft's form: the hidden axis is the smaller one. */
const hiddenOf = (context: WorkContext): number => Math.min(...inputDims(context, 2).slice(1));

function forward(context: WorkContext, { gates, arithmetic }: Cell): Operations {
  const runs = cellRuns(context);
  const directions = inputDims(context, 2)[0] ?? 1;
  const hidden = hiddenOf(context);
  const peepholes = hasInput(context, 7) ? 3 : 0;
  return plus(
    { macs: runs * (inputCount(context, 1) + inputCount(context, 2)) },
    { adds: runs * (inputCount(context, 3) + gates * directions * hidden) },
    times(plus(arithmetic, { muls: peepholes, adds: peepholes }), runs * directions * hidden),
  );
}

/** One product per wanted operand of the input side; the recurrent side always needs both, through time. */
function backward(context: WorkContext, cell: Cell, { wanted }: GradientNeeds): Operations {
  const runs = cellRuns(context);
  const sides = (wanted[0] === true ? 1 : 0) + (wanted[1] === true ? 1 : 0);
  return {
    ...forward(context, cell),
    macs: runs * (sides * inputCount(context, 1) + 2 * inputCount(context, 2)),
  };
}

const recurrent = (cell: Cell): WorkRule => ({
  forward: (context) => forward(context, cell),
  backward: (context, needs) => backward(context, cell, needs),
});

/** Inputs as LSTM's, then scales and zero points of W and R; input and state are quantised and every gate is scaled back. */
const quantisedLstm: WorkRule = {
  forward: (context) => {
    const states = (cellRuns(context) * inputCount(context, 2)) / (LSTM.gates * hiddenOf(context) || 1);
    return plus(forward(context, LSTM), times(QUANTISE, inputCount(context, 0) + states), {
      muls: 2 * LSTM.gates * states,
    });
  },
  operands: [1, 2],
  settings: [8, 9, 10, 11],
  quantised: [1, 2],
};

export const RECURRENT_RULES: WorkTable = {
  RNN: recurrent(RNN),
  GRU: recurrent(GRU),
  LSTM: recurrent(LSTM),
  "com.microsoft.DynamicQuantizeLSTM": quantisedLstm,
};
