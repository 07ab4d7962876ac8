// When has using a network cost as much energy as training it, and which of several networks is cheaper in the long run.
// Straight lines E_train + N·E_inf after [DeepRxEnergy], section IV-A; energies may be measured or estimated, the caller says.
import { over, type Range, scaled } from "../units/range.ts";

/** Training energy carried by each of `inferences` uses, J: E_train / N. */
export function amortisedTraining(training: Range, inferences: number): Range {
  return scaled(training, 1 / inferences);
}

export interface Use {
  /** Inferences per second. Leave out when not known: times are then not known either. */
  readonly ratePerS?: number;
  /** Time between trainings, s. Leave out for a network trained once. */
  readonly retrainEveryS?: number;
}

/** A network that is trained again every period. */
export interface Retraining {
  /** Inferences between two trainings. */
  readonly inferences: number;
  /** Training energy per inference for ever, J: E_train / (rate × period). */
  readonly amortisedJ: Range;
  /** Training's share of all energy, in [0, 1]. */
  readonly trainingRatio: Range;
  /** Inference reaches the energy of a training before the next one: N* ≤ rate × period. */
  readonly reached: boolean;
}

export interface BreakEven {
  /** N* = E_train / E_inf: inferences that cost as much as training. Undefined when an inference may cost nothing. */
  readonly inferences: Range | undefined;
  /** N* / rate, s. Undefined without a rate, or with a rate of 0. */
  readonly seconds: Range | undefined;
  /** Undefined unless rate and period are given. */
  readonly retraining: Retraining | undefined;
}

function retraining(training: Range, inference: Range, inferences: number): Retraining {
  const ratio = (trainingJ: number, inferenceJ: number) =>
    trainingJ === 0 ? 0 : trainingJ / (trainingJ + inferences * inferenceJ);
  return {
    inferences,
    amortisedJ: amortisedTraining(training, inferences),
    trainingRatio: {
      value: ratio(training.value, inference.value),
      low: ratio(training.low, inference.high),
      high: ratio(training.high, inference.low),
    },
    reached: inferences * inference.value >= training.value,
  };
}

/**
 * The point where inference has cost as much as training.
 * @param training energy of the whole training, J
 * @param inference energy of one inference, J
 */
export function breakEven(training: Range, inference: Range, use: Use = {}): BreakEven {
  const { ratePerS, retrainEveryS } = use;
  const inferences = inference.low > 0 ? over(training, inference) : undefined;
  const rated = ratePerS !== undefined && ratePerS > 0;
  return {
    inferences,
    seconds: inferences !== undefined && rated ? scaled(inferences, 1 / ratePerS) : undefined,
    retraining:
      rated && retrainEveryS !== undefined && retrainEveryS > 0
        ? retraining(training, inference, ratePerS * retrainEveryS)
        : undefined,
  };
}
